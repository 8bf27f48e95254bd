package forwardauth_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/forwardauth"
)

// site is a site in memory, with users who are logged in.
type site struct {
	t        *testing.T
	settings djangosession.Settings
	engine   *counter
	users    *memory.Users
	writing  forwardauth.Site // as Django
}

// counter counts loads, and fails if told to.
type counter struct {
	*memory.Engine
	loads int
	err   error
}

func (c *counter) Load(ctx context.Context, key string) (*djangosession.Record, error) {
	if c.loads++; c.err != nil {
		return nil, c.err
	}
	return c.Engine.Load(ctx, key)
}

var errDown = errors.New("the database is down")

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func newSite(t *testing.T, change func(s *djangosession.Settings)) *site {
	t.Helper()
	settings := djangosession.NewSettings("a secret")
	settings.AllowedHosts = []string{"shop.example.com", ".example.org"}
	settings.LoginURL = "/in/"
	settings.ExportedAt = time.Now().Add(-time.Hour)
	if change != nil {
		change(&settings)
	}
	engine, err := memory.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, settings: settings, engine: &counter{Engine: engine}, users: memory.NewUsers()}
	s.writing = s.open(djangosession.Options{})
	s.users.SetGroup("Editors", "shop.view_order")
	return s
}

// open opens the site once more.
func (s *site) open(o djangosession.Options) forwardauth.Site {
	s.t.Helper()
	return s.openOn(s.engine, o)
}

// openOn opens the site with another engine.
func (s *site) openOn(engine djangosession.Engine, o djangosession.Options) forwardauth.Site {
	s.t.Helper()
	o.Logger = quiet()
	sessions, err := djangosession.NewManager(engine, s.settings, o)
	if err != nil {
		s.t.Fatal(err)
	}
	login, err := auth.New(sessions, s.users, auth.Options{Logger: quiet()})
	if err != nil {
		s.t.Fatal(err)
	}
	return forwardauth.Site{Sessions: sessions, Login: login}
}

// handler returns a handler of the site.
func (s *site) handler(o forwardauth.Options) *forwardauth.Handler {
	s.t.Helper()
	return s.handlerOn(s.engine, o)
}

// handlerOn returns a handler of the site with another engine.
func (s *site) handlerOn(engine djangosession.Engine, o forwardauth.Options) *forwardauth.Handler {
	s.t.Helper()
	if o.Logger == nil {
		o.Logger = quiet()
	}
	h, err := forwardauth.New(s.openOn(engine, djangosession.Options{ReadOnly: true}), o)
	if err != nil {
		s.t.Fatal(err)
	}
	return h
}

// logIn adds a user and returns the cookie of a session in which the user is logged in.
func (s *site) logIn(user *auth.User, groups ...string) string {
	s.t.Helper()
	user.IsActive = true
	user, err := s.users.Add(user, memory.Access{Groups: groups})
	if err != nil {
		s.t.Fatal(err)
	}
	session := s.writing.Sessions.New()
	if err := s.writing.Login.LoginSession(s.t.Context(), session, user); err != nil {
		s.t.Fatal(err)
	}
	return s.save(session)
}

func (s *site) save(session *djangosession.Session) string {
	s.t.Helper()
	if err := session.Save(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return "sessionid=" + session.Key()
}

// ask is a question of nginx about GET https://shop.example.com/page. Pairs of names and
// values replace headers; an empty value removes one.
func ask(h http.Handler, requirement, cookie string, pairs ...string) *answer {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", http.NoBody)
	r.RequestURI = "/auth/nginx/" + requirement
	r.Host = "shop.example.com"
	r.Header.Set("X-Original-Method", "GET")
	r.Header.Set("X-Original-Uri", "/page")
	r.Header.Set("X-Forwarded-Proto", "https")
	r.Header.Set("X-Real-IP", "192.0.2.1")
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	for i := 0; i < len(pairs); i += 2 {
		switch name, value := pairs[i], pairs[i+1]; {
		case name == "Host":
			r.Host = value
		case value == "":
			r.Header.Del(name)
		default:
			r.Header[name] = append(r.Header[name], value)
		}
	}
	return do(h, r)
}

// answer is a response.
type answer struct {
	StatusCode int
	Header     http.Header
	body       string
}

func do(h http.Handler, r *http.Request) *answer {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return &answer{StatusCode: w.Code, Header: w.Header(), body: w.Body.String()}
}

// want checks the status and the reason of an answer, and that no other than 200 has
// headers of a user.
func want(t *testing.T, w *answer, status int, reason forwardauth.Reason) {
	t.Helper()
	got := forwardauth.Reason(w.Header.Get(forwardauth.HeaderReason))
	if got == "" && w.StatusCode == http.StatusOK {
		got = forwardauth.Passed
	}
	if w.StatusCode != status || got != reason {
		t.Errorf("status %d, reason %q; want %d, %q", w.StatusCode, got, status, reason)
	}
	if _, described := w.Header[forwardauth.HeaderID]; described != (w.StatusCode == http.StatusOK) {
		t.Errorf("status %d, with headers of a user: %v", w.StatusCode, described)
	}
	if w.Header.Get("Cache-Control") != "no-store" || w.Header.Get("Set-Cookie") != "" {
		t.Errorf("headers %v", w.Header)
	}
}

var future = time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)
