package enginetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

func concurrencyTests() []test {
	return []test{
		{"of many creations under one key one succeeds", needStore, testRacingCreates},
		{"many can create sessions at once", needStore, testParallelCreates},
		{"readers beside writers see whole sessions", needStore, testReadersAndWriters},
		{"a deletion beside writers is final", needStore, testDeleteBesideWriters},
		{"one session can be used by many goroutines", needStore, testSharedSession},
	}
}

// workers is the number of concurrent goroutines.
const workers = 16

func parallel(work func(i int)) {
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() { work(i) })
	}
	wg.Wait()
}

func testRacingCreates(t *testing.T, s *suite) {
	key := djangosession.NewKey()
	var winner atomic.Int64
	winner.Store(-1)
	parallel(func(i int) {
		err := s.Engine.Create(t.Context(), s.record(key, map[string]any{"by": i}))
		switch {
		case err == nil:
			if !winner.CompareAndSwap(-1, int64(i)) {
				t.Error("two succeeded")
			}
		case !errors.Is(err, djangosession.ErrKeyTaken):
			t.Errorf("error %v, want ErrKeyTaken", err)
		}
	})
	s.wantValues(t, key, map[string]any{"by": winner.Load()})
}

func testParallelCreates(t *testing.T, s *suite) {
	var keys sync.Map
	parallel(func(i int) {
		for j := range 5 {
			session := s.sessions.New()
			session.Set("n", i*100+j)
			if err := session.Save(t.Context()); err != nil {
				t.Error(err)
				return
			}
			keys.Store(session.Key(), i*100+j)
		}
	})
	count := 0
	keys.Range(func(key, n any) bool {
		count++
		text, _ := key.(string)
		s.wantValues(t, text, map[string]any{"n": n})
		return true
	})
	if count != workers*5 {
		t.Errorf("%d sessions, want %d", count, workers*5)
	}
}

func testReadersAndWriters(t *testing.T, s *suite) {
	key := s.created(t, map[string]any{"a": 0, "b": 0}).Key()
	parallel(func(i int) {
		for j := range 5 {
			if i%2 == 0 {
				if err := s.Engine.Save(t.Context(), s.record(key, map[string]any{"a": i*100 + j, "b": i*100 + j})); err != nil {
					t.Error(err)
				}
				continue
			}
			session, err := s.sessions.Load(t.Context(), key)
			if err != nil {
				t.Error(err)
				continue
			}
			a, errA := djangosession.Value[int](session, "a")
			b, errB := djangosession.Value[int](session, "b")
			if errA != nil || errB != nil || a != b {
				t.Errorf("read %d and %d (%v, %v)", a, b, errA, errB)
			}
		}
	})
}

func testDeleteBesideWriters(t *testing.T, s *suite) {
	key := s.created(t, map[string]any{}).Key()
	parallel(func(i int) {
		if i == workers/2 {
			if err := s.Engine.Delete(t.Context(), key); err != nil {
				t.Error(err)
			}
			return
		}
		for range 5 {
			if err := s.Engine.Save(t.Context(), s.record(key, nil)); err != nil && !errors.Is(err, djangosession.ErrSessionGone) {
				t.Error(err)
			}
		}
	})
	s.wantMissing(t, key)
}

func testSharedSession(t *testing.T, s *suite) {
	session := s.created(t, map[string]any{"list": []int{1, 2, 3}})
	parallel(func(i int) {
		name := fmt.Sprintf("n%d", i)
		session.Set(name, i)
		if v, ok := session.Get(name); !ok || v != int64(i) {
			t.Errorf("%s is %v", name, v)
		}
		if _, err := djangosession.Value[[]int](session, "list"); err != nil {
			t.Error(err)
		}
		if err := session.Save(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if got := s.loaded(t, session.Key()); len(got.Keys()) != workers+1 {
		t.Errorf("%d values, want %d", len(got.Keys()), workers+1)
	}
}
