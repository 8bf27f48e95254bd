package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// impersonate returns a hook that selects the user in the session value "as": another
// user, "nobody" for nil, "away" for an error, "logout" for the end of the login, or
// "switch" for that and another user. It appends the user it receives to asked.
func (s *site) impersonate(asked *[]string) auth.EffectiveUser {
	return func(r *http.Request, session *djangosession.Session, user *auth.User) (*auth.User, error) {
		*asked = append(*asked, fmt.Sprint(user, " ", r.URL.Path))
		if _, err := auth.UserFrom(r.Context()); err == nil || errors.Is(err, auth.ErrNoMiddleware) {
			return nil, fmt.Errorf("the hook is answered: %w", err)
		}
		switch as, _ := session.Get("as"); as {
		case nil:
			return user, nil
		case "nobody":
			return nil, nil
		case "away":
			return nil, errAway
		case "logout":
			return user, s.auth.LogoutSession(r.Context(), session)
		case "switch":
			if err := s.auth.LogoutSession(r.Context(), session); err != nil {
				return nil, err
			}
			return s.people.Get(r.Context(), "1")
		default:
			return s.people.Get(r.Context(), as.(string))
		}
	}
}

var errAway = errors.New("the database is away")

// effectiveSite is a site with such a hook. Anne has a permission, bob does not.
func effectiveSite(t *testing.T) (s *site, asked *[]string) {
	t.Helper()
	asked = new([]string)
	s = newSite(t, "5.2.19", func(_ *djangosession.Settings, o *auth.Options) {
		o.EffectiveUser = func(r *http.Request, session *djangosession.Session, user *auth.User) (*auth.User, error) {
			return s.impersonate(asked)(r, session, user)
		}
	})
	s.people.byID["1"].permissions = []string{"shop.add_order"}
	return s, asked
}

func TestEffectiveUserIsTheUserOfTheRequest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name            string
		session         map[string]any
		user, real      string // "" for nil
		reason          auth.Reason
		failure         error
		asked           string
		deleted, noHash bool
	}{
		{name: "without another user", session: bob(nil), user: "bob", real: "bob", asked: "[bob /]"},
		{name: "another user", session: bob(map[string]any{"as": "1"}), user: "anne", real: "bob", asked: "[bob /]"},
		{name: "nobody", session: bob(map[string]any{"as": "nobody"}), real: "bob", reason: auth.NoEffectiveUser, asked: "[bob /]"},
		{name: "an error", session: bob(map[string]any{"as": "away"}), failure: errAway, asked: "[bob / bob / bob / bob / bob /]"},
		{name: "a logout", session: bob(map[string]any{"as": "logout"}), reason: auth.NotLoggedIn, asked: "[bob /]", deleted: true},
		{
			name: "a logout and another user", session: bob(map[string]any{"as": "switch"}),
			user: "anne", asked: "[bob /]", deleted: true,
		},
		{name: "a visitor", session: map[string]any{"cart": 1}, reason: auth.NotLoggedIn, asked: "[AnonymousUser /]"},
		{name: "another user for a visitor", session: map[string]any{"as": "1"}, user: "anne", asked: "[AnonymousUser /]"},
		{
			name: "an invalid login", session: bob(map[string]any{auth.SessionKey: "3", "as": "nobody"}),
			reason: auth.NoSuchUser, asked: "[AnonymousUser /]",
		},
		{
			name: "a login with a wrong hash", session: bob(map[string]any{auth.HashSessionKey: newHash, "as": "1"}),
			reason: auth.BadHash, asked: "[AnonymousUser /]", deleted: true,
		},
	} {
		site, asked := effectiveSite(t)
		key := site.session(t, c.session).Key()
		site.ask(t.Context(), key, func(_ http.ResponseWriter, r *http.Request) {
			ctx := r.Context()
			for range 2 {
				login, err := auth.RealUserFrom(ctx)
				if !errors.Is(err, c.failure) || c.failure == nil && name(login) != c.real {
					t.Errorf("%s: really %v, %v", c.name, login, err)
				}
				state, err := auth.StateFrom(ctx)
				if !errors.Is(err, c.failure) || c.failure == nil && (name(state.User) != c.user || state.Reason != c.reason) {
					t.Errorf("%s: %+v, %v", c.name, state, err)
				}
			}
			u, err := auth.UserFrom(ctx)
			if !errors.Is(err, c.failure) {
				t.Errorf("%s: %v", c.name, err)
			}
			if u == nil {
				return
			}
			may, err := u.HasPerm(ctx, "shop.add_order")
			if err != nil || may != (c.user == "anne") {
				t.Errorf("%s: permission %v, %v", c.name, may, err)
			}
			if want := auth.ModelBackend; c.real != "" && u.Backend != want {
				t.Errorf("%s: backend %q", c.name, u.Backend)
			}
		})
		if fmt.Sprint(*asked) != c.asked || site.stored(key) == c.deleted {
			t.Errorf("%s: asked about %v, stored %v", c.name, *asked, site.stored(key))
		}
	}
}

func name(u *auth.User) string {
	if u == nil {
		return ""
	}
	return u.Username
}

// TestLoginsAreAboutTheRealUser changes the login while another user is the effective
// one.
func TestLoginsAreAboutTheRealUser(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		do         func(ctx context.Context, s *site) error
		user, real string
		session    string // owner of the session's login afterwards
		asks       int    // expected calls of the hook
		as         bool   // in the next request, the other user is the effective one
	}{
		{
			name: "login", do: func(ctx context.Context, s *site) error { return s.auth.Login(ctx, s.people.user("2")) },
			user: "bob", real: "bob", session: "2", as: true, asks: 1,
		},
		{
			name: "login of the other user", do: func(ctx context.Context, s *site) error { return s.auth.Login(ctx, s.people.user("1")) },
			user: "anne", real: "anne", session: "1", asks: 1,
		},
		{name: "logout", do: func(ctx context.Context, s *site) error { return s.auth.Logout(ctx) }, asks: 1},
		{
			name: "new password", do: func(ctx context.Context, s *site) error {
				s.people.byID["2"].password = annesPassword
				return s.auth.UpdateSessionAuthHash(ctx, s.people.user("2"))
			}, user: "anne", real: "bob", session: "2", as: true, asks: 2,
		},
		{
			name: "new password of the other user", do: func(ctx context.Context, s *site) error {
				s.people.byID["1"].password = bobsPassword
				return s.auth.UpdateSessionAuthHash(ctx, s.people.user("1"))
			}, user: "anne", real: "bob", session: "2", as: true, asks: 2,
		},
	} {
		site, asked := effectiveSite(t)
		key := site.session(t, bob(map[string]any{"as": "1"})).Key()
		site.ask(t.Context(), key, func(_ http.ResponseWriter, r *http.Request) {
			if u, err := auth.UserFrom(r.Context()); err != nil || name(u) != "anne" {
				t.Errorf("%s: before: %v, %v", c.name, u, err)
			}
			if err := c.do(r.Context(), site); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			u, err := auth.UserFrom(r.Context())
			login, loginErr := auth.RealUserFrom(r.Context())
			if err != nil || loginErr != nil || name(u) != c.user || name(login) != c.real {
				t.Errorf("%s: %v, %v, really %v, %v", c.name, u, err, login, loginErr)
			}
		})
		if len(*asked) != c.asks {
			t.Errorf("%s: asked about %v, want %d times", c.name, *asked, c.asks)
		}
		left := keys(t, site)
		if c.session == "" {
			if len(left) > 0 {
				t.Errorf("%s: %d sessions are left", c.name, len(left))
			}
			continue
		}
		s := site.load(t, left[0])
		if state := site.state(t, s); len(left) != 1 || state.User == nil || state.User.ID != c.session || s.Contains("as") != c.as {
			t.Errorf("%s: then %+v", c.name, state)
		}
	}
}

// TestEffectiveUserNeedsTheSession lets the hook fail, so that only the login is known,
// and then asks inside another session middleware whose engine fails.
func TestEffectiveUserNeedsTheSession(t *testing.T) {
	t.Parallel()
	site, asked := effectiveSite(t)
	key := site.session(t, bob(map[string]any{"as": "away"})).Key()
	broken, err := djangosession.NewManager(loadless{site.engine}, site.manager.Settings(), djangosession.Options{})
	if err != nil {
		t.Fatal(err)
	}
	site.ask(t.Context(), key, func(w http.ResponseWriter, r *http.Request) {
		if _, err := auth.UserFrom(r.Context()); !errors.Is(err, errAway) {
			t.Error(err)
		}
		broken.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if u, err := auth.UserFrom(r.Context()); u != nil || !errors.Is(err, errAway) {
				t.Errorf("%v, %v", u, err)
			}
		})).ServeHTTP(w, r)
	})
	if len(*asked) != 1 {
		t.Errorf("the hook was asked %d times, the second time without a session", len(*asked))
	}
}
