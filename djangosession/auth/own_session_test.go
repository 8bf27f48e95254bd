package auth_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// TestChangesOfTheRequestsSessionChangeItsUser passes the session of the request to the
// methods that take any session.
func TestChangesOfTheRequestsSessionChangeItsUser(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		do       func(site *site, ctx context.Context, s *djangosession.Session, u *auth.User) error
		user     string // afterwards
		password auth.Secret
	}{
		{
			name: "logout",
			do: func(site *site, ctx context.Context, s *djangosession.Session, _ *auth.User) error {
				return site.auth.LogoutSession(ctx, s)
			},
		},
		{
			name: "login",
			do: func(site *site, ctx context.Context, s *djangosession.Session, _ *auth.User) error {
				return site.auth.LoginSession(ctx, s, site.people.user("1"))
			},
			user: "anne", password: annesPassword,
		},
		{
			name: "new password",
			do: func(site *site, ctx context.Context, s *djangosession.Session, u *auth.User) error {
				return site.auth.UpdateSession(ctx, s, u)
			},
			user: "bob", password: annesPassword,
		},
	} {
		for _, known := range []bool{true, false} {
			site := newSite(t, "5.2.19", nil)
			key := site.session(t, bob(nil)).Key()
			site.ask(t.Context(), key, func(_ http.ResponseWriter, r *http.Request) {
				s, err := djangosession.FromContext(r.Context())
				if err != nil {
					t.Fatal(err)
				}
				if known {
					if u, err := auth.UserFrom(r.Context()); err != nil || name(u) != "bob" {
						t.Errorf("%s: before: %v, %v", c.name, u, err)
					}
				}
				site.people.byID["2"].password = annesPassword
				if err := c.do(site, r.Context(), s, site.people.user("2")); err != nil {
					t.Errorf("%s: %v", c.name, err)
				}
				u, err := auth.UserFrom(r.Context())
				if err != nil || name(u) != c.user || u != nil && u.Password != c.password {
					t.Errorf("%s, known %v: the user is %v, %v", c.name, known, u, err)
				}
			})
		}
	}
}

// TestChangesOfOtherSessionsDoNotLoadTheRequests logs a user out in another session.
func TestChangesOfOtherSessionsDoNotLoadTheRequests(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", nil)
	other, key := site.login(t, "1"), site.session(t, bob(nil)).Key()
	loads := 0
	site.with(t, djangosession.Options{OnLoad: func(context.Context, djangosession.LoadEvent) { loads++ }})
	site.ask(t.Context(), key, func(_ http.ResponseWriter, r *http.Request) {
		if err := site.auth.LogoutSession(r.Context(), other); err != nil {
			t.Error(err)
		}
		if loads != 0 {
			t.Error("the session of the request was loaded")
		}
		if u, err := auth.UserFrom(r.Context()); err != nil || name(u) != "bob" {
			t.Errorf("the user is %v, %v", u, err)
		}
	})
}
