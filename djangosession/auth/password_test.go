package auth_test

import (
	"errors"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	const custom = "shop.backends.Custom"
	for _, c := range []struct {
		name, username, password string
		change                   func(*djangosession.Settings, *auth.Options)
		person                   func(*memoryUsers)
		backend                  string
		err                      error
	}{
		{"the password", "anne", "password", nil, nil, auth.ModelBackend, nil},
		{"another", "anne", "Password", nil, nil, "", auth.ErrBadCredentials},
		{"an unknown name", "carl", "password", nil, nil, "", auth.ErrBadCredentials},
		{"an inactive user", "anne", "password", nil, func(p *memoryUsers) { p.byID["1"].inactive = true }, "", auth.ErrBadCredentials},
		{"an unusable password", "anne", "!", nil, func(p *memoryUsers) { p.byID["1"].password = "!" }, "", auth.ErrBadCredentials},
		{"an unknown hasher", "anne", "x", nil, func(p *memoryUsers) { p.byID["1"].password = "own$x$y" }, "", auth.ErrUnknownHasher},
		{
			"an inactive user where a second backend takes those", "anne", "password", func(s *djangosession.Settings, _ *auth.Options) {
				s.AuthenticationBackends = []string{auth.ModelBackend, auth.AllowAllUsersModelBackend}
			}, func(p *memoryUsers) { p.byID["1"].inactive = true }, auth.AllowAllUsersModelBackend, nil,
		},
		{
			"no backend with passwords", "anne", "password", func(s *djangosession.Settings, _ *auth.Options) {
				s.AuthenticationBackends = []string{custom, auth.RemoteUserBackend}
			}, nil, "", auth.ErrBackend,
		},
		{
			"the site's own backend", "anne", "password", func(s *djangosession.Settings, o *auth.Options) {
				s.AuthenticationBackends, o.PasswordBackends = []string{custom}, []string{custom}
			}, nil, custom, nil,
		},
		{
			"behind a backend that may refuse", "anne", "password", func(s *djangosession.Settings, _ *auth.Options) {
				s.AuthenticationBackends = []string{custom, auth.ModelBackend}
			}, nil, "", auth.ErrBackend,
		},
		{
			"before a backend that may refuse", "anne", "password", func(s *djangosession.Settings, _ *auth.Options) {
				s.AuthenticationBackends = []string{auth.RemoteUserBackend, auth.ModelBackend, custom}
			}, nil, auth.ModelBackend, nil,
		},
		{
			"an inactive user, and a backend that may refuse before the one for those", "anne", "password", func(s *djangosession.Settings, _ *auth.Options) {
				s.AuthenticationBackends = []string{auth.ModelBackend, custom, auth.AllowAllUsersModelBackend}
			}, func(p *memoryUsers) { p.byID["1"].inactive = true }, "", auth.ErrBadCredentials,
		},
		{
			"behind a backend that does not", "anne", "password", func(s *djangosession.Settings, o *auth.Options) {
				s.AuthenticationBackends, o.IgnoredBackends = []string{custom, auth.ModelBackend}, []string{custom}
			}, nil, auth.ModelBackend, nil,
		},
	} {
		site := newSite(t, "5.2.19", c.change)
		if c.person != nil {
			c.person(site.people)
		}
		u, err := site.auth.Authenticate(t.Context(), c.username, c.password)
		if !errors.Is(err, c.err) || (u == nil) != (c.err != nil) || u != nil && u.Backend != c.backend {
			t.Errorf("%s: %+v, %v", c.name, u, err)
		}
	}
	site := newSite(t, "5.2.19", nil)
	site.people.failure = errors.New("the database is away")
	if _, err := site.auth.Authenticate(t.Context(), "anne", "password"); !errors.Is(err, site.people.failure) || errors.Is(err, auth.ErrBadCredentials) {
		t.Error(err)
	}
}
