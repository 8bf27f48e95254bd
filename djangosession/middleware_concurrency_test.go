package djangosession_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// TestGoroutinesShareOneSession checks that it is loaded once and saved once.
func TestGoroutinesShareOneSession(t *testing.T) {
	s := newShop(t, "6.1", nil)
	key := s.visitor(map[string]any{"n": "old"})
	s.engine.loads.Store(0)
	s.visit("sessionid="+key, func(_ http.ResponseWriter, r *http.Request) {
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() { s.session(r).Set(fmt.Sprintf("n%d", i), i) })
		}
		wg.Wait()
	})
	if loads, saves := s.engine.loads.Load(), s.engine.saves.Load(); loads != 1 || saves != 1 {
		t.Errorf("%d loads, %d saves", loads, saves)
	}
	session, err := s.Load(t.Context(), key)
	if err != nil || len(session.Keys()) != 21 {
		t.Errorf("%d values, %v", len(session.Keys()), err)
	}
}

// TestWaitingForAnotherLoadEndsWithTheContext has an engine that answers late. Later
// callers wait for the first one only as long as their own contexts allow.
func TestWaitingForAnotherLoadEndsWithTheContext(t *testing.T) {
	t.Parallel()
	s := newShop(t, "6.1", nil)
	key := s.visitor(map[string]any{"n": "old"})
	s.engine.loads.Store(0)
	loading, answer := make(chan struct{}), make(chan struct{})
	s.engine.loadWait = func(ctx context.Context) error {
		close(loading)
		select {
		case <-answer:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.visit("sessionid="+key, func(_ http.ResponseWriter, r *http.Request) {
		var wg sync.WaitGroup
		defer wg.Wait()
		wg.Go(func() { s.session(r) })
		<-loading
		late := time.AfterFunc(5*time.Second, func() { close(answer) })
		short, cancel := context.WithTimeout(r.Context(), 20*time.Millisecond)
		defer cancel()
		if _, err := djangosession.FromContext(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		for range 3 {
			wg.Go(func() {
				if n, _ := s.session(r).Get("n"); n != "old" {
					t.Errorf("n is %v", n)
				}
			})
		}
		time.Sleep(time.Millisecond) // some of them wait
		if late.Stop() {
			close(answer)
		}
	})
	if loads := s.engine.loads.Load(); loads != 1 {
		t.Errorf("%d loads", loads)
	}
}

// TestEndedLoadsAreTriedAgain has a first caller whose context ends while others wait.
func TestEndedLoadsAreTriedAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t, "6.1", nil)
	key := s.visitor(map[string]any{"n": "old"})
	loading := make(chan struct{})
	var first atomic.Bool
	s.engine.loadWait = func(ctx context.Context) error {
		if first.Swap(true) {
			return nil
		}
		close(loading)
		<-ctx.Done()
		return ctx.Err()
	}
	s.visit("sessionid="+key, func(_ http.ResponseWriter, r *http.Request) {
		var wg sync.WaitGroup
		defer wg.Wait()
		ending, cancel := context.WithCancel(r.Context())
		wg.Go(func() {
			if _, err := djangosession.FromContext(ending); !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
		})
		<-loading
		for range 3 {
			wg.Go(func() {
				if n, _ := s.session(r).Get("n"); n != "old" {
					t.Errorf("n is %v", n)
				}
			})
		}
		time.Sleep(time.Millisecond) // some of them wait
		cancel()
	})
}

// TestChangeDuringTheSaveIsNotLost has a change that is too late for the save before the
// header. The save after it stores the change.
func TestChangeDuringTheSaveIsNotLost(t *testing.T) {
	s := newShop(t, "6.1", nil)
	key := s.visitor(map[string]any{"n": "old"})
	s.visit("sessionid="+key, func(w http.ResponseWriter, r *http.Request) {
		session := s.session(r)
		session.Set("n", "new")
		s.engine.saveWait = func(context.Context) error {
			s.engine.saveWait = nil
			session.Set("n", "during")
			return nil
		}
		w.WriteHeader(http.StatusOK)
	})
	if n := s.stored(key); n != "during" {
		t.Errorf("stored is %q", n)
	}
}

// TestGoroutineThatOutlivesTheResponse uses the session while it is saved.
func TestGoroutineThatOutlivesTheResponse(t *testing.T) {
	s := newShop(t, "6.1", nil)
	key := s.visitor(map[string]any{"n": "old"})
	var wg sync.WaitGroup
	s.visit("sessionid="+key, func(_ http.ResponseWriter, r *http.Request) {
		wg.Go(func() {
			for i := range 100 {
				s.session(r).Set("n", i)
			}
		})
	})
	wg.Wait()
}

// TestParallelRequestsLoseNothing sends 50 requests at once with one session, in rounds.
// Each adds a value. After merging, all are present.
func TestParallelRequestsLoseNothing(t *testing.T) {
	s := newShop(t, "6.1", nil)
	s.use(func(o *djangosession.Options) { o.MergeSaves = true })
	s.use(func(o *djangosession.Options) { o.Logger, o.OnSave = nil, nil })
	site := s.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.session(r).Set(r.URL.Query().Get("item"), true)
		w.WriteHeader(http.StatusNoContent)
	}))
	const rounds, requests = 20, 50 // compat_test has more
	for round := range rounds {
		key := s.visitor(map[string]any{"n": "old"})
		var wg sync.WaitGroup
		for i := range requests {
			wg.Go(func() {
				r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("/?item=i%d", i), http.NoBody)
				r.Header.Set("Cookie", "sessionid="+key)
				w := httptest.NewRecorder()
				site.ServeHTTP(w, r)
				if w.Code != http.StatusNoContent {
					t.Errorf("round %d: status %d", round, w.Code)
				}
			})
		}
		wg.Wait()
		session, err := s.Load(t.Context(), key)
		if err != nil || len(session.Keys()) != requests+1 {
			t.Fatalf("round %d: %d values, %v", round, len(session.Keys()), err)
		}
	}
}

// TestNoRequestUndoesALogout has many requests with one session, one of which flushes it.
// Later saves get status 400.
func TestNoRequestUndoesALogout(t *testing.T) {
	for _, merge := range []bool{false, true} {
		t.Run(fmt.Sprintf("merge %v", merge), func(t *testing.T) {
			s := newShop(t, "6.1", nil)
			s.use(func(o *djangosession.Options) { o.MergeSaves = merge })
			site := s.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				session := s.session(r)
				if r.URL.Path == "/logout" {
					if err := session.Flush(r.Context()); err != nil {
						t.Error(err)
					}
					return
				}
				session.Set("n", "new")
			}))
			for round := range 200 {
				key := s.visitor(map[string]any{"n": "old"})
				var wg sync.WaitGroup
				for i := range 10 {
					wg.Go(func() {
						path := "/"
						if i == 5 {
							path = "/logout"
						}
						r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
						r.Header.Set("Cookie", "sessionid="+key)
						w := httptest.NewRecorder()
						site.ServeHTTP(w, r)
						if w.Code != 200 && w.Code != 400 {
							t.Errorf("round %d: status %d", round, w.Code)
						}
					})
				}
				wg.Wait()
				if there, err := s.Exists(t.Context(), key); there || err != nil {
					t.Fatalf("round %d: the session is back, %v", round, err)
				}
			}
		})
	}
}
