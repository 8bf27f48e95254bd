package auth_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// eventSite returns a site, and a function that returns the events since its last call.
func eventSite(t *testing.T) (*site, func() string) {
	t.Helper()
	var words []string
	began := time.Now()
	s := newSite(t, "5.2", func(_ *djangosession.Settings, o *auth.Options) {
		o.OnEvent = func(_ context.Context, e auth.Event) {
			words = append(words, string(e.Operation)+" "+string(e.Outcome))
			if e.Duration < 0 || e.Start.Before(began) || e.Start.Add(e.Duration).After(time.Now()) {
				t.Errorf("%s began %v after the test and took %v", e.Operation, e.Start.Sub(began), e.Duration)
			}
		}
	})
	return s, func() string {
		all := strings.Join(words, ", ")
		words = nil
		return all
	}
}

func TestOperationsAreObserved(t *testing.T) {
	t.Parallel()
	site, events := eventSite(t)
	ctx := t.Context()
	login := func(ctx context.Context) error { return site.auth.Login(ctx, site.people.user("1")) }
	user := func(ctx context.Context) error { _, err := auth.UserFrom(ctx); return err }
	b := site.serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		do := map[string]func(context.Context) error{"/login": login, "/user": user, "/logout": site.auth.Logout}[r.URL.Path]
		if err := do(r.Context()); err != nil {
			t.Error(err)
		}
	}))
	for _, c := range []struct{ path, want string }{
		{path: "/user", want: ""}, // the session has no login to be checked
		{path: "/login", want: "login ok"},
		{path: "/user", want: "check ok"},
		{path: "/logout", want: "logout ok"},
		{path: "/user", want: ""},
	} {
		b.get(t, c.path)
		if got := events(); got != c.want {
			t.Errorf("%s: %q, want %q", c.path, got, c.want)
		}
	}
	s := site.manager.New()
	if err := site.auth.LoginSession(ctx, s, site.people.user("1")); err != nil {
		t.Fatal(err)
	}
	s.Set(auth.HashSessionKey, "another")
	if _, err := site.auth.User(ctx, s); err != nil {
		t.Fatal(err)
	}
	if err := site.auth.LogoutSession(ctx, s); err != nil {
		t.Fatal(err)
	}
	if got := events(); got != "login ok, check bad_hash, logout ok" {
		t.Errorf("of a session: %q", got)
	}
}

func TestFailedOperationsAreObserved(t *testing.T) {
	t.Parallel()
	site, events := eventSite(t)
	ctx := t.Context()
	if _, err := site.auth.Authenticate(ctx, "anne", "wrong"); !errors.Is(err, auth.ErrBadCredentials) {
		t.Error(err)
	}
	site.people.noLogins = errAway
	if err := site.auth.LoginSession(ctx, site.manager.New(), site.people.user("1")); !errors.Is(err, errAway) {
		t.Error(err)
	}
	site.people.noLogins = context.Canceled
	if err := site.auth.LoginSession(ctx, site.manager.New(), site.people.user("1")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := site.auth.LoginSession(ctx, site.manager.New(), nil); !errors.Is(err, auth.ErrNilUser) {
		t.Error(err)
	}
	if got := events(); got != "authenticate refused, login failed, login canceled, login failed" {
		t.Errorf("%q", got)
	}
}
