package caches_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
)

// lockingDB fails its commits, and says while a session is locked.
type lockingDB struct {
	failingDB

	locked bool
	err    error // of Locked
}

func (l *lockingDB) Locked(
	ctx context.Context, key string, do func(ctx context.Context, stored *djangosession.Record) error,
) error {
	if l.err != nil {
		return l.err
	}
	return l.DB.Locked(ctx, key, func(ctx context.Context, stored *djangosession.Record) error {
		l.locked = true
		defer func() { l.locked = false }()
		return do(ctx, stored)
	})
}

// A Load that reads the old row before the outcome of the COMMIT is known must not copy
// it after the copy was removed.
func TestCopiesAreRemovedWhileTheRowIsLocked(t *testing.T) {
	t.Parallel()
	errCommit := errors.New("commit failed")
	for _, down := range []bool{false, true} {
		s := newSite(t, caches.Options{})
		s.create(t, int64(1))
		db := &lockingDB{failingDB: failingDB{s.table, errCommit}}
		if down {
			db.err = errors.New("the database is down, too")
		}
		e, err := caches.NewCachedDB(db, s.cache, s.settings, caches.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s.cache.Before = func(method, _ string) error {
			if method == "Delete" && db.locked == down {
				t.Errorf("the copy is removed while the row is locked: %v", db.locked)
			}
			return nil
		}
		if err := e.Save(t.Context(), record(s.settings, kkkk, "a", int64(2))); !errors.Is(err, errCommit) {
			t.Errorf("error %v", err)
		}
		s.want(t, "Save", kkkk, int64(1), nil)
	}
}

// hangingDB fails its commits, and never gets the lock.
type hangingDB struct{ failingDB }

func (hangingDB) Locked(ctx context.Context, _ string, _ func(ctx context.Context, stored *djangosession.Record) error) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestCopyIsRemovedAfterWaitingForTheLockInVain(t *testing.T) {
	t.Parallel()
	s := newSite(t, caches.Options{})
	s.create(t, int64(1))
	errCommit := errors.New("commit failed")
	e, err := caches.NewCachedDB(hangingDB{failingDB{s.table, errCommit}}, s.cache, s.settings, caches.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Save(t.Context(), record(s.settings, kkkk, "a", int64(2))); !errors.Is(err, errCommit) ||
		errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	s.want(t, "Save", kkkk, int64(1), nil)
}

func TestSavePausesWhileOthersChangeTheCopy(t *testing.T) {
	t.Parallel()
	s := newSite(t, caches.Options{})
	s.create(t, int64(1))
	tries := 0
	s.cache.Before = func(method, _ string) error {
		if method == "Swap" {
			tries++
			return caches.ErrChanged
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := s.engine.Save(ctx, record(s.settings, kkkk, "a", int64(2))); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if tries > 200 {
		t.Errorf("%d tries in 100 ms", tries)
	}
}

func TestCopyThatWaitedForALockDoesNotOutliveItsRow(t *testing.T) {
	t.Parallel()
	now := time.Date(2023, 11, 14, 22, 13, 20, 0, time.UTC)
	settings := djangosession.NewSettings("caches-secret-key")
	settings.Now = func() time.Time { return now }
	s := newCachedSite(t, settings, caches.Options{})
	r := record(s.settings, kkkk, "a", int64(1))
	now = now.Add(10 * time.Minute)
	if err := s.engine.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if _, left, _ := s.memory.Raw(cachedPrefix + kkkk); left != 50*time.Minute {
		t.Errorf("the copy lives for %v, want 50m", left)
	}
}

func TestLogoutOfAnOldKeyThatALoadCopiesIsFinal(t *testing.T) {
	t.Parallel()
	s := newSite(t, caches.Options{})
	s.create(t, int64(1))
	deletions := 0
	s.cache.After = func(method, key string) error {
		if method == "Delete" && strings.HasSuffix(key, kkkk) {
			if deletions++; deletions == 1 { // the row is still there for others
				s.memory.SetRaw(cachedPrefix+kkkk, []byte("\x80\x04}\x94."))
			}
		}
		return nil
	}
	err := s.engine.Cycle(t.Context(), kkkk, func(r *djangosession.Record) error {
		*r = *record(s.settings, keyOf("n"), "a", int64(2))
		return nil
	})
	if err != nil || deletions != 2 {
		t.Errorf("error %v, %d deletions", err, deletions)
	}
	s.want(t, "Cycle", kkkk, nil, nil)
	s.want(t, "Cycle", keyOf("n"), int64(2), int64(2))
}
