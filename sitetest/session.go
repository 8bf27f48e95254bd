package sitetest

import (
	"net/http"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
)

// LogIn logs a user in on a single request, for a handler that the test calls itself. It
// adds the cookie of a new session, and a CSRF token if the method is unsafe. See
// [Client.LogIn].
func (s *Site) LogIn(t testing.TB, r *http.Request, user *auth.User) {
	t.Helper()
	c := s.Client(t, nil)
	c.LogIn(user)
	c.prepare(r)
}

// LogIn logs a user in, as if on an earlier page. The session of the client keeps its
// other values. LogIn stores only the session: it needs no password, does not change
// last_login and calls no hooks. To test a login page, send its form with [Client.Post].
func (c *Client) LogIn(user *auth.User) {
	c.t.Helper()
	if user == nil {
		c.t.Fatal("sitetest: LogIn: the user is nil")
	}
	found, err := c.site.Users.Get(c.t.Context(), user.ID)
	if err != nil {
		c.t.Fatalf("sitetest: log %s in: %v", user, err)
	}
	if found.Backend = user.Backend; found.Backend == "" {
		found.Backend = c.site.Settings.AuthenticationBackends[0]
	}
	c.change("log "+user.String()+" in", func(s *djangosession.Session) error {
		return c.site.arranging.Login.LoginSession(c.t.Context(), s, found)
	})
	if state := c.state(); state.User == nil {
		c.t.Fatalf("sitetest: log %s in: the site does not accept the login (%s)", user, state.Reason)
	}
}

// LogOut ends the login of the client, as if on another page. Its session is flushed.
func (c *Client) LogOut() {
	c.t.Helper()
	c.change("log out", func(s *djangosession.Session) error {
		return c.site.arranging.Login.LogoutSession(c.t.Context(), s)
	})
}

// User returns the logged-in user, or nil. It does not ask EffectiveUser of
// [auth.Options].
func (c *Client) User() *auth.User {
	c.t.Helper()
	return c.state().User
}

func (c *Client) state() auth.State {
	c.t.Helper()
	state, err := c.site.reading.Login.State(c.t.Context(), c.Session())
	if err != nil {
		c.t.Fatalf("sitetest: find the user of the session: %v", err)
	}
	return state
}

// Session returns the session of the client as it is stored now, for reading: saving it
// returns [djangosession.ErrReadOnly]. Without a stored session, it is an empty one.
func (c *Client) Session() *djangosession.Session {
	c.t.Helper()
	s, err := c.site.reading.Sessions.ProcessRequest(c.t.Context(), c.cookies.all())
	if err != nil {
		c.t.Fatalf("sitetest: load the session: %v", err)
	}
	return s
}

// SetSession sets a value in the session of the client, which gets one if it has none.
func (c *Client) SetSession(name string, value any) {
	c.t.Helper()
	c.change("set "+name+" in the session", func(s *djangosession.Session) error {
		s.Set(name, value)
		return nil
	})
}

// change changes the session of the client, as a request does.
func (c *Client) change(what string, f func(*djangosession.Session) error) {
	c.t.Helper()
	sessions, ctx, cookie := c.site.arranging.Sessions, c.t.Context(), c.cookies.all()
	s, err := sessions.ProcessRequest(ctx, cookie)
	if err == nil {
		err = f(s)
	}
	if err != nil {
		c.t.Fatalf("sitetest: %s: %v", what, err)
	}
	header, err := sessions.ProcessResponse(ctx, cookie, s, http.StatusOK)
	if err != nil {
		c.t.Fatalf("sitetest: %s: %v", what, err)
	}
	if header.SetCookie != "" {
		c.receive([]string{header.SetCookie}, "/", "")
	}
}
