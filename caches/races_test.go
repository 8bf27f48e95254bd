package caches_test

import (
	"errors"
	"os"
	"strconv"
	"sync"
	"testing"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// races is how often each race is run: a few times, or as often as CHAOS_RACES says.
func races(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("CHAOS_RACES"))
	if err != nil {
		return 50
	}
	return n
}

// together calls all functions at the same time.
func together(calls ...func()) {
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for _, call := range calls {
		wg.Go(func() {
			<-begin
			call()
		})
	}
	close(begin)
	wg.Wait()
}

// racingSites are both engines, with a function that forgets copies.
func racingSites(t *testing.T) map[string]struct {
	engine djangosession.Merger
	evict  func()
	s      djangosession.Settings
} {
	t.Helper()
	cached, alone := newSite(t, caches.Options{}), newFaultySite(t)
	return map[string]struct {
		engine djangosession.Merger
		evict  func()
		s      djangosession.Settings
	}{
		"cached_db": {engine: cached.engine, evict: cached.memory.Evict, s: cached.settings},
		"cache":     {engine: alone.engine, evict: func() {}, s: alone.settings},
	}
}

func TestLogoutsAreFinalBesideEverything(t *testing.T) {
	t.Parallel()
	for name, site := range racingSites(t) {
		for range races(t) {
			key, moved := djangosession.NewKey(), djangosession.NewKey()
			if err := site.engine.Create(t.Context(), record(site.s, key, "a", int64(1))); err != nil {
				t.Fatal(err)
			}
			site.evict()
			var cycled error
			allow := func(what string, err error, also ...error) {
				for _, permitted := range append(also, djangosession.ErrSessionGone, djangosession.ErrNoSession) {
					if errors.Is(err, permitted) {
						return
					}
				}
				if err != nil {
					t.Errorf("%s: %s: %v", name, what, err)
				}
			}
			together(
				func() { _, err := site.engine.Load(t.Context(), key); allow("Load", err) },
				func() { allow("Save", site.engine.Save(t.Context(), record(site.s, key, "a", int64(2)))) },
				func() {
					allow("Merge", site.engine.Merge(t.Context(), key, func(r *djangosession.Record) error {
						*r = *record(site.s, key, "a", int64(3))
						return nil
					}))
				},
				func() {
					cycled = site.engine.Cycle(t.Context(), key, func(r *djangosession.Record) error {
						*r = *record(site.s, moved, "a", int64(4))
						return nil
					})
					allow("Cycle", cycled)
				},
				func() { allow("Delete", site.engine.Delete(t.Context(), key)) },
				func() { _, err := site.engine.Load(t.Context(), key); allow("Load", err) },
			)
			if a := value(t, site.engine, key); a != nil {
				t.Fatalf("%s: the session that was logged out is there: %v", name, a)
			}
			if a := value(t, site.engine, moved); (a != nil) != (cycled == nil) {
				t.Fatalf("%s: Cycle returned %v, and the moved session has %v", name, cycled, a)
			}
		}
	}
}

func TestMergesLoseNothingOfEachOther(t *testing.T) {
	t.Parallel()
	for name, site := range racingSites(t) {
		if err := site.engine.Create(t.Context(), record(site.s, kkkk, "a", int64(1))); err != nil {
			t.Fatal(err)
		}
		count := func(who string) func() {
			return func() {
				for range races(t) {
					err := site.engine.Merge(t.Context(), kkkk, func(r *djangosession.Record) error {
						n, _ := r.Data.Get(who)
						number, _ := py.Native(n).(int64)
						r.Data.Set(who, number+1)
						fresh := record(site.s, kkkk, "a", nil)
						r.ExpireDate, r.ExpireAge = fresh.ExpireDate, fresh.ExpireAge
						return nil
					})
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
			}
		}
		read := func() {
			for range races(t) {
				if a := value(t, site.engine, kkkk); a != int64(1) {
					t.Errorf("%s: loaded %v", name, a)
				}
				site.evict()
			}
		}
		together(count("one"), count("two"), count("three"), read)
		r, err := site.engine.Load(t.Context(), kkkk)
		if err != nil {
			t.Fatal(err)
		}
		for _, who := range []string{"one", "two", "three"} {
			if n, _ := r.Data.Get(who); py.Native(n) != int64(races(t)) {
				t.Errorf("%s: %s has %v, want %d", name, who, n, races(t))
			}
		}
	}
}

// TestTableAndCacheAgreeAfterRaces has saves, merges and loads beside evictions, and then
// compares.
func TestTableAndCacheAgreeAfterRaces(t *testing.T) {
	t.Parallel()
	s := newSite(t, caches.Options{})
	s.create(t, int64(0))
	for n := range int64(races(t)) {
		s.memory.Evict()
		together(
			func() { value(t, s.engine, kkkk) },
			func() {
				if err := s.engine.Save(t.Context(), record(s.settings, kkkk, "a", 10*n+1)); err != nil {
					t.Error(err)
				}
			},
			func() { value(t, s.engine, kkkk) },
			func() {
				err := s.engine.Merge(t.Context(), kkkk, func(r *djangosession.Record) error {
					*r = *record(s.settings, kkkk, "a", 10*n+2)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			},
		)
		row, copied := value(t, s.table, kkkk), s.copied(t, kkkk)
		if copied != nil && copied != row {
			t.Fatalf("the table has %v and the cache %v", row, copied)
		}
	}
}
