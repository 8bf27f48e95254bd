package auth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// Backends of widely used packages.
const (
	socialBackend  = "social_core.backends.google.GoogleOAuth2"
	axesBackend    = "axes.backends.AxesStandaloneBackend"
	allauthBackend = "allauth.account.auth_backends.AuthenticationBackend"
)

func TestBackendErrorsNameTheBackendAndTheOption(t *testing.T) {
	t.Parallel()
	authenticate := func(s *site) error {
		_, err := s.auth.Authenticate(t.Context(), "anne", "password")
		return err
	}
	login := func(backend string) func(*site) error {
		return func(s *site) error {
			u := s.people.user("1")
			u.Backend = backend
			return s.auth.LoginSession(t.Context(), s.manager.New(), u)
		}
	}
	for _, c := range []struct {
		name    string
		list    []string // AUTHENTICATION_BACKENDS
		options auth.Options
		do      func(*site) error
		backend string // "" if it works, or if no backend is at fault
		option  string
		says    []string // "" if it works
	}{
		{
			name: "a password behind axes", list: []string{axesBackend, auth.ModelBackend},
			do: authenticate, backend: axesBackend, option: "PasswordBackends",
			says: []string{"Options.PasswordBackends", "Options.IgnoredBackends", "limits attempts"},
		},
		{
			name: "a password behind social-auth", list: []string{socialBackend, auth.ModelBackend},
			do: authenticate, backend: socialBackend, option: "PasswordBackends", says: []string{"Options.IgnoredBackends"},
		},
		{
			name: "a password behind ignored social-auth", list: []string{socialBackend, auth.ModelBackend}, options: auth.Options{IgnoredBackends: []string{socialBackend}}, do: authenticate,
		},
		{
			name: "a password of allauth", list: []string{allauthBackend},
			do: authenticate, backend: allauthBackend, option: "PasswordBackends", says: []string{"Options.PasswordBackends"},
		},
		{
			name: "a password of allauth that is listed", list: []string{allauthBackend}, options: auth.Options{PasswordBackends: []string{allauthBackend}}, do: authenticate,
		},
		{
			name: "a password before allauth", list: []string{auth.ModelBackend, allauthBackend},
			do: authenticate,
		},
		{
			name: "no backend takes a password", list: []string{auth.RemoteUserBackend, socialBackend}, options: auth.Options{IgnoredBackends: []string{socialBackend}},
			do: authenticate, backend: auth.RemoteUserBackend, option: "PasswordBackends", says: []string{"any other", "Options.PasswordBackends"},
		},
		{
			name: "a login by a backend that is not listed", do: login(socialBackend), backend: socialBackend,
			option: "AuthenticationBackends", says: []string{auth.ModelBackend, "Settings.AuthenticationBackends", "exported settings"},
		},
		{
			name: "a login by one of several", list: []string{auth.ModelBackend, allauthBackend},
			do: login(""), says: []string{auth.ModelBackend + ", " + allauthBackend, "LoginBackend"},
		},
	} {
		site := newSite(t, "5.2.19", func(s *djangosession.Settings, o *auth.Options) {
			o.IgnoredBackends, o.PasswordBackends = c.options.IgnoredBackends, c.options.PasswordBackends
			if c.list != nil {
				s.AuthenticationBackends = c.list
			}
		})
		err := c.do(site)
		if c.says == nil {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		var wrong *auth.BackendError
		if !errors.As(err, &wrong) || !errors.Is(err, auth.ErrBackend) || wrong.Backend != c.backend || wrong.Option != c.option {
			t.Errorf("%s: %#v", c.name, err)
			continue
		}
		for _, text := range append(c.says, c.backend) {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v lacks %q", c.name, err, text)
			}
		}
	}
}

// TestLogSaysWhichBackendASessionNames covers refused logins that an option would accept.
func TestLogSaysWhichBackendASessionNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		backend  any
		inactive bool
		listed   []string
		contains []string
		lacks    []string
	}{
		{
			name: "social-auth", backend: socialBackend,
			contains: []string{"reason=unknown_backend", "backend=" + socialBackend, "Settings.AuthenticationBackends"},
		},
		{
			name: "text that is not the name of a class", backend: "some secret",
			contains: []string{"reason=unknown_backend"}, lacks: []string{"some secret", "backend="},
		},
		{name: "a colon", backend: "a:b", contains: []string{"reason=unknown_backend"}, lacks: []string{"backend="}},
		{name: "a slash", backend: "a/b", contains: []string{"reason=unknown_backend"}, lacks: []string{"backend="}},
		{name: "an at", backend: "a@b", contains: []string{"reason=unknown_backend"}, lacks: []string{"backend="}},
		{name: "a bracket", backend: "a[b", contains: []string{"reason=unknown_backend"}, lacks: []string{"backend="}},
		{name: "a backquote", backend: "a`b", contains: []string{"reason=unknown_backend"}, lacks: []string{"backend="}},
		{name: "a brace", backend: "a{b", contains: []string{"reason=unknown_backend"}, lacks: []string{"backend="}},
		{name: "a letter of another script", backend: "aéb", contains: []string{"reason=unknown_backend"}, lacks: []string{"backend="}},
		{name: "not text", backend: "", contains: []string{"reason=unknown_backend"}, lacks: []string{"backend="}},
		{name: "all characters of a name", backend: "az_AZ.m09.Z", contains: []string{"backend=az_AZ.m09.Z "}},
		{name: "the longest name", backend: strings.Repeat("a", 200), contains: []string{"backend=aaa"}},
		{name: "very long text", backend: strings.Repeat("a", 201), contains: []string{"reason=unknown_backend"}, lacks: []string{"backend="}},
		{name: "a number", backend: 7, contains: []string{"reason=unknown_backend"}, lacks: []string{"backend="}},
		{
			name: "an inactive user of another package", backend: allauthBackend, inactive: true, listed: []string{allauthBackend},
			contains: []string{"reason=inactive", "backend=" + allauthBackend, "Options.InactiveBackends"},
		},
		{
			name: "an inactive user of Django's backend", backend: auth.ModelBackend, inactive: true,
			contains: []string{"reason=inactive"}, lacks: []string{"backend=", "remedy="},
		},
	} {
		site := newSite(t, "5.2.19", func(s *djangosession.Settings, _ *auth.Options) {
			if c.listed != nil {
				s.AuthenticationBackends = c.listed
			}
		})
		site.people.byID["2"].inactive = c.inactive
		site.state(t, site.session(t, bob(map[string]any{auth.BackendSessionKey: c.backend})))
		for _, text := range c.contains {
			if !strings.Contains(site.log.String(), text) {
				t.Errorf("%s: the log lacks %q: %s", c.name, text, site.log)
			}
		}
		for _, text := range c.lacks {
			if strings.Contains(site.log.String(), text) {
				t.Errorf("%s: the log has %q", c.name, text)
			}
		}
	}
}

// TestBackendErrorWithoutABackendNamesNone uses a user who was not authenticated, on a
// site with several backends.
func TestBackendErrorWithoutABackendNamesNone(t *testing.T) {
	t.Parallel()
	site := newSite(t, "5.2.19", func(s *djangosession.Settings, _ *auth.Options) {
		s.AuthenticationBackends = []string{auth.ModelBackend, auth.RemoteUserBackend}
	})
	err := site.auth.LoginSession(t.Context(), site.manager.New(), site.people.user("2"))
	if !errors.Is(err, auth.ErrBackend) || !strings.Contains(err.Error(), "auth: the site has several AUTHENTICATION_BACKENDS") {
		t.Errorf("%v", err)
	}
}
