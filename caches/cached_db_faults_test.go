package caches_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

func newSite(t *testing.T, o caches.Options) *cachedSite {
	t.Helper()
	return newCachedSite(t, djangosession.NewSettings("caches-secret-key"), o)
}

const cachedPrefix = "site:2:django.contrib.sessions.cached_db"

// create stores a session under the key kkkk with the value a.
func (s *cachedSite) create(t *testing.T, a any) {
	t.Helper()
	if err := s.engine.Create(t.Context(), record(s.settings, kkkk, "a", a)); err != nil {
		t.Fatal(err)
	}
}

// value returns the value a of a session in an engine; nil if there is no session.
func value(t *testing.T, e djangosession.Engine, key string) any {
	t.Helper()
	r, err := e.Load(t.Context(), key)
	if errors.Is(err, djangosession.ErrNoSession) {
		return nil
	}
	if err != nil {
		t.Error(err)
		return nil
	}
	a, _ := r.Data.Get("a")
	return py.Native(a)
}

// copied returns the value a of the copy in the cache; nil if there is no copy.
func (s *cachedSite) copied(t *testing.T, key string) any {
	t.Helper()
	item, err := s.memory.Get(t.Context(), cachedPrefix+key)
	if errors.Is(err, caches.ErrMiss) {
		return nil
	}
	if err != nil {
		t.Error(err)
		return nil
	}
	a, _ := item.Value.Get("a")
	return py.Native(a)
}

// want fails unless the row has the value a, and the cache the copy.
func (s *cachedSite) want(t *testing.T, what, key string, a, copied any) {
	t.Helper()
	row, inCache := value(t, s.table, key), s.copied(t, key)
	if row != a || inCache != copied {
		t.Errorf("%s: session %.1q is %v in the table and %v in the cache; want %v and %v", what, key, row, inCache, a, copied)
	}
}

func TestWritesReachTableAndCache(t *testing.T) {
	t.Parallel()
	s := newSite(t, caches.Options{})
	s.create(t, int64(1))
	s.want(t, "Create", kkkk, int64(1), int64(1))
	if err := s.engine.Save(t.Context(), record(s.settings, kkkk, "a", int64(2))); err != nil {
		t.Error(err)
	}
	s.want(t, "Save", kkkk, int64(2), int64(2))
	s.memory.Evict()
	if err := s.engine.Save(t.Context(), record(s.settings, kkkk, "a", int64(3))); err != nil {
		t.Error(err)
	}
	s.want(t, "Save of an evicted session", kkkk, int64(3), int64(3))
	to := func(key string, a any) func(*djangosession.Record) error {
		return func(r *djangosession.Record) error { *r = *record(s.settings, key, "a", a); return nil }
	}
	if err := s.engine.Merge(t.Context(), kkkk, to(kkkk, int64(4))); err != nil {
		t.Error(err)
	}
	s.want(t, "Merge", kkkk, int64(4), int64(4))
	if err := s.engine.Cycle(t.Context(), kkkk, to(keyOf("n"), int64(5))); err != nil {
		t.Error(err)
	}
	s.want(t, "Cycle", kkkk, nil, nil)
	s.want(t, "Cycle", keyOf("n"), int64(5), int64(5))
	if err := s.engine.Delete(t.Context(), keyOf("n")); err != nil {
		t.Error(err)
	}
	s.want(t, "Delete", keyOf("n"), nil, nil)
	if err := s.engine.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestCopyWithoutARowEnds: somebody has deleted the row alone.
func TestCopyWithoutARowEnds(t *testing.T) {
	t.Parallel()
	var reported []error
	s := newSite(t, caches.Options{OnError: func(_ context.Context, err error) { reported = append(reported, err) }})
	to := func(key string) func(*djangosession.Record) error {
		return func(r *djangosession.Record) error { *r = *record(s.settings, key, "a", int64(2)); return nil }
	}
	for name, change := range map[string]func() error{
		"Save":  func() error { return s.engine.Save(t.Context(), record(s.settings, kkkk, "a", int64(2))) },
		"Merge": func() error { return s.engine.Merge(t.Context(), kkkk, to(kkkk)) },
		"Cycle": func() error { return s.engine.Cycle(t.Context(), kkkk, to(keyOf("n"))) },
	} {
		s.create(t, int64(1))
		if err := s.table.Delete(t.Context(), kkkk); err != nil {
			t.Fatal(err)
		}
		s.cache.Before = failing("Delete", 1)
		if err := change(); !errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("%s: %v", name, err)
		}
		if len(reported) != 1 || !errors.Is(reported[0], errDown) {
			t.Errorf("%s: reported %v", name, reported)
		}
		s.cache.Before, reported = nil, nil
		s.want(t, name+" without the cache", kkkk, nil, int64(1))
		if err := change(); !errors.Is(err, djangosession.ErrSessionGone) || len(reported) > 0 {
			t.Errorf("%s: %v, reported %v", name, err, reported)
		}
		s.want(t, name, kkkk, nil, nil)
	}
}

// TestEmptyCopyIsNotTrusted: a Django without the key of the row has made it.
func TestEmptyCopyIsNotTrusted(t *testing.T) {
	t.Parallel()
	s := newSite(t, caches.Options{})
	s.create(t, int64(1))
	if err := s.memory.Set(t.Context(), cachedPrefix+kkkk, py.NewDict(0), time.Hour); err != nil {
		t.Fatal(err)
	}
	if a := value(t, s.engine, kkkk); a != int64(1) {
		t.Errorf("loaded %v", a)
	}
	if err := s.table.Delete(t.Context(), kkkk); err != nil {
		t.Fatal(err)
	}
	if _, err := s.engine.Load(t.Context(), kkkk); !errors.Is(err, djangosession.ErrNoSession) {
		t.Errorf("without a row: %v", err)
	}
}

func TestMergeStartsFromTheRow(t *testing.T) {
	t.Parallel()
	s := newSite(t, caches.Options{})
	s.create(t, int64(1))
	if err := s.table.Save(t.Context(), record(s.settings, kkkk, "a", int64(2))); err != nil { // behind the cache
		t.Fatal(err)
	}
	err := s.engine.Merge(t.Context(), kkkk, func(r *djangosession.Record) error {
		a, _ := r.Data.Get("a")
		if py.Native(a) != int64(2) {
			t.Errorf("it starts from %v", a)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestFailuresLeaveTableAndCacheInAgreement fails each call of each method of the cache
// during each operation, before it takes effect and after.
func TestFailuresLeaveTableAndCacheInAgreement(t *testing.T) {
	t.Parallel()
	for name, operation := range map[string]func(s *cachedSite, ctx context.Context) error{
		"Create": func(s *cachedSite, ctx context.Context) error {
			return s.engine.Create(ctx, record(s.settings, keyOf("n"), "a", int64(2)))
		},
		"Save": func(s *cachedSite, ctx context.Context) error {
			return s.engine.Save(ctx, record(s.settings, kkkk, "a", int64(2)))
		},
		"Merge": func(s *cachedSite, ctx context.Context) error {
			return s.engine.Merge(ctx, kkkk, func(r *djangosession.Record) error {
				*r = *record(s.settings, kkkk, "a", int64(2))
				return nil
			})
		},
		"Cycle": func(s *cachedSite, ctx context.Context) error {
			return s.engine.Cycle(ctx, kkkk, func(r *djangosession.Record) error {
				*r = *record(s.settings, keyOf("n"), "a", int64(2))
				return nil
			})
		},
	} {
		for _, method := range []string{"Get", "Add", "Set", "Swap", "Delete"} {
			for _, evicted := range []bool{false, true} {
				for _, before := range []bool{false, true} {
					s := newSite(t, caches.Options{})
					s.create(t, int64(1))
					if evicted {
						s.memory.Evict()
					}
					called := false
					fail := func(m, _ string) error {
						if m != method || called {
							return nil
						}
						called = true
						return errDown
					}
					if before {
						s.cache.Before = fail
					} else {
						s.cache.After = fail
					}
					err := operation(s, t.Context())
					s.cache.Before, s.cache.After = nil, nil
					what := name + " with a failing " + method
					if called != (err != nil) {
						t.Errorf("%s: error %v", what, err)
					}
					if err != nil && !errors.Is(err, errDown) {
						t.Errorf("%s: error %v", what, err)
					}
					for _, key := range []string{kkkk, keyOf("n")} {
						row, inCache := value(t, s.table, key), s.copied(t, key)
						if inCache != nil && inCache != row {
							t.Errorf("%s: the table has %v and the cache %v", what, row, inCache)
						}
						want := any(nil)
						if key == kkkk {
							want = int64(1)
						}
						if err != nil && row != want {
							t.Errorf("%s: the row of %.1q is %v although it failed", what, key, row)
						}
					}
				}
			}
		}
	}
}

// failingDB fails its commits after the hook was called.
type failingDB struct {
	caches.DB

	err error
}

func (f failingDB) fail(hook func(context.Context, *djangosession.Record) error) func(context.Context, *djangosession.Record) error {
	return func(ctx context.Context, r *djangosession.Record) error {
		return errors.Join(hook(ctx, r), f.err)
	}
}

func (f failingDB) CreateWith(ctx context.Context, r *djangosession.Record, hook func(context.Context, *djangosession.Record) error) error {
	return f.DB.CreateWith(ctx, r, f.fail(hook))
}

func (f failingDB) SaveWith(ctx context.Context, r *djangosession.Record, hook func(context.Context, *djangosession.Record) error) error {
	return f.DB.SaveWith(ctx, r, f.fail(hook))
}

func (f failingDB) MergeWith(
	ctx context.Context, key string, change func(*djangosession.Record) error, hook func(context.Context, *djangosession.Record) error,
) error {
	return f.DB.MergeWith(ctx, key, change, f.fail(hook))
}

func (f failingDB) CycleWith(
	ctx context.Context, key string, change func(*djangosession.Record) error, hook func(context.Context, *djangosession.Record) error,
) error {
	return f.DB.CycleWith(ctx, key, change, f.fail(hook))
}

func TestSessionTooLargeForTheCacheIsNotStored(t *testing.T) {
	t.Parallel()
	s := newSite(t, caches.Options{})
	s.create(t, int64(1))
	s.memory.SetLimit(100)
	s.cache.Before = failing("Delete", -1) // the copy is right, and stays
	err := s.engine.Save(t.Context(), record(s.settings, kkkk, "a", strings.Repeat("x", 200)))
	if !errors.Is(err, caches.ErrTooLarge) || errors.Is(err, errDown) {
		t.Errorf("error %v, want ErrTooLarge", err)
	}
	s.want(t, "Save", kkkk, int64(1), int64(1))
}

func TestUnknownCopyIsReportedAndReplacedBySaves(t *testing.T) {
	t.Parallel()
	var reported []error
	s := newSite(t, caches.Options{OnError: func(_ context.Context, err error) { reported = append(reported, err) }})
	s.create(t, int64(1))
	s.memory.SetRaw(cachedPrefix+kkkk, []byte("garbage"))
	if a := value(t, s.engine, kkkk); a != int64(1) {
		t.Errorf("loaded %v", a)
	}
	data, _, _ := s.memory.Raw(cachedPrefix + kkkk)
	if len(reported) != 1 || !errors.Is(reported[0], djangosession.ErrUnknownFormat) || string(data) != "garbage" {
		t.Errorf("reported %v, the cache has %q", reported, data)
	}
	if err := s.engine.Save(t.Context(), record(s.settings, kkkk, "a", int64(2))); err != nil {
		t.Error(err)
	}
	s.want(t, "Save", kkkk, int64(2), int64(2))
}

func TestDeletionIsCompletedByRepeatingIt(t *testing.T) {
	t.Parallel()
	s := newSite(t, caches.Options{})
	s.create(t, int64(1))
	s.cache.Before = failing("Delete", 1)
	if err := s.engine.Delete(t.Context(), kkkk); !errors.Is(err, errDown) {
		t.Errorf("error %v", err)
	}
	s.want(t, "failed", kkkk, nil, int64(1))
	if err := s.engine.Delete(t.Context(), kkkk); err != nil {
		t.Error(err)
	}
	s.want(t, "repeated", kkkk, nil, nil)
	s.create(t, int64(1))
	if err := s.sql.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.engine.Delete(t.Context(), kkkk); err == nil {
		t.Error("the row cannot be deleted, and there is no error")
	}
	if s.copied(t, kkkk) != nil {
		t.Error("the copy is left although the row may be gone")
	}
}

func TestCachedDBListsAndClearsRows(t *testing.T) {
	t.Parallel()
	s := newSite(t, caches.Options{})
	s.create(t, int64(1))
	s.setRow(t, keyOf("e"), "e30:1r31eq:x", time.Now().Add(-time.Hour))
	s.memory.Evict()
	if got := listed(t, s.engine); !slices.Equal(got, []string{kkkk}) {
		t.Errorf("listed %q", got)
	}
	if n, err := s.engine.ClearExpired(t.Context(), djangosession.ClearOptions{}); n != 1 || err != nil {
		t.Errorf("cleared %d, %v", n, err)
	}
}

func TestFailingCommitsLeaveNothingInTheCache(t *testing.T) {
	t.Parallel()
	errCommit := errors.New("commit failed")
	s := newSite(t, caches.Options{})
	e, err := caches.NewCachedDB(failingDB{s.table, errCommit}, s.cache, s.settings, caches.Options{})
	if err != nil {
		t.Fatal(err)
	}
	change := func(key string) func(*djangosession.Record) error {
		return func(r *djangosession.Record) error { *r = *record(s.settings, key, "a", int64(2)); return nil }
	}
	s.create(t, int64(1))
	for name, operation := range map[string]func() error{
		"Create": func() error { return e.Create(t.Context(), record(s.settings, keyOf("n"), "a", int64(2))) },
		"Save":   func() error { return e.Save(t.Context(), record(s.settings, kkkk, "a", int64(2))) },
		"Merge":  func() error { return e.Merge(t.Context(), kkkk, change(kkkk)) },
		"Cycle":  func() error { return e.Cycle(t.Context(), kkkk, change(keyOf("n"))) },
	} {
		if err := operation(); !errors.Is(err, errCommit) {
			t.Errorf("%s: error %v", name, err)
		}
		copied := any(nil)
		if name == "Create" { // it has nothing to do with the other session
			copied = s.copied(t, kkkk)
		}
		s.want(t, name, kkkk, int64(1), copied)
		s.want(t, name, keyOf("n"), nil, nil)
		// It can be loaded, and is copied again.
		if a := value(t, e, kkkk); a != int64(1) {
			t.Errorf("%s: loaded %v", name, a)
		}
		s.want(t, name, kkkk, int64(1), int64(1))
	}
	s.cache.Before = failing("Delete", -1)
	if err := e.Save(t.Context(), record(s.settings, kkkk, "a", int64(2))); !errors.Is(err, errCommit) || !errors.Is(err, errDown) {
		t.Errorf("a copy that cannot be removed: error %v", err)
	}
}
