package compat_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/tables"
)

// httpRounds is how often requests with one session are sent at the same time, and
// httpAtOnce how many.
const (
	httpRounds = 200
	httpAtOnce = 50
)

// inEach runs a test with sessions in SQLite and in memory.
func inEach(t *testing.T, run func(t *testing.T, engine djangosession.Engine)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		engine, err := memory.New(djangosession.NewSettings(httpSecret))
		if err != nil {
			t.Fatal(err)
		}
		run(t, engine)
	})
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		run(t, crowdedSQLite(t))
	})
}

func crowdedSQLite(t *testing.T) djangosession.Engine {
	t.Helper()
	db, dialect, err := openSource("sqlite", "file:"+newDatabase(t, "sqlite").name+"?_busy_timeout=10&_synchronous=OFF")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(8)
	engine, err := tables.New(db, djangosession.NewSettings(httpSecret), tables.Options{Dialect: dialect, LockWait: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if err := engine.CreateTable(t.Context()); err != nil {
		t.Fatal(err)
	}
	return engine
}

// crowd is a site whose sessions are merged.
func crowd(
	t *testing.T, engine djangosession.Engine, handler func(*http.Request, *djangosession.Session),
) (*djangosession.Manager, http.Handler) {
	t.Helper()
	sessions := newManager(t, engine, djangosession.NewSettings(httpSecret), djangosession.Options{
		MergeSaves: true, SaveTimeout: time.Minute, Logger: slog.New(slog.DiscardHandler),
		OnError: func(_ context.Context, err error) {
			if !errors.Is(err, djangosession.ErrSessionGone) {
				t.Error(err)
			}
		},
	})
	site := sessions.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		session, err := djangosession.FromContext(r.Context())
		if err != nil {
			t.Error(err)
			return
		}
		handler(r, session)
	}))
	return sessions, site
}

// atOnce sends requests with this session, each to the path of its number, and returns
// the statuses.
func atOnce(t *testing.T, site http.Handler, key string) []int {
	t.Helper()
	statuses := make([]int, httpAtOnce)
	var wg sync.WaitGroup
	for i := range statuses {
		wg.Go(func() {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("/item%d", i), http.NoBody)
			r.Header.Set("Cookie", "sessionid="+key)
			w := httptest.NewRecorder()
			site.ServeHTTP(w, r)
			statuses[i] = w.Code
		})
	}
	wg.Wait()
	return statuses
}

// TestParallelRequestsLoseNothing has each request add a value to the session.
func TestParallelRequestsLoseNothing(t *testing.T) {
	t.Parallel()
	inEach(t, func(t *testing.T, engine djangosession.Engine) {
		sessions, site := crowd(t, engine, func(r *http.Request, s *djangosession.Session) {
			s.Set(strings.TrimPrefix(r.URL.Path, "/"), true)
		})
		for round := range httpRounds {
			first := sessions.New()
			save(t, first)
			for i, status := range atOnce(t, site, first.Key()) {
				if status != http.StatusOK {
					t.Errorf("round %d, request %d: status %d", round, i, status)
				}
			}
			end, err := sessions.Load(t.Context(), first.Key())
			if err != nil || len(end.Keys()) != httpAtOnce {
				t.Fatalf("round %d: %d values, %v", round, len(end.Keys()), err)
			}
		}
	})
}

// TestParallelRequestsDoNotUndoALogout has one request log out while the others change
// the session.
func TestParallelRequestsDoNotUndoALogout(t *testing.T) {
	t.Parallel()
	inEach(t, func(t *testing.T, engine djangosession.Engine) {
		sessions, site := crowd(t, engine, func(r *http.Request, s *djangosession.Session) {
			switch {
			case r.URL.Path == "/item7":
				if err := s.Flush(r.Context()); err != nil {
					t.Error(err)
				}
			case s.Key() != "": // a new session would have a new key, and nothing to undo
				s.Set(strings.TrimPrefix(r.URL.Path, "/"), true)
			}
		})
		interrupted := 0
		for round := range httpRounds {
			first := sessions.New()
			save(t, first)
			for i, status := range atOnce(t, site, first.Key()) {
				if status == http.StatusBadRequest {
					interrupted++
				} else if status != http.StatusOK {
					t.Errorf("round %d, request %d: status %d", round, i, status)
				}
			}
			if there, err := sessions.Exists(t.Context(), first.Key()); there || err != nil {
				t.Fatalf("round %d: the session is back, %v", round, err)
			}
		}
		t.Logf("%d of %d requests were interrupted", interrupted, httpRounds*httpAtOnce)
		if interrupted == 0 {
			t.Error("no request came between load and save; the test has shown nothing")
		}
	})
}
