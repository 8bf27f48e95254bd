package auth_test

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/py"
)

// ask sends a request with the cookie of a session through the middlewares.
func (s *site) ask(ctx context.Context, key string, h http.HandlerFunc) {
	s.answer(ctx, httptest.NewRecorder(), key, h)
}

// answer is ask with a given response.
func (s *site) answer(ctx context.Context, w http.ResponseWriter, key string, h http.HandlerFunc) {
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody)
	r.AddCookie(&http.Cookie{Name: "sessionid", Value: key})
	s.manager.Middleware(s.auth.Middleware(h)).ServeHTTP(w, r)
}

// namingHandler is a log handler that adds the user of the request to each line.
type namingHandler struct {
	slog.Handler
	failed int
}

func (h *namingHandler) Handle(ctx context.Context, r slog.Record) error {
	if _, err := auth.UserFrom(ctx); err != nil {
		h.failed++
	}
	return h.Handler.Handle(ctx, r)
}

// TestWhoIsCalledMeanwhileMayAskForTheUser asks in a logger and in a hook that are called
// while the user is being determined.
func TestWhoIsCalledMeanwhileMayAskForTheUser(t *testing.T) {
	t.Parallel()
	handler := &namingHandler{Handler: slog.NewTextHandler(t.Output(), nil)}
	site := newSite(t, "5.2.19", func(_ *djangosession.Settings, o *auth.Options) {
		o.Logger = slog.New(handler)
		o.OnRefused = func(ctx context.Context, _ auth.Reason) {
			if _, err := auth.UserFrom(ctx); err == nil || errors.Is(err, auth.ErrNoMiddleware) {
				t.Errorf("the hook gets %v", err)
			}
		}
	})
	key := site.session(t, bob(map[string]any{auth.SessionKey: "3"})).Key()
	done := make(chan struct{})
	go func() {
		defer close(done)
		site.ask(context.Background(), key, func(_ http.ResponseWriter, r *http.Request) {
			if u, err := auth.UserFrom(r.Context()); u != nil || err != nil {
				t.Errorf("%v, %v", u, err)
			}
		})
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("they wait for each other")
	}
	if handler.failed != 1 {
		t.Errorf("the logger got %d errors, want 1", handler.failed)
	}
}

// TestLogoutOutlivesItsClient: the client disconnects before the handler logs it out.
func TestLogoutOutlivesItsClient(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	key := site.login(t, "2").Key()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	site.ask(gone, key, func(_ http.ResponseWriter, r *http.Request) {
		if err := site.auth.Logout(r.Context()); err != nil {
			t.Error(err)
		}
	})
	if site.stored(key) {
		t.Error("still logged in")
	}
}

// elusive is an engine whose first listing misses its sessions, as if their keys changed
// during it.
type elusive struct {
	*memory.Engine
	passes int
}

func (e *elusive) Records(ctx context.Context) iter.Seq2[*djangosession.Record, error] {
	if e.passes++; e.passes == 1 {
		return func(func(*djangosession.Record, error) bool) {}
	}
	return e.Engine.Records(ctx)
}

func TestLogoutEverywhereLooksAgain(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	key := site.login(t, "2").Key()
	manager, err := djangosession.NewManager(&elusive{Engine: site.engine}, site.manager.Settings(), djangosession.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := auth.New(manager, site.people, auth.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := a.LogoutElsewhere(t.Context(), "2", nil); n != 1 || err != nil || site.stored(key) {
		t.Errorf("%d sessions, %v", n, err)
	}
}

// exact implements IDComparer: ids are the same only as the same text.
type exact struct{ *memoryUsers }

func (exact) SameID(a, b string) bool { return a == b }

// TestUsersSayWhichIDsAreTheSame. Without IDComparer, two spellings of a UUID are the
// same.
func TestUsersSayWhichIDsAreTheSame(t *testing.T) {
	t.Parallel()
	const id, otherwise = "550e8400-e29b-41d4-a716-446655440000", "550E8400E29B41D4A716446655440000"
	site := newSite(t, "5.2.19", nil)
	for users, want := range map[auth.Users]int{exact{site.people}: 0, site.people: 1} {
		site.session(t, map[string]any{auth.SessionKey: id})
		a, err := auth.New(site.manager, users, auth.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := a.LogoutEverywhere(t.Context(), otherwise); n != want || err != nil {
			t.Errorf("%T: %d sessions, %v", users, n, err)
		}
		if _, err := a.LogoutEverywhere(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
}

// TestLoginsOfPython2 uses values that a Python 2 site pickles as its str.
func TestLoginsOfPython2(t *testing.T) {
	t.Parallel()
	site := newSite(t, "1.11.29", func(s *djangosession.Settings, _ *auth.Options) {
		s.SessionSerializer = "django.contrib.sessions.serializers.PickleSerializer"
	})
	old := func(hash string) map[string]any {
		return map[string]any{
			auth.SessionKey: py.Str2("2"), auth.BackendSessionKey: py.Str2(auth.ModelBackend), auth.HashSessionKey: py.Str2(hash),
		}
	}
	s := site.session(t, old(sha1Hash))
	if state := site.state(t, s); state.User == nil || state.User.Username != "bob" || s.Modified() {
		t.Errorf("state %+v", state)
	}
	if state := site.state(t, site.session(t, old(newHash))); state.Reason != auth.BadHash {
		t.Errorf("with another hash: %+v", state)
	}
	key := s.Key()
	if err := site.auth.LoginSession(t.Context(), s, site.people.user("2")); err != nil || s.Key() != key {
		t.Errorf("a second login: %v, new key %v", err, s.Key() != key)
	}
	if n, err := site.auth.LogoutEverywhere(t.Context(), "2"); n != 1 || err != nil {
		t.Errorf("%d sessions, %v", n, err)
	}
}
