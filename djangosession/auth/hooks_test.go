package auth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// requested returns the path of the request to which the context of a hook belongs.
func requested(ctx context.Context) string {
	r, ok := djangosession.RequestFromContext(ctx)
	if !ok {
		return ""
	}
	return r.URL.Path
}

// visitWith sends a request with a session key to a handler.
func visitWith(ctx context.Context, t *testing.T, h http.Handler, path, key string) {
	t.Helper()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, path, http.NoBody)
	r.AddCookie(&http.Cookie{Name: "sessionid", Value: key})
	h.ServeHTTP(httptest.NewRecorder(), r)
}

// TestLoginIsObservedBeforeTheSessionIsSaved checks what OnLogin sees, as a receiver of
// user_logged_in does, and what it can change.
func TestLoginIsObservedBeforeTheSessionIsSaved(t *testing.T) {
	t.Parallel()
	var site *site
	var calls []string
	site = newSite(t, "5.2", func(_ *djangosession.Settings, o *auth.Options) {
		o.OnLogin = func(ctx context.Context, user *auth.User) {
			calls = append(calls, requested(ctx)+" "+user.Username)
			s, err := djangosession.FromContext(ctx)
			if err != nil {
				t.Fatal(err)
			}
			who, err := auth.UserFrom(ctx)
			if id, _ := s.Get(auth.SessionKey); id != "1" || who != user || err != nil {
				t.Errorf("the session is of %v, the user is %v, %v", id, who, err)
			}
			last := site.people.user("1").LastLogin
			if user.Backend != auth.ModelBackend || last.IsZero() || !user.LastLogin.Equal(last) {
				t.Errorf("backend %q, last login %v, stored %v", user.Backend, user.LastLogin, last)
			}
			stored := site.load(t, s.Key()) //nolint:contextcheck // with that of the test
			if stored.Contains(auth.SessionKey) || !stored.Contains("cart") {
				t.Error("the login is stored already, or the session does not have its new key")
			}
			s.Set("greeted", true)
		}
	})
	b := site.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/cart" {
			s, err := djangosession.FromContext(r.Context())
			if err != nil {
				t.Error(err)
				return
			}
			s.Set("cart", 1)
			return
		}
		if err := site.auth.Login(r.Context(), site.people.user("1")); err != nil {
			t.Error(err)
		}
		write(w, "logged in")
	}))
	b.get(t, "/cart")
	b.get(t, "/login")
	if !slices.Equal(calls, []string{"/login anne"}) {
		t.Errorf("calls %q", calls)
	}
	if s := site.load(t, b.key(t)); !s.Contains("greeted") || !s.Contains("cart") || !s.Contains(auth.SessionKey) {
		t.Error("the session was not stored with the login and the hook's value")
	}
}

func TestOnlyCompletedLoginsAreObserved(t *testing.T) {
	t.Parallel()
	calls := 0
	site := newSite(t, "5.2", func(_ *djangosession.Settings, o *auth.Options) {
		o.OnLogin = func(context.Context, *auth.User) { calls++ }
	})
	if err := site.auth.LoginSession(t.Context(), site.manager.New(), nil); !errors.Is(err, auth.ErrNilUser) || calls != 0 {
		t.Errorf("nil: %v, %d calls", err, calls)
	}
	site.people.noLogins = errAway
	if err := site.auth.LoginSession(t.Context(), site.manager.New(), site.people.user("1")); !errors.Is(err, errAway) || calls != 0 {
		t.Errorf("without last_login: %v, %d calls", err, calls)
	}
	b := site.serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := site.auth.Login(r.Context(), site.people.user("1")); !errors.Is(err, errAway) {
			t.Errorf("without last_login: %v", err)
		}
	}))
	b.get(t, "/")
	site.people.noLogins = nil
	if calls != 0 {
		t.Errorf("%d calls", calls)
	}
	if err := site.auth.LoginSession(t.Context(), site.manager.New(), site.people.user("1")); err != nil || calls != 1 {
		t.Errorf("login: %v, %d calls", err, calls)
	}
}

// TestLogoutIsObservedBeforeTheSessionIsFlushed checks what OnLogout sees, as a receiver
// of user_logged_out does.
func TestLogoutIsObservedBeforeTheSessionIsFlushed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		visitor   bool
		readOnly  bool
		usersAway bool
		effective string
		leaves    bool // the client leaves before the logout
		want      []string
	}{
		{name: "user", want: []string{"/out bob, cart true"}},
		{name: "visitor", visitor: true, want: []string{"/out AnonymousUser, cart true"}},
		{name: "impersonated user", effective: "1", want: []string{"/out anne, cart true"}},
		{name: "users that cannot be read", usersAway: true, want: []string{"/out AnonymousUser, cart true"}},
		{name: "client that has left", leaves: true, want: []string{"/out bob, cart true"}},
		{name: "read-only", readOnly: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var calls []string
			site := newSite(t, "5.2", nil)
			o := site.options
			o.OnLogout = func(ctx context.Context, user *auth.User) {
				s, err := djangosession.FromContext(ctx)
				if err != nil || ctx.Err() != nil {
					t.Errorf("%v, %v", err, ctx.Err())
					return
				}
				cart := "false"
				if s.Contains("cart") {
					cart = "true"
				}
				calls = append(calls, requested(ctx)+" "+user.String()+", cart "+cart)
				if who, err := auth.UserFrom(ctx); !c.usersAway && (who != user || err != nil) {
					t.Errorf("the user is %v, %v", who, err)
				}
			}
			if c.effective != "" {
				o.EffectiveUser = func(*http.Request, *djangosession.Session, *auth.User) (*auth.User, error) {
					return site.people.user(c.effective), nil
				}
			}
			site.options = o
			site.with(t, djangosession.Options{})
			s := site.login(t, "2")
			if c.visitor {
				s = site.manager.New()
			}
			s.Set("cart", 1)
			save(t, s)
			if c.readOnly {
				site.with(t, djangosession.Options{ReadOnly: true})
			}
			if c.usersAway {
				site.people.failure = errAway
			}
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			h := site.manager.Middleware(site.auth.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if c.leaves {
					leave()
				}
				var want error
				if c.readOnly {
					want = djangosession.ErrReadOnly
				}
				if err := site.auth.Logout(r.Context()); !errors.Is(err, want) {
					t.Errorf("error %v, want %v", err, want)
				}
			})))
			visitWith(ctx, t, h, "/out", s.Key())
			if !slices.Equal(calls, c.want) {
				t.Errorf("calls %q, want %q", calls, c.want)
			}
			if site.stored(s.Key()) != c.readOnly {
				t.Errorf("stored %v", !c.readOnly)
			}
		})
	}
}

func TestLogoutOfAnySessionIsObserved(t *testing.T) {
	t.Parallel()
	var calls []string
	site := newSite(t, "5.2", func(_ *djangosession.Settings, o *auth.Options) {
		o.OnLogout = func(_ context.Context, user *auth.User) { calls = append(calls, user.String()) }
	})
	for _, s := range []*djangosession.Session{
		site.login(t, "1"), site.manager.New(),
		site.session(t, map[string]any{auth.SessionKey: "1", auth.BackendSessionKey: auth.ModelBackend, auth.HashSessionKey: "x"}),
	} {
		if err := site.auth.LogoutSession(t.Context(), s); err != nil {
			t.Error(err)
		}
	}
	if !slices.Equal(calls, []string{"anne", "AnonymousUser", "AnonymousUser"}) {
		t.Errorf("calls %q", calls)
	}
	site.login(t, "1")
	if n, err := site.auth.LogoutEverywhere(t.Context(), "1"); n != 1 || err != nil || len(calls) != 3 {
		t.Errorf("logged out %d, %v; calls %q", n, err, calls)
	}
}

func TestLogoutLooksUpNoUserWithoutAHook(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2", nil)
	s := site.login(t, "1")
	if err := site.auth.LogoutSession(t.Context(), s); err != nil || site.people.asked["Get"] != 0 {
		t.Errorf("%v after %d queries", err, site.people.asked["Get"])
	}
}

// TestFailedLoginsAreObserved checks that OnLoginFailed is called for credentials that
// are refused, and for no other failure.
func TestFailedLoginsAreObserved(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, username, password string
		prepare                  func(site *site)
		backends                 []string
		err                      error
		observed                 bool
	}{
		{name: "right password", username: "anne", password: "password"},
		{name: "wrong password", username: "anne", password: "x", err: auth.ErrBadCredentials, observed: true},
		{name: "unknown name", username: "carol", password: "x", err: auth.ErrBadCredentials, observed: true},
		{
			name: "inactive user", username: "anne", password: "password", err: auth.ErrBadCredentials, observed: true,
			prepare: func(site *site) { site.people.byID["1"].inactive = true },
		},
		{
			name: "unknown hasher", username: "anne", password: "password", err: auth.ErrUnknownHasher, observed: true,
			prepare: func(site *site) { site.people.byID["1"].password = "argon9$x$y$z" },
		},
		{
			name: "users that cannot be read", username: "anne", password: "password", err: errAway,
			prepare: func(site *site) { site.people.failure = errAway },
		},
		{
			name: "unknown backend", username: "anne", password: "password", err: auth.ErrBackend,
			backends: []string{"axes.backends.AxesStandaloneBackend", auth.ModelBackend},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			var observed error
			site := newSite(t, "5.2", func(s *djangosession.Settings, o *auth.Options) {
				if c.backends != nil {
					s.AuthenticationBackends = c.backends
				}
				o.OnLoginFailed = func(ctx context.Context, username string, err error) {
					if username != c.username || ctx.Err() != nil {
						t.Errorf("username %q, %v", username, ctx.Err())
					}
					calls++
					observed = err
				}
			})
			if c.prepare != nil {
				c.prepare(site)
			}
			_, err := site.auth.Authenticate(t.Context(), c.username, c.password)
			if !errors.Is(err, c.err) || (calls == 1) != c.observed || c.observed && !errors.Is(observed, err) {
				t.Errorf("error %v, want %v; %d calls with %v", err, c.err, calls, observed)
			}
		})
	}
}

// TestPanicOfAHookStoresNoLogin has an OnLogin that panics.
func TestPanicOfAHookStoresNoLogin(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2", func(_ *djangosession.Settings, o *auth.Options) {
		o.OnLogin = func(context.Context, *auth.User) { panic("broken") }
	})
	h := site.manager.Middleware(site.auth.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_ = site.auth.Login(r.Context(), site.people.user("1"))
	})))
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is gone")
			}
		}()
		visitWith(t.Context(), t, h, "/", "")
	}()
	for r, err := range site.manager.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if id, there := r.Data.Get(auth.SessionKey); there {
			t.Errorf("a login of %v is stored", id)
		}
	}
}
