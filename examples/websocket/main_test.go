package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// chat is a server, and a visitor's session cookie.
type chat struct {
	*djangobridge.Site
	t      *testing.T
	server *httptest.Server
	// handlers are the running handlers, also those that have taken over their connection,
	// for which Close of the server does not wait.
	handlers sync.WaitGroup

	mu   sync.Mutex
	errs []error
}

func newChat(t *testing.T) *chat {
	t.Helper()
	settings, err := djangosession.NewSettingsFor("6.1", "the site's SECRET_KEY")
	if err != nil {
		t.Fatal(err)
	}
	settings.AllowedHosts = []string{"*"}
	c := &chat{t: t}
	options := djangobridge.Options{
		Users:      memory.NewUsers(),
		OpenEngine: func(s djangosession.Settings) (djangosession.Engine, error) { return memory.New(s) },
	}
	options.Sessions.Logger = slog.New(slog.DiscardHandler)
	options.Sessions.OnError = func(_ context.Context, err error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.errs = append(c.errs, err)
	}
	if c.Site, err = djangobridge.New(settings, options); err != nil {
		t.Fatal(err)
	}
	pages := routes(c.Site)
	c.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.handlers.Add(1)
		defer c.handlers.Done()
		pages.ServeHTTP(w, r)
	}))
	t.Cleanup(c.server.Close)
	return c
}

// reported returns the errors of the sessions, after all handlers have returned.
func (c *chat) reported() []error {
	c.handlers.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.errs
}

// logIn stores the session of a user.
func (c *chat) logIn() *djangosession.Session {
	c.t.Helper()
	users, _ := c.Users.(*memory.Users)
	user, err := users.Add(&auth.User{Username: "anna", IsActive: true, Password: "!"}, memory.Access{})
	if err != nil {
		c.t.Fatal(err)
	}
	session := c.Sessions.New()
	if err := errors.Join(c.Login.LoginSession(c.t.Context(), session, user), session.Save(c.t.Context())); err != nil {
		c.t.Fatal(err)
	}
	return session
}

func (c *chat) handler(path string) http.HandlerFunc {
	return map[string]http.HandlerFunc{"/coder": coderChat(c.Site), "/gorilla": gorillaChat(c.Site)}[path]
}

func (c *chat) dial(path string, session *djangosession.Session, origin string) (conn *websocket.Conn, status int, h http.Header) {
	c.t.Helper()
	header := http.Header{"Cookie": {"sessionid=" + session.Key()}}
	if origin != "" {
		header.Set("Origin", origin)
	}
	conn, response, err := websocket.Dial( //nolint:bodyclose // Dial has read it
		c.t.Context(), c.server.URL+path, &websocket.DialOptions{HTTPHeader: header})
	if response == nil {
		c.t.Fatal(err)
	}
	return conn, response.StatusCode, response.Header
}

func both(t *testing.T, test func(t *testing.T, path string)) {
	t.Helper()
	for _, path := range []string{"/coder", "/gorilla"} {
		t.Run(path[1:], func(t *testing.T) { test(t, path) })
	}
}

func TestUpgradeSendsTheCookie(t *testing.T) {
	both(t, func(t *testing.T, path string) {
		c := newChat(t)
		session := c.logIn()
		conn, status, header := c.dial(path, session, c.server.URL)
		if status != http.StatusSwitchingProtocols || !strings.HasPrefix(header.Get("Set-Cookie"), "sessionid=") {
			t.Fatalf("status %d, header %q", status, header)
		}
		if err := conn.Write(t.Context(), websocket.MessageText, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, text, err := conn.Read(t.Context()); err != nil || string(text) != "anna: hello" {
			t.Errorf("%q, %v", text, err)
		}
		stored, err := c.Sessions.Load(t.Context(), session.Key())
		if err != nil {
			t.Fatal(err)
		}
		if n, err := djangosession.Value[int](stored, "chats"); n != 1 || err != nil {
			t.Errorf("%d visits, %v", n, err)
		}
		if err := conn.Close(websocket.StatusNormalClosure, ""); err != nil {
			t.Error(err)
		}
		if errs := c.reported(); errs != nil {
			t.Errorf("reported %v", errs)
		}
	})
}

// TestCookieOfANewSessionIsSent uses the chats without the login that routes requires.
func TestCookieOfANewSessionIsSent(t *testing.T) {
	both(t, func(t *testing.T, path string) {
		c := newChat(t)
		c.server.Config.Handler = c.Middleware(c.handler(path))
		conn, status, header := c.dial(path, c.Sessions.New(), "")
		defer conn.CloseNow() //nolint:errcheck // only its header counts
		cookie := header.Get("Set-Cookie")
		pair, _, _ := strings.Cut(cookie, ";")
		stored, err := c.Sessions.ProcessRequest(t.Context(), pair)
		if err != nil || !stored.Contains("chats") {
			t.Errorf("status %d, cookie %v, %v", status, cookie != "", err)
		}
	})
}

func TestVisitorsWithoutALoginStayOutside(t *testing.T) {
	both(t, func(t *testing.T, path string) {
		c := newChat(t)
		if _, status, _ := c.dial(path, c.Sessions.New(), ""); status != http.StatusUnauthorized {
			t.Errorf("status %d", status)
		}
	})
}

func TestPagesOfOtherSitesStayOutside(t *testing.T) {
	both(t, func(t *testing.T, path string) {
		c := newChat(t)
		if _, status, _ := c.dial(path, c.logIn(), "https://evil.test"); status != http.StatusForbidden {
			t.Errorf("status %d", status)
		}
	})
}

func TestLongMessagesEndTheChat(t *testing.T) {
	both(t, func(t *testing.T, path string) {
		c := newChat(t)
		conn, _, _ := c.dial(path, c.logIn(), "")
		_ = conn.Write(t.Context(), websocket.MessageText, make([]byte, 40<<10)) // the server may close during it
		if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
			t.Error(err)
		}
	})
}

func TestLogoutEndsTheChat(t *testing.T) {
	both(t, func(t *testing.T, path string) {
		c := newChat(t)
		session := c.logIn()
		conn, _, _ := c.dial(path, session, "")
		if err := c.Sessions.Delete(t.Context(), session.Key()); err != nil {
			t.Fatal(err)
		}
		if err := conn.Write(t.Context(), websocket.MessageText, []byte("hello")); err != nil {
			t.Fatal(err)
		}
		_, _, err := conn.Read(t.Context())
		if websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
			t.Error(err)
		}
	})
}

// TestSessionThatIsGoneRefusesTheUpgrade covers a logout during the request.
func TestSessionThatIsGoneRefusesTheUpgrade(t *testing.T) {
	both(t, func(t *testing.T, path string) {
		c := newChat(t)
		session := c.logIn()
		handler := c.handler(path)
		c.server.Config.Handler = c.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := djangosession.FromContext(r.Context()); err != nil {
				t.Error(err)
			}
			if err := c.Sessions.Delete(r.Context(), session.Key()); err != nil {
				t.Error(err)
			}
			handler(w, r)
		}))
		if _, status, _ := c.dial(path, session, ""); status != http.StatusBadRequest {
			t.Errorf("status %d", status)
		}
	})
}
