package compat_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/memcached"
	"github.com/djangobridge/djangobridge/djangosession"
)

// memcachedEngine is an engine on a cache of its own, as another process would have.
func memcachedEngine(t *testing.T, location ...string) *caches.Engine {
	t.Helper()
	s := djangosession.NewSettings("compat-secret-key")
	s.SessionEngine = "django.contrib.sessions.backends.cache"
	s.SessionCache = memcachedCache("PyMemcacheCache", location...)
	e, err := caches.NewEngine(openMemcached(t, s, memcached.Options{}), s, caches.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func memcachedManager(t *testing.T, e djangosession.Engine) *djangosession.Manager {
	t.Helper()
	return newManager(t, e, djangosession.NewSettings("compat-secret-key"), djangosession.Options{})
}

// created saves a new session with these values and returns its key.
func created(t *testing.T, sessions *djangosession.Manager, values map[string]any) string {
	t.Helper()
	s := sessions.New()
	for name, v := range values {
		s.Set(name, v)
	}
	save(t, s)
	return s.Key()
}

// saysLoggedOut reports whether an error makes the caller forget the session.
func saysLoggedOut(err error) bool {
	return errors.Is(err, djangosession.ErrNoSession) || errors.Is(err, djangosession.ErrSessionGone) || errors.Is(err, caches.ErrMiss)
}

// TestMemcachedThatIsKilledUnderLoad: while the server is away, everything is an error
// and visitors keep their cookies. When it is back, nothing fails on an old connection.
func TestMemcachedThatIsKilledUnderLoad(t *testing.T) {
	t.Parallel()
	server := memcacheds(t, 1)[0]
	e := memcachedEngine(t, server.Addr())
	sessions := memcachedManager(t, e)
	handler := sessions.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := djangosession.FromContext(r.Context())
		if err != nil {
			http.Error(w, "try again later", http.StatusServiceUnavailable)
			return
		}
		s.Set("page", r.URL.Path)
	}))
	for round := range 3 {
		key := created(t, sessions, map[string]any{"a": 1})
		visit := func() *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("/%d", round), http.NoBody)
			r.AddCookie(&http.Cookie{Name: "sessionid", Value: key})
			handler.ServeHTTP(w, r)
			return w
		}
		var load sync.WaitGroup
		var down, back atomic.Bool
		var failed, served atomic.Int64
		for range 8 {
			load.Go(func() {
				for !back.Load() {
					wasDown := down.Load()
					w := visit()
					switch {
					case w.Code == http.StatusOK && !wasDown:
						served.Add(1)
					case w.Code == http.StatusOK:
						t.Error("a page was served without the server")
					case len(w.Header()["Set-Cookie"]) > 0 || w.Code < http.StatusInternalServerError:
						t.Errorf("status %d, cookies %q", w.Code, w.Header()["Set-Cookie"])
					default:
						failed.Add(1)
					}
				}
			})
		}
		time.Sleep(100 * time.Millisecond)
		if err := server.Kill(); err != nil {
			t.Fatal(err)
		}
		down.Store(true)
		for name, err := range map[string]error{
			"load": second(e.Load(t.Context(), key)), "exists": second(e.Exists(t.Context(), key)), "delete": e.Delete(t.Context(), key),
			"check": e.Check(t.Context()),
		} {
			if err == nil || saysLoggedOut(err) || strings.Contains(err.Error(), key) {
				t.Errorf("%s without the server: %v", name, err)
			}
		}
		time.Sleep(50 * time.Millisecond)
		back.Store(true)
		load.Wait()
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		t.Logf("%d pages served before, %d errors meanwhile", served.Load(), failed.Load())
		for range 100 {
			fresh := created(t, sessions, map[string]any{"a": 2})
			if _, err := e.Load(t.Context(), fresh); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestMemcachedThatRestartsBetweenRequests: connections that broke while they were idle
// cause no error.
func TestMemcachedThatRestartsBetweenRequests(t *testing.T) {
	t.Parallel()
	server := memcacheds(t, 1)[0]
	e := memcachedEngine(t, server.Addr())
	sessions := memcachedManager(t, e)
	for range 3 {
		var all sync.WaitGroup
		for range 20 { // so that there are many connections
			all.Go(func() { created(t, sessions, map[string]any{"a": 1}) })
		}
		all.Wait()
		if err := errors.Join(server.Kill(), server.Start()); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			all.Go(func() { created(t, sessions, map[string]any{"a": 1}) })
		}
		all.Wait()
	}
}

// TestMemcachedThatIsFull: a full server evicts sessions, or refuses new ones with -M. A
// session is never another one, and a refused save leaves the old one.
func TestMemcachedThatIsFull(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]string{"evicts": {"-m", "2"}, "refuses": {"-m", "2", "-M"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := memcachedEngine(t, memcacheds(t, 1, options...)[0].Addr())
			sessions := memcachedManager(t, e)
			text := map[string]string{}
			refused, evicted, gone := 0, 0, 0
			for n := range 4000 {
				s := sessions.New()
				value := fmt.Sprint(n, strings.Repeat("x", 2000))
				s.Set("text", value)
				if err := s.Save(t.Context()); err != nil {
					if saysLoggedOut(err) || strings.Contains(err.Error(), "xxx") {
						t.Fatal(err)
					}
					refused++
					continue
				}
				text[s.Key()] = value
			}
			for key, want := range text {
				r, err := e.Load(t.Context(), key)
				if errors.Is(err, djangosession.ErrNoSession) {
					evicted++
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if got, _ := r.Data.Get("text"); got != want {
					t.Fatal("the session is another one")
				}
				larger := want + strings.Repeat("y", 6000) // which needs another slab
				r.Data.Set("text", larger)
				r.ExpireAge = time.Hour
				switch err := e.Save(t.Context(), r); {
				case err == nil:
					want = larger
				case errors.Is(err, djangosession.ErrSessionGone):
					gone++
					continue
				default:
					refused++
				}
				again, err := e.Load(t.Context(), key)
				if errors.Is(err, djangosession.ErrNoSession) && name == "evicts" {
					evicted++
					continue
				}
				if err != nil {
					t.Fatalf("after a save: %v", err)
				}
				if got, _ := again.Data.Get("text"); got != want {
					t.Fatal("after a save, the session is neither the old nor the new one")
				}
			}
			if name == "evicts" && evicted == 0 || name == "refuses" && (evicted > 0 || refused == 0) {
				t.Errorf("%d evicted, %d refused", evicted, refused)
			}
			t.Logf("%d stored, %d evicted, %d refused, %d gone before the save", len(text), evicted, refused, gone)
		})
	}
}

// TestMemcachedKeepsTheOldSessionIfTheNewOneIsTooLarge also with Set: the server's own
// command set would remove the old value.
func TestMemcachedKeepsTheOldSessionIfTheNewOneIsTooLarge(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options []string
		size    int
	}{"1 MB": {nil, 2 << 20}, "512 KB": {[]string{"-I", "512k"}, 600 << 10}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := memcacheds(t, 1, c.options...)[0]
			e := memcachedEngine(t, server.Addr())
			sessions := memcachedManager(t, e)
			key := created(t, sessions, map[string]any{"a": 1})
			s, err := sessions.Load(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			s.Set("large", strings.Repeat("x", c.size))
			if err := s.Save(t.Context()); !errors.Is(err, caches.ErrTooLarge) || strings.Contains(err.Error(), "xxx") {
				t.Errorf("save: %v", err)
			}
			if r, err := e.Load(t.Context(), key); err != nil || r.Data.Len() != 1 {
				t.Errorf("the old session: %v", err)
			}
			settings := djangosession.NewSettings("compat-secret-key")
			settings.SessionCache = memcachedCache("PyMemcacheCache", server.Addr())
			cache := openMemcached(t, settings, memcached.Options{})
			at := caches.Key("django.contrib.sessions.cache"+key, "", "1")
			it, err := cache.Get(t.Context(), at)
			if err != nil {
				t.Fatal(err)
			}
			it.Value.Set("large", strings.Repeat("x", c.size))
			if err := cache.Set(t.Context(), at, it.Value, time.Hour); !errors.Is(err, caches.ErrTooLarge) {
				t.Errorf("set: %v", err)
			}
			if r, err := e.Load(t.Context(), key); err != nil || r.Data.Len() != 1 {
				t.Errorf("the old session after set: %v", err)
			}
		})
	}
}

// TestMemcachedThatIsSlow: a deadline ends an operation, and the next one works. Lost
// answers are errors or are found out.
func TestMemcachedThatIsSlow(t *testing.T) {
	t.Parallel()
	server := memcacheds(t, 1)[0]
	direct := memcachedEngine(t, server.Addr())
	for name, f := range map[string]fate{"held": held, "request lost": lostRequest, "answer lost": lostAnswer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newCable(t, server.Port)
			far := memcachedEngine(t, fmt.Sprintf("127.0.0.1:%d", w.port()))
			key := created(t, memcachedManager(t, far), map[string]any{"a": 1})
			r, err := far.Load(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			r.Data.Set("a", int64(2))
			r.ExpireAge = time.Hour
			late, err := w.strike(t, "REPLACE ", f, func(ctx context.Context) error { return far.Save(ctx, r) })
			if err == nil || saysLoggedOut(err) || f == held && !errors.Is(err, context.DeadlineExceeded) || late > 13*time.Second {
				t.Errorf("save: %v, %v after the deadline", err, late)
			}
			if f == held {
				w.deliver(t)
			}
			for range 20 {
				if _, err := far.Load(t.Context(), key); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := direct.Load(t.Context(), key); err != nil {
				t.Error(err)
			} else if v, _ := got.Data.Get("a"); (v == int64(2)) == (f == lostRequest) {
				t.Error("a lost request changed the session, or a delivered one did not")
			}
			if f == lostAnswer { // the engine finds out that the session was stored
				w.arm("ADD ", f)
				created(t, memcachedManager(t, far), map[string]any{"a": 1})
			}
		})
	}
}
