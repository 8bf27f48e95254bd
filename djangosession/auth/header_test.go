package auth_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// rotatedSite is a site whose SECRET_KEY has changed and whose old key is a fallback.
func rotatedSite(t *testing.T) *site {
	t.Helper()
	return newSite(t, "5.2.19", func(s *djangosession.Settings, _ *auth.Options) {
		s.SecretKey, s.SecretKeyFallbacks = "new", []string{secretKey}
	})
}

// sendHeader lists all ways to send the header of a response.
var sendHeader = map[string]func(t *testing.T, w http.ResponseWriter){
	"Flush": func(t *testing.T, w http.ResponseWriter) {
		t.Helper()
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Error(err)
		}
	},
	"Write": func(_ *testing.T, w http.ResponseWriter) { write(w, "a") },
	"Hijack": func(t *testing.T, w http.ResponseWriter) {
		t.Helper()
		conn, buffer, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		t.Cleanup(func() { _ = conn.Close() })
		_, _ = buffer.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: close\r\n\r\n")
		_ = buffer.Flush()
	},
}

// late sends a request with the cookie of a session to a real server, whose handler sends
// the header and calls do. It returns the cookies of the response and the errors that the
// session middleware reported.
func (s *site) late(
	t *testing.T, key string, send func(*testing.T, http.ResponseWriter),
	do func(ctx context.Context, session *djangosession.Session),
) (cookies []*http.Cookie, reported string) {
	t.Helper()
	var log bytes.Buffer
	s.with(t, djangosession.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	done := make(chan struct{})
	inner := s.manager.Middleware(s.auth.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		session, err := djangosession.FromContext(r.Context())
		if err != nil {
			t.Error(err)
			return
		}
		session.SetAccessed(true) // adds Vary: Cookie to the header
		send(t, w)
		do(r.Context(), session)
	})))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		inner.ServeHTTP(w, r)
	}))
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: "sessionid", Value: key})
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	<-done
	_ = response.Body.Close()
	return response.Cookies(), log.String()
}

func TestAskingForTheUserAfterTheHeaderKeepsTheKey(t *testing.T) {
	t.Parallel()
	for name, send := range sendHeader {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := rotatedSite(t)
			key := site.session(t, bob(nil)).Key()
			cookies, reported := site.late(t, key, send, func(ctx context.Context, s *djangosession.Session) {
				if u, err := auth.UserFrom(ctx); err != nil || u == nil || u.ID != "2" {
					t.Errorf("user %v, %v", u, err)
				}
				if hash, _ := s.Get(auth.HashSessionKey); hash != sha256Hash || s.Key() != key || s.Modified() {
					t.Errorf("the session was changed: another key %v", s.Key() != key)
				}
			})
			if !site.stored(key) || len(cookies) > 0 || reported != "" {
				t.Errorf("stored %v, %d cookies, reported %q", site.stored(key), len(cookies), reported)
			}
			// The next request that asks before the header renews the session.
			site.ask(t.Context(), key, func(_ http.ResponseWriter, r *http.Request) {
				if u, err := auth.UserFrom(r.Context()); err != nil || u == nil {
					t.Errorf("the next request: user %v, %v", u, err)
				}
			})
			if left := keys(t, site); site.stored(key) || len(left) != 1 || !site.load(t, left[0]).Contains("cart") {
				t.Errorf("the next request: %d sessions", len(left))
			}
		})
	}
}

// TestStateAfterTheHeaderKeepsTheKey asks for the state of a session outside the
// middleware of this package, once for the session of the request, once for one loaded
// with the key in its cookie.
func TestStateAfterTheHeaderKeepsTheKey(t *testing.T) {
	t.Parallel()
	site := rotatedSite(t)
	key := site.session(t, bob(nil)).Key()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	r.AddCookie(&http.Cookie{Name: "sessionid", Value: key})
	site.manager.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := djangosession.FromContext(r.Context())
		if err != nil {
			t.Fatal(err)
		}
		write(w, "a")
		again, err := site.manager.Load(r.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []*djangosession.Session{s, again} {
			state, err := site.auth.State(r.Context(), s)
			if err != nil || state.User == nil || s.Key() != key {
				t.Errorf("%+v, %v", state, err)
			}
		}
	})).ServeHTTP(w, r)
	if !site.stored(key) || len(w.Result().Cookies()) > 0 {
		t.Error("the session was changed")
	}
}

// pausing is an engine that pauses before it moves a session to a new key.
type pausing struct {
	*memory.Engine
	reached, proceed chan struct{}
}

func (e *pausing) Cycle(ctx context.Context, old string, change func(*djangosession.Record) error) error {
	close(e.reached)
	<-e.proceed
	return e.Engine.Cycle(ctx, old, change)
}

// TestHeaderWaitsForAKeyThatIsBeingChanged sends the header while another goroutine
// changes the key.
func TestHeaderWaitsForAKeyThatIsBeingChanged(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*site, context.Context) error{
		"UserFrom":              func(_ *site, ctx context.Context) error { _, err := auth.UserFrom(ctx); return err },
		"Login":                 func(s *site, ctx context.Context) error { return s.auth.Login(ctx, s.people.user("2")) },
		"UpdateSessionAuthHash": func(s *site, ctx context.Context) error { return s.auth.UpdateSessionAuthHash(ctx, s.people.user("2")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site, values := newSite(t, "5.2.19", nil), bob(nil)
			switch name {
			case "UserFrom":
				site = rotatedSite(t)
			case "Login":
				values = map[string]any{"cart": 1}
			}
			key := site.session(t, values).Key()
			synctest.Test(t, func(t *testing.T) {
				engine := &pausing{Engine: site.engine, reached: make(chan struct{}), proceed: make(chan struct{})}
				var log bytes.Buffer
				site.build(t, engine, site.manager.Settings(), djangosession.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
				response := httptest.NewRecorder()
				site.answer(t.Context(), response, key, func(w http.ResponseWriter, r *http.Request) {
					done := make(chan error, 1)
					go func() { done <- change(site, r.Context()) }() //nolint:contextcheck // the request's
					<-engine.reached
					go func() {
						synctest.Wait() // until the header waits
						if response.Flushed {
							t.Error("the header was sent before the key was changed")
						}
						close(engine.proceed)
					}()
					sendHeader["Flush"](t, w)
					if err := <-done; err != nil {
						t.Error(err)
					}
				})
				left, cookies := keys(t, site), response.Result().Cookies()
				if len(left) != 1 || len(cookies) != 1 || cookies[0].Value != left[0] || left[0] == key || log.Len() > 0 {
					t.Fatalf("%d sessions, cookies %v, reported %q", len(left), cookies, log.String())
				}
				if state := site.state(t, site.load(t, left[0])); state.User == nil {
					t.Errorf("%+v", state)
				}
			})
		})
	}
}

func TestSessionWithAWrongHashIsDeletedAfterTheHeaderToo(t *testing.T) {
	t.Parallel()
	for name, send := range sendHeader {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := newSite(t, "5.2.19", nil)
			key := site.session(t, bob(map[string]any{auth.HashSessionKey: newHash})).Key()
			cookies, reported := site.late(t, key, send, func(ctx context.Context, _ *djangosession.Session) {
				if state, err := auth.StateFrom(ctx); err != nil || state.Reason != auth.BadHash {
					t.Errorf("%+v, %v", state, err)
				}
			})
			if n := len(keys(t, site)); n != 0 || len(cookies) > 0 || reported != "" {
				t.Errorf("%d sessions, %d cookies, reported %q", n, len(cookies), reported)
			}
		})
	}
}

// TestLoginAfterTheHeaderChangesNothing logs in and changes passwords too late for a
// cookie.
func TestLoginAfterTheHeaderChangesNothing(t *testing.T) {
	t.Parallel()
	for sent, send := range sendHeader {
		for name, c := range map[string]struct {
			before map[string]any
			do     func(ctx context.Context, site *site, s *djangosession.Session) error
		}{
			"login of a visitor": {
				before: map[string]any{"cart": 1},
				do: func(ctx context.Context, site *site, _ *djangosession.Session) error {
					return site.auth.Login(ctx, site.people.user("1"))
				},
			},
			"login as another user": {
				before: bob(nil),
				do: func(ctx context.Context, site *site, _ *djangosession.Session) error {
					return site.auth.Login(ctx, site.people.user("1"))
				},
			},
			"login of the request's session": {
				before: bob(nil),
				do: func(ctx context.Context, site *site, s *djangosession.Session) error {
					return site.auth.LoginSession(ctx, s, site.people.user("2"))
				},
			},
			"new password": {
				before: bob(nil),
				do: func(ctx context.Context, site *site, _ *djangosession.Session) error {
					return site.auth.UpdateSessionAuthHash(ctx, site.people.user("2"))
				},
			},
			"another user's new password": {
				before: bob(nil),
				do: func(ctx context.Context, site *site, _ *djangosession.Session) error {
					return site.auth.UpdateSessionAuthHash(ctx, site.people.user("1"))
				},
			},
			"new password of the request's session": {
				before: bob(nil),
				do: func(ctx context.Context, site *site, s *djangosession.Session) error {
					return site.auth.UpdateSession(ctx, s, site.people.user("2"))
				},
			},
		} {
			t.Run(sent+"/"+name, func(t *testing.T) {
				t.Parallel()
				site := newSite(t, "5.2.19", nil)
				key := site.session(t, c.before).Key()
				row, _, _ := site.engine.Row(key)
				id, loggedIn := c.before[auth.SessionKey]
				cookies, reported := site.late(t, key, send, func(ctx context.Context, s *djangosession.Session) {
					if err := c.do(ctx, site, s); !errors.Is(err, djangosession.ErrHeaderSent) {
						t.Errorf("error %v", err)
					}
					u, err := auth.UserFrom(ctx)
					if err != nil || (u != nil) != loggedIn || u != nil && u.ID != id {
						t.Errorf("then the user is %v, %v", u, err)
					}
					if s.Key() != key || s.Modified() {
						t.Error("the session was changed")
					}
				})
				after, _, _ := site.engine.Row(key)
				if n := len(keys(t, site)); n != 1 || after != row || len(cookies) > 0 || reported != "" {
					t.Errorf("%d sessions, %d cookies, reported %q", n, len(cookies), reported)
				}
				if site.people.asked["SetLastLogin"] > 0 {
					t.Error("last_login was stored")
				}
			})
		}
	}
}

func TestLogoutAfterTheHeaderDeletesTheSession(t *testing.T) {
	t.Parallel()
	for name, send := range sendHeader {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := newSite(t, "5.2.19", nil)
			key := site.session(t, bob(nil)).Key()
			_, reported := site.late(t, key, send, func(ctx context.Context, _ *djangosession.Session) {
				if err := site.auth.Logout(ctx); err != nil {
					t.Error(err)
				}
				if u, err := auth.UserFrom(ctx); u != nil || err != nil {
					t.Errorf("user %v, %v", u, err)
				}
			})
			if n := len(keys(t, site)); n != 0 || reported != "" {
				t.Errorf("%d sessions, reported %q", n, reported)
			}
		})
	}
}

// TestLoginOfAnotherSessionIsPossibleAfterTheHeader covers sessions whose key the caller
// delivers.
func TestLoginOfAnotherSessionIsPossibleAfterTheHeader(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	key := site.session(t, map[string]any{"cart": 1}).Key()
	other := site.manager.New()
	site.late(t, key, sendHeader["Flush"], func(ctx context.Context, _ *djangosession.Session) {
		if err := site.auth.LoginSession(ctx, other, site.people.user("2")); err != nil {
			t.Error(err)
		}
	})
	save(t, other)
	if state := site.state(t, site.load(t, other.Key())); state.User == nil {
		t.Errorf("%+v", state)
	}
}

// TestUpdateOfAFlushedSessionStoresNothing changes the password in a request whose
// session had a wrong hash. It fails, and must not leave a session to which no browser
// has the cookie.
func TestUpdateOfAFlushedSessionStoresNothing(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	key := site.session(t, bob(map[string]any{auth.HashSessionKey: newHash})).Key()
	site.ask(t.Context(), key, func(w http.ResponseWriter, r *http.Request) {
		if err := site.auth.UpdateSessionAuthHash(r.Context(), site.people.user("2")); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusInternalServerError)
	})
	if n := len(keys(t, site)); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}

// TestFailedLoginOfAnotherSessionAfterTheHeaderIsAnError lets Users fail.
func TestFailedLoginOfAnotherSessionAfterTheHeaderIsAnError(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	site.people.noLogins = errAway
	key := site.session(t, map[string]any{"cart": 1}).Key()
	other := site.manager.New()
	site.late(t, key, sendHeader["Flush"], func(ctx context.Context, _ *djangosession.Session) {
		if err := site.auth.LoginSession(ctx, other, site.people.user("2")); !errors.Is(err, errAway) {
			t.Error(err)
		}
	})
	if other.Contains(auth.SessionKey) {
		t.Error("the session holds the login")
	}
}
