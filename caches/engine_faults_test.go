package caches_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/cachetest"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

var errDown = errors.New("connection refused")

// faultySite has sessions in a cache that fails when a test wants it to.
type faultySite struct {
	memory   *cachetest.Memory
	cache    *cachetest.Faulty
	engine   *caches.Engine
	settings djangosession.Settings
}

func newFaultySite(t *testing.T) *faultySite {
	t.Helper()
	s := djangosession.NewSettings("caches-secret-key")
	cacheSettings(&s)
	m := newMemory(t, s)
	f := &cachetest.Faulty{Cache: m}
	return &faultySite{memory: m, cache: f, engine: newEngine(t, f, s, caches.Options{}), settings: s}
}

// create stores a session under the key kkkk with the value a = 1.
func (s *faultySite) create(t *testing.T) {
	t.Helper()
	if err := s.engine.Create(t.Context(), record(s.settings, kkkk, "a", int64(1))); err != nil {
		t.Fatal(err)
	}
}

// want fails unless the session has the value a, or does not exist if a is nil.
func (s *faultySite) want(t *testing.T, key string, a any) {
	t.Helper()
	r, err := s.engine.Load(t.Context(), key)
	if a == nil {
		if !errors.Is(err, djangosession.ErrNoSession) {
			t.Errorf("session %.4q: %v, want ErrNoSession", key, err)
		}
		return
	}
	if err != nil {
		t.Errorf("session %.4q: %v", key, err)
		return
	}
	if got, _ := r.Data.Get("a"); got != a {
		t.Errorf("session %.4q has %v, want %v", key, got, a)
	}
}

// failing returns a function that fails the n-th call of a method, counted from 1, and
// all later ones if n is negative.
func failing(method string, n int) func(string, string) error {
	calls := 0
	return func(called, _ string) error {
		if called != method {
			return nil
		}
		if calls++; calls == n || n < 0 {
			return errDown
		}
		return nil
	}
}

func keyOf(letter string) string { return strings.Repeat(letter, 32) }

// renamed returns a change that gives a session another key and the value a.
func (s *faultySite) renamed(key string, a any) func(*djangosession.Record) error {
	return func(r *djangosession.Record) error {
		*r = *record(s.settings, key, "a", a)
		return nil
	}
}

func TestUnreachableCacheIsAnErrorOfItsOwn(t *testing.T) {
	t.Parallel()
	s := newFaultySite(t)
	s.create(t)
	s.cache.Before = func(string, string) error { return errDown }
	_, loadErr := s.engine.Load(t.Context(), kkkk)
	_, existsErr := s.engine.Exists(t.Context(), kkkk)
	for name, err := range map[string]error{
		"Load": loadErr, "Exists": existsErr,
		"Create": s.engine.Create(t.Context(), record(s.settings, keyOf("n"), "a", int64(1))),
		"Save":   s.engine.Save(t.Context(), record(s.settings, kkkk, "a", int64(2))),
		"Delete": s.engine.Delete(t.Context(), kkkk),
		"Merge":  s.engine.Merge(t.Context(), kkkk, s.renamed(kkkk, int64(2))),
		"Cycle":  s.engine.Cycle(t.Context(), kkkk, s.renamed(keyOf("n"), int64(2))),
	} {
		if !errors.Is(err, errDown) || errors.Is(err, djangosession.ErrNoSession) || errors.Is(err, djangosession.ErrSessionGone) ||
			!strings.HasPrefix(err.Error(), "caches: ") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	s.cache.Before = nil
	s.want(t, kkkk, int64(1))
	s.want(t, keyOf("n"), nil)
}

func TestCreateFindsOutWhetherALostAnswerWasASuccess(t *testing.T) {
	t.Parallel()
	s := newFaultySite(t)
	create := func() error { return s.engine.Create(t.Context(), record(s.settings, kkkk, "a", int64(1))) }
	s.cache.Before = failing("Add", 1)
	if err := create(); !errors.Is(err, errDown) {
		t.Errorf("not stored: error %v", err)
	}
	s.want(t, kkkk, nil)
	s.cache.Before, s.cache.After = nil, failing("Add", 1)
	if err := create(); err != nil {
		t.Errorf("stored: error %v", err)
	}
	s.want(t, kkkk, int64(1))
	s.cache.After = failing("Add", 1)
	err := s.engine.Create(t.Context(), record(s.settings, kkkk, "a", int64(2)))
	if !errors.Is(err, djangosession.ErrKeyTaken) {
		t.Errorf("the session of another: error %v", err)
	}
	s.want(t, kkkk, int64(1))
	s.cache.Before = func(method, _ string) error {
		if method == "Get" {
			return errors.New("still down")
		}
		return nil
	}
	s.cache.After = failing("Add", 1)
	if err := create(); !errors.Is(err, errDown) || !strings.Contains(err.Error(), "unknown") || !strings.Contains(err.Error(), "still down") {
		t.Errorf("not asked: error %v", err)
	}
}

func TestCreateAsksEvenIfItsContextHasEnded(t *testing.T) {
	t.Parallel()
	s := newFaultySite(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.cache.After = func(method, _ string) error {
		if method != "Add" {
			return nil
		}
		cancel()
		return context.Canceled
	}
	if err := s.engine.Create(ctx, record(s.settings, kkkk, "a", int64(1))); err != nil {
		t.Errorf("error %v", err)
	}
	s.want(t, kkkk, int64(1))
}

func TestRefusalsAreNotDoubted(t *testing.T) {
	t.Parallel()
	s := newFaultySite(t)
	s.memory.SetLimit(100)
	s.cache.Before = failing("Get", -1) // must not be asked
	large := strings.Repeat("x", 200)
	err := s.engine.Create(t.Context(), record(s.settings, kkkk, "a", large))
	if !errors.Is(err, caches.ErrTooLarge) || !strings.Contains(err.Error(), "100") || errors.Is(err, errDown) {
		t.Errorf("too large: error %v", err)
	}
	err = s.engine.Create(t.Context(), record(s.settings, kkkk, "a", make(chan int)))
	if _, ok := errors.AsType[*djangosession.ValueError](err); !ok || errors.Is(err, errDown) {
		t.Errorf("not storable: error %v", err)
	}
	s.cache.Before = nil
	s.want(t, kkkk, nil)
	s.create(t)
	for name, err := range map[string]error{
		"Save":  s.engine.Save(t.Context(), record(s.settings, kkkk, "a", large)),
		"Merge": s.engine.Merge(t.Context(), kkkk, s.renamed(kkkk, large)),
		"Cycle": s.engine.Cycle(t.Context(), kkkk, s.renamed(keyOf("n"), large)),
	} {
		if !errors.Is(err, caches.ErrTooLarge) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	s.want(t, kkkk, int64(1))
	s.want(t, keyOf("n"), nil)
}

func TestCycleSurvivesFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, after func(string, string) error
		old, moved    any   // values afterwards
		err           error // nil for success
		text          string
	}{
		"the removal is lost on the way": {before: failing("Swap", 1), moved: int64(2)},
		"the removal fails twice": {
			before: failing("Swap", -1), old: int64(1), err: errDown, text: "trying again",
		},
		// A logout might have removed it.
		"the answer to the removal is lost": {after: failing("Swap", 1), err: errDown, text: "logout"},
		"the new session cannot be stored":  {before: failing("Add", 1), old: int64(1), err: errDown},
		"the answer to storing it is lost":  {after: failing("Add", 1), moved: int64(2)},
		"the old session cannot be read":    {before: failing("Get", 1), old: int64(1), err: errDown},
		"nothing can be undone": {
			before: func(method, _ string) error {
				if method == "Swap" || method == "Delete" {
					return errDown
				}
				return nil
			},
			old: int64(1), moved: int64(2), err: errDown, text: "removing the new session failed",
		},
	} {
		s := newFaultySite(t)
		s.create(t)
		s.cache.Before, s.cache.After = c.before, c.after
		err := s.engine.Cycle(t.Context(), kkkk, s.renamed(keyOf("n"), int64(2)))
		if !errors.Is(err, c.err) || err != nil && (!strings.Contains(err.Error(), c.text) || errors.Is(err, djangosession.ErrSessionGone)) {
			t.Errorf("%s: error %v", name, err)
		}
		s.cache.Before, s.cache.After = nil, nil
		s.want(t, kkkk, c.old)
		s.want(t, keyOf("n"), c.moved)
	}
}

func TestCycleFollowsChangesByOthers(t *testing.T) {
	t.Parallel()
	s := newFaultySite(t)
	s.create(t)
	changes := 0
	err := s.engine.Cycle(t.Context(), kkkk, func(r *djangosession.Record) error {
		if changes++; changes <= 3 {
			if err := s.engine.Save(t.Context(), record(s.settings, kkkk, "a", int64(10*changes))); err != nil {
				t.Error(err)
			}
		}
		a, _ := r.Data.Get("a")
		return s.renamed(keyOf("n"), a)(r)
	})
	if err != nil || changes != 4 {
		t.Errorf("error %v after %d calls", err, changes)
	}
	s.want(t, kkkk, nil)
	s.want(t, keyOf("n"), int64(30))

	err = s.engine.Cycle(t.Context(), keyOf("n"), func(r *djangosession.Record) error {
		if err := s.engine.Delete(t.Context(), keyOf("n")); err != nil {
			t.Error(err)
		}
		return s.renamed(kkkk, int64(1))(r)
	})
	if !errors.Is(err, djangosession.ErrSessionGone) {
		t.Errorf("after a logout: error %v", err)
	}
	s.want(t, kkkk, nil)
	s.want(t, keyOf("n"), nil)
}

func TestLogoutDuringACycleWhoseUndoFailsIsReported(t *testing.T) {
	t.Parallel()
	s := newFaultySite(t)
	s.create(t)
	s.cache.Before = func(method, key string) error {
		if method == "Delete" && strings.HasSuffix(key, keyOf("n")) {
			return errDown
		}
		return nil
	}
	err := s.engine.Cycle(t.Context(), kkkk, func(r *djangosession.Record) error {
		if err := s.engine.Delete(t.Context(), kkkk); err != nil {
			t.Error(err)
		}
		return s.renamed(keyOf("n"), int64(1))(r)
	})
	// ErrSessionGone would mean that nothing is left.
	if !errors.Is(err, errDown) || errors.Is(err, djangosession.ErrSessionGone) {
		t.Errorf("error %v", err)
	}
}

func TestCycleEndsTheRemovalAfterItsContextHasEnded(t *testing.T) {
	t.Parallel()
	s := newFaultySite(t)
	s.create(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.cache.After = func(method, _ string) error {
		if method == "Add" {
			cancel()
		}
		return nil
	}
	if err := s.engine.Cycle(ctx, kkkk, s.renamed(keyOf("n"), int64(2))); err != nil {
		t.Errorf("error %v", err)
	}
	s.want(t, kkkk, nil)
	s.want(t, keyOf("n"), int64(2))
}

func TestMergeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := newFaultySite(t)
	s.create(t)
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	s.cache.Before = func(method, _ string) error {
		if method != "Swap" {
			return nil
		}
		if calls++; calls == 5 {
			cancel()
		}
		return caches.ErrChanged
	}
	if err := s.engine.Merge(ctx, kkkk, s.renamed(kkkk, int64(2))); !errors.Is(err, context.Canceled) || calls != 5 {
		t.Errorf("error %v after %d tries", err, calls)
	}
	s.cache.Before = nil
	s.want(t, kkkk, int64(1))
}

func TestRecordsWithoutDataAreRefused(t *testing.T) {
	t.Parallel()
	s := newFaultySite(t)
	s.create(t)
	empty := func(r *djangosession.Record) error { r.Data, r.Key = nil, keyOf("n"); return nil }
	for name, err := range map[string]error{
		"Create": s.engine.Create(t.Context(), &djangosession.Record{Key: keyOf("n"), ExpireAge: time.Hour}),
		"Save":   s.engine.Save(t.Context(), &djangosession.Record{Key: kkkk, ExpireAge: time.Hour}),
		"Merge":  s.engine.Merge(t.Context(), kkkk, empty),
		"Cycle":  s.engine.Cycle(t.Context(), kkkk, empty),
	} {
		if !errors.Is(err, djangosession.ErrNoData) {
			t.Errorf("%s: error %v, want ErrNoData", name, err)
		}
	}
	s.want(t, kkkk, int64(1))
	s.want(t, keyOf("n"), nil)
}

func TestListingReportsDamageAndFailures(t *testing.T) {
	t.Parallel()
	s := newFaultySite(t)
	s.memory.SetRaw("site:2:django.contrib.sessions.cache"+kkkk, []byte("garbage"))
	for r, err := range s.engine.Records(t.Context()) {
		if err != nil || r.Key != kkkk || r.Data != nil || !errors.Is(r.Err, djangosession.ErrUnknownFormat) {
			t.Errorf("listed %v, %v", r, err)
		}
	}
	s.cache.Before = failing("Get", -1)
	n := 0
	for r, err := range s.engine.Records(t.Context()) {
		if n++; r != nil || !errors.Is(err, errDown) {
			t.Errorf("listed %v, %v", r, err)
		}
	}
	s.cache.Before = func(string, string) error { return caches.ErrMiss } // removed since
	for r, err := range s.engine.Records(t.Context()) {
		t.Errorf("listed %v, %v", r, err)
	}
	if n != 1 {
		t.Errorf("%d results, want the error", n)
	}
}

func TestEngineReportsWhenSessionsEndIfItsCacheDoes(t *testing.T) {
	t.Parallel()
	s := newFaultySite(t)
	s.create(t)
	plain := newEngine(t, struct{ caches.Cache }{s.memory}, s.settings, caches.Options{})
	if !s.engine.ReportsExpiry() || plain.ReportsExpiry() {
		t.Errorf("reports expiries: %v and %v", s.engine.ReportsExpiry(), plain.ReportsExpiry())
	}
	r, err := s.engine.Load(t.Context(), kkkk)
	if err != nil || time.Until(r.ExpireDate.Time) > time.Hour || time.Until(r.ExpireDate.Time) < 59*time.Minute {
		t.Errorf("ends %v, %v", r, err)
	}
	if err := s.engine.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if !py.Equal(r.Data, record(s.settings, kkkk, "a", int64(1)).Data) {
		t.Error("other data")
	}
}
