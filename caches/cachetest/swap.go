package cachetest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
)

func swapTests() []test {
	return []test{
		{"Swap stores in place of the value that was read", testSwap},
		{"Swap refuses a value that has changed", testSwapChanged},
		{"Swap removes the value that was read", testSwapRemoves},
		{"Swap handles values in an unknown format", testSwapUnknown},
	}
}

func raceTests() []test {
	return []test{
		{"of many that add one succeeds", testRacingAdds},
		{"many that swap lose nothing of each other", testRacingSwaps},
		{"a deletion beside writers is final", testDeleteBesideWriters},
		{"of many that remove one succeeds", testRacingRemovals},
	}
}

func testSwap(t *testing.T, s *suite) {
	s.add(t, dict("a", int64(1)))
	old := s.get(t)
	if err := s.Cache.Swap(t.Context(), s.key, old, dict("a", int64(2)), time.Hour); err != nil {
		t.Error(err)
	}
	s.want(t, dict("a", int64(2)))
	wantError(t, "the same again", s.Cache.Swap(t.Context(), s.key, old, dict("a", int64(3)), time.Hour), caches.ErrChanged)
	s.want(t, dict("a", int64(2)))
}

func testSwapChanged(t *testing.T, s *suite) {
	s.add(t, dict("a", int64(1)))
	old := s.get(t)
	old.Value.Set("mine", int64(1)) // the caller owns it
	if err := s.Cache.Replace(t.Context(), s.key, dict("a", int64(2)), time.Hour); err != nil {
		t.Fatal(err)
	}
	wantError(t, "Swap", s.Cache.Swap(t.Context(), s.key, old, dict("a", int64(3)), time.Hour), caches.ErrChanged)
	wantError(t, "removing", s.Cache.Swap(t.Context(), s.key, old, nil, 0), caches.ErrChanged)
	s.want(t, dict("a", int64(2)))
}

func testSwapRemoves(t *testing.T, s *suite) {
	s.add(t, dict("a", int64(1)))
	old := s.get(t)
	if err := s.Cache.Swap(t.Context(), s.key, old, nil, 0); err != nil {
		t.Error(err)
	}
	s.want(t, nil)
	wantError(t, "again", s.Cache.Swap(t.Context(), s.key, old, nil, 0), caches.ErrMiss)
}

func testSwapUnknown(t *testing.T, s *suite) {
	for name, swap := range map[string]func(old *caches.Item) error{
		"replaced": func(old *caches.Item) error {
			return s.Cache.Swap(t.Context(), s.key, old, dict("a", int64(2)), time.Hour)
		},
		"removed": func(old *caches.Item) error { return s.Cache.Swap(t.Context(), s.key, old, nil, 0) },
	} {
		s.SetRaw(t, s.key, []byte("garbage"))
		old := s.unknown(t)
		if err := swap(old); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		s.SetRaw(t, s.key, []byte("other garbage"))
		wantError(t, name, swap(old), caches.ErrChanged)
		s.unknown(t)
	}
}

func testRacingAdds(t *testing.T, s *suite) {
	var won atomic.Int64
	parallel(func(i int) {
		err := s.Cache.Add(t.Context(), s.key, dict("by", int64(i)), time.Hour)
		switch {
		case err == nil:
			won.Add(1)
		case !errors.Is(err, caches.ErrExists):
			t.Error(err)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d have added the value", won.Load())
	}
}

func testRacingSwaps(t *testing.T, s *suite) {
	const rounds = 10
	s.add(t, dict("before", int64(0)))
	parallel(func(i int) {
		name := fmt.Sprintf("worker%d", i)
		for round := range int64(rounds) {
			for {
				item, err := s.Cache.Get(t.Context(), s.key)
				if err != nil {
					t.Error(err)
					return
				}
				item.Value.Set(name, round)
				err = s.Cache.Swap(t.Context(), s.key, item, item.Value, time.Hour)
				if err == nil {
					break
				}
				if !errors.Is(err, caches.ErrChanged) {
					t.Error(err)
					return
				}
			}
		}
	})
	got := s.get(t).Value
	for name, n := range got.All() {
		if n != int64(rounds-1) && name != "before" {
			t.Errorf("%v has %v, want %d", name, n, rounds-1)
		}
	}
	if got.Len() != 9 { //nolint:mnd // of 8 workers and the first
		t.Errorf("%d values, want 9", got.Len())
	}
}

func testDeleteBesideWriters(t *testing.T, s *suite) {
	s.add(t, dict("a", int64(0)))
	parallel(func(i int) {
		if i == 4 { //nolint:mnd // one of them
			if err := s.Cache.Delete(t.Context(), s.key); err != nil {
				t.Error(err)
			}
			return
		}
		for n := range int64(10) {
			var err error
			if i%2 == 0 {
				err = s.Cache.Replace(t.Context(), s.key, dict("a", n), time.Hour)
			} else if item, read := s.Cache.Get(t.Context(), s.key); read == nil {
				err = s.Cache.Swap(t.Context(), s.key, item, dict("a", n), time.Hour)
			}
			if err != nil && !errors.Is(err, caches.ErrMiss) && !errors.Is(err, caches.ErrChanged) {
				t.Error(err)
			}
		}
	})
	s.want(t, nil)
}

func testRacingRemovals(t *testing.T, s *suite) {
	s.add(t, dict("a", int64(0)))
	old := s.get(t)
	var won atomic.Int64
	parallel(func(int) {
		switch err := s.Cache.Swap(t.Context(), s.key, old, nil, 0); {
		case err == nil:
			won.Add(1)
		case !errors.Is(err, caches.ErrMiss) && !errors.Is(err, caches.ErrChanged):
			t.Error(err)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d have removed the value", won.Load())
	}
	s.want(t, nil)
}
