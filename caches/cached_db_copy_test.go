package caches_test

import (
	"cmp"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
)

func TestLoadOfACopyDoesNotUseTheDatabase(t *testing.T) {
	t.Parallel()
	s := newSite(t, caches.Options{})
	s.create(t, int64(1))
	if err := s.sql.Close(); err != nil {
		t.Fatal(err)
	}
	if a := value(t, s.engine, kkkk); a != int64(1) {
		t.Errorf("loaded %v", a)
	}
	if exists, err := s.engine.Exists(t.Context(), kkkk); err != nil || !exists {
		t.Errorf("exists: %v, %v", exists, err)
	}
}

func TestLoadCopiesTheRowWithItsLifetime(t *testing.T) {
	t.Parallel()
	now := time.Date(2023, 11, 14, 22, 13, 20, 500000000, time.UTC)
	settings := djangosession.NewSettings("caches-secret-key")
	settings.Now = func() time.Time { return now }
	s := newCachedSite(t, settings, caches.Options{})
	s.create(t, int64(1))
	if _, left, _ := s.memory.Raw(cachedPrefix + kkkk); left != time.Hour {
		t.Errorf("the copy lives for %v, want an hour", left)
	}
	s.memory.Evict()
	now = now.Add(600*time.Second + 300*time.Millisecond)
	if a := value(t, s.engine, kkkk); a != int64(1) {
		t.Errorf("loaded %v", a)
	}
	if _, left, _ := s.memory.Raw(cachedPrefix + kkkk); left != 2999*time.Second { // 2999.7, cut like Django's
		t.Errorf("the copy lives for %v, want 2999s", left)
	}
	s.memory.Evict()
	now = now.Add(time.Hour)
	if a := value(t, s.engine, kkkk); a != nil || s.copied(t, kkkk) != nil {
		t.Errorf("loaded %v after its end", a)
	}
}

func TestLoadSurvivesAFailingCache(t *testing.T) {
	t.Parallel()
	var reported []error
	s := newSite(t, caches.Options{OnError: func(_ context.Context, err error) { reported = append(reported, err) }})
	s.create(t, int64(1))
	for name, c := range map[string]struct {
		evicted       bool
		before, after func(string, string) error
		reports       int
		copied        any
	}{
		"Get":               {before: failing("Get", -1), reports: 1, copied: int64(1)},
		"Add":               {evicted: true, before: failing("Add", -1), reports: 1},
		"the answer to Add": {evicted: true, after: failing("Add", 1), reports: 1}, // the Add may take effect later
	} {
		reported = nil
		if c.evicted {
			s.memory.Evict()
		}
		s.cache.Before, s.cache.After = c.before, c.after
		if a := value(t, s.engine, kkkk); a != int64(1) {
			t.Errorf("%s: loaded %v", name, a)
		}
		s.cache.Before, s.cache.After = nil, nil
		if len(reported) != c.reports || !errors.Is(reported[0], errDown) {
			t.Errorf("%s: reported %v", name, reported)
		}
		s.want(t, name, kkkk, int64(1), c.copied)
		if c.copied == nil {
			value(t, s.engine, kkkk) // for the next case
		}
	}
	s.memory.Evict()
	s.memory.SetLimit(1)
	reported = nil
	if a := value(t, s.engine, kkkk); a != int64(1) || len(reported) != 1 || !errors.Is(reported[0], caches.ErrTooLarge) {
		t.Errorf("too large: loaded %v, reported %v", a, reported)
	}
	s.cache.Before = failing("Exists", 1)
	if exists, err := s.engine.Exists(t.Context(), kkkk); err != nil || !exists || len(reported) != 2 {
		t.Errorf("exists: %v, %v, reported %v", exists, err, reported)
	}
}

func TestUndecodableRowIsNeverCopied(t *testing.T) {
	t.Parallel()
	s := newSite(t, caches.Options{})
	s.setRow(t, kkkk, "garbage", time.Now().Add(time.Hour))
	for range 2 {
		_, err := s.engine.Load(t.Context(), kkkk)
		if _, ok := errors.AsType[*djangosession.DecodeError](err); !ok {
			t.Errorf("error %v, want a DecodeError", err)
		}
		if _, _, copied := s.memory.Raw(cachedPrefix + kkkk); copied {
			t.Error("it was copied to the cache")
		}
	}
}

func TestReadOnlyEngineDoesNotWriteToTheCache(t *testing.T) {
	t.Parallel()
	s := newSite(t, caches.Options{ReadOnly: true})
	s.create(t, int64(1))
	s.memory.Evict()
	if a := value(t, s.engine, kkkk); a != int64(1) {
		t.Errorf("loaded %v", a)
	}
	s.want(t, "Load", kkkk, int64(1), nil)
}

func TestEndedContextOfALoadIsNotReported(t *testing.T) {
	t.Parallel()
	s := newSite(t, caches.Options{OnError: func(context.Context, error) { t.Error("reported") }})
	s.create(t, int64(1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, loadErr := s.engine.Load(ctx, kkkk)
	_, existsErr := s.engine.Exists(ctx, kkkk)
	if !errors.Is(loadErr, context.Canceled) || !errors.Is(existsErr, context.Canceled) {
		t.Errorf("errors %v and %v", loadErr, existsErr)
	}
}

// A logout that is beside a Load waits until the Load has copied the row, and removes the
// copy. There is no moment at which a copy exists of a session that was logged out.
func TestNoCopyAppearsAfterALogout(t *testing.T) {
	t.Parallel()
	for name, logout := range map[string]func(s *cachedSite) error{
		"a logout": func(s *cachedSite) error { return s.engine.Delete(t.Context(), kkkk) },
		"a logout in Django": func(s *cachedSite) error {
			return errors.Join(s.table.Delete(t.Context(), kkkk), s.memory.Delete(t.Context(), cachedPrefix+kkkk))
		},
	} {
		s := newSite(t, caches.Options{})
		s.create(t, int64(1))
		s.memory.Evict()
		done := make(chan error, 1)
		s.cache.Before = func(method, _ string) error {
			if method == "Add" { // the row has been read
				go func() { done <- logout(s) }()
				time.Sleep(50 * time.Millisecond)
			}
			return nil
		}
		s.cache.After = func(method, _ string) error {
			if method == "Add" && len(done) > 0 && s.copied(t, kkkk) != nil {
				t.Errorf("%s has returned, and then the session is copied", name)
			}
			return nil
		}
		if a := value(t, s.engine, kkkk); a != int64(1) {
			t.Errorf("%s: loaded %v", name, a)
		}
		if err := <-done; err != nil {
			t.Errorf("%s: %v", name, err)
		}
		s.want(t, name, kkkk, nil, nil)
	}
}

// changingDB lets a test change a row after a Load has read it and before it locks it.
type changingDB struct {
	caches.DB

	change func()
	before func() error // is called in the transaction; its error ends that
	after  func() error // is called after the COMMIT
}

func (c *changingDB) Locked(
	ctx context.Context, key string, do func(ctx context.Context, stored *djangosession.Record) error,
) error {
	if c.change != nil {
		change := c.change
		c.change = nil
		change()
	}
	err := c.DB.Locked(ctx, key, func(ctx context.Context, stored *djangosession.Record) error {
		err := do(ctx, stored)
		if err == nil && c.before != nil {
			err = c.before()
		}
		return err
	})
	if err == nil && c.after != nil {
		err = c.after()
	}
	return err
}

func TestLoadCopiesWhatTheRowContainsWhenItIsLocked(t *testing.T) {
	t.Parallel()
	for name, elsewhere := range map[string]struct {
		do           func(s *cachedSite) error
		loaded, left any
		lives        time.Duration // about; 0: an hour
	}{
		"a logout": {do: func(s *cachedSite) error { return s.engine.Delete(t.Context(), kkkk) }},
		"a logout in Django whose cache fails": {
			do: func(s *cachedSite) error { return s.table.Delete(t.Context(), kkkk) },
		},
		"a save by Django that has not reached the cache": {
			do:     func(s *cachedSite) error { return s.table.Save(t.Context(), record(s.settings, kkkk, "a", int64(2))) },
			loaded: int64(2), left: int64(2),
		},
		"a save": {
			do:     func(s *cachedSite) error { return s.engine.Save(t.Context(), record(s.settings, kkkk, "a", int64(2))) },
			loaded: int64(2), left: int64(2),
		},
		"a renewal by Django that has not reached the cache": {
			do: func(s *cachedSite) error {
				r := record(s.settings, kkkk, "a", int64(1))
				r.ExpireDate.Time = r.ExpireDate.Time.Add(time.Hour)
				return s.table.Save(t.Context(), r)
			},
			loaded: int64(1), left: int64(1), lives: 2 * time.Hour,
		},
		"a save that ends the session": {
			do: func(s *cachedSite) error {
				r := record(s.settings, kkkk, "a", int64(2))
				r.ExpireDate.Time = time.Now().Add(-time.Second)
				return s.table.Save(t.Context(), r)
			},
		},
		"a save that does not decode": {
			do: func(s *cachedSite) error {
				_, err := s.sql.ExecContext(t.Context(), "UPDATE django_session SET session_data = 'garbage'")
				return err
			},
			loaded: int64(1),
		},
	} {
		s := newSite(t, caches.Options{OnError: func(_ context.Context, err error) { t.Errorf("%s: %v", name, err) }})
		s.create(t, int64(1))
		s.memory.Evict()
		e := s.on(t, &changingDB{DB: s.table, change: func() {
			if err := elsewhere.do(s); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}}, caches.Options{})
		if a := value(t, e, kkkk); a != elsewhere.loaded {
			t.Errorf("%s: loaded %v", name, a)
		}
		if copied := s.copied(t, kkkk); copied != elsewhere.left {
			t.Errorf("%s: the cache has %v", name, copied)
		}
		want := cmp.Or(elsewhere.lives, time.Hour)
		if _, lives, ok := s.memory.Raw(cachedPrefix + kkkk); ok && (lives > want || lives < want-time.Minute) {
			t.Errorf("%s: the copy lives for %v, want %v", name, lives, want)
		}
	}
}

// on returns an engine on another DB and the same cache.
func (s *cachedSite) on(t *testing.T, db caches.DB, o caches.Options) *caches.CachedDB {
	t.Helper()
	e, err := caches.NewCachedDB(db, s.cache, s.settings, o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// If the database fails while a session is copied, the row was perhaps not locked until
// the cache had the copy.
func TestLoadLeavesNoCopyIfTheLockIsLost(t *testing.T) {
	t.Parallel()
	errLost := errors.New("connection lost")
	for _, atCommit := range []bool{false, true} {
		reported := 0
		s := newSite(t, caches.Options{})
		s.create(t, int64(1))
		s.memory.Evict()
		db, lost := &changingDB{DB: s.table}, 0
		lose := func() error {
			if lost++; lost == 1 {
				return errLost
			}
			return nil
		}
		if atCommit {
			db.after = lose
		} else {
			db.before = lose
		}
		e := s.on(t, db, caches.Options{OnError: func(_ context.Context, err error) {
			if reported++; !errors.Is(err, errLost) {
				t.Errorf("reported %v", err)
			}
		}})
		if a := value(t, e, kkkk); a != int64(1) || reported != 1 {
			t.Errorf("loaded %v, reported %d errors", a, reported)
		}
		s.want(t, "Load", kkkk, int64(1), nil)
	}
}

// repeatingDB calls do twice, as after a conflict, and lets a test change the row
// between.
type repeatingDB struct {
	caches.DB

	between func()
}

func (r repeatingDB) Locked(
	ctx context.Context, key string, do func(ctx context.Context, stored *djangosession.Record) error,
) error {
	errConflict := errors.New("conflict")
	err := r.DB.Locked(ctx, key, func(ctx context.Context, stored *djangosession.Record) error {
		return errors.Join(do(ctx, stored), errConflict)
	})
	if !errors.Is(err, errConflict) {
		return err
	}
	r.between()
	return r.DB.Locked(ctx, key, do)
}

func TestConflictsOfALoadLeaveNoOldCopy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		between func(s *cachedSite) error
		want    any
	}{
		"logout": {between: func(s *cachedSite) error { return s.table.Delete(t.Context(), kkkk) }},
		"save": {
			between: func(s *cachedSite) error { return s.table.Save(t.Context(), record(s.settings, kkkk, "a", int64(2))) },
			want:    int64(2),
		},
		"nothing": {between: func(*cachedSite) error { return nil }, want: int64(1)},
	} {
		s := newSite(t, caches.Options{})
		s.create(t, int64(1))
		s.memory.Evict()
		e := s.on(t, repeatingDB{DB: s.table, between: func() {
			if err := c.between(s); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}}, caches.Options{})
		if a := value(t, e, kkkk); a != c.want {
			t.Errorf("%s: loaded %v", name, a)
		}
		s.want(t, name, kkkk, c.want, c.want)
	}
}

// A writer that keeps the lock for long, such as a request of Django with
// ATOMIC_REQUESTS, delays a Load for a second at most.
func TestLoadDoesNotWaitLongForALock(t *testing.T) {
	t.Parallel()
	reported := 0
	s := newSite(t, caches.Options{OnError: func(context.Context, error) { reported++ }})
	s.create(t, int64(1))
	s.memory.Evict()
	err := s.table.Locked(t.Context(), kkkk, func(context.Context, *djangosession.Record) error {
		begin := time.Now()
		if a := value(t, s.engine, kkkk); a != int64(1) { //nolint:contextcheck // in that context, it would take part in the transaction
			t.Errorf("loaded %v", a)
		}
		if took := time.Since(begin); took > 10*time.Second {
			t.Errorf("it took %v", took)
		}
		return nil
	})
	if err != nil || reported != 1 {
		t.Errorf("error %v, reported %d", err, reported)
	}
	s.want(t, "Load", kkkk, int64(1), nil)
}
