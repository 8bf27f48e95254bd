// Package recipetest checks that a web framework serves the visitors of a Django site as
// net/http does. Each recipe in examples builds its pages for it, in the way of its
// framework.
package recipetest

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// A Site is a Django site whose sessions are in memory.
type Site struct {
	*djangosession.Manager
	t    *testing.T
	csrf *csrf.Protection

	mu       sync.Mutex
	errs     []error
	released chan struct{} // see Wait
	logOut   bool          // Set deletes the stored session, as a logout in another request does
}

// New returns a site without visitors.
func New(t *testing.T) *Site {
	t.Helper()
	settings, err := djangosession.NewSettingsFor("6.1", "the site's SECRET_KEY")
	if err != nil {
		t.Fatal(err)
	}
	settings.AllowedHosts = []string{"*"}
	engine, err := memory.New(settings)
	if err != nil {
		t.Fatal(err)
	}
	s := &Site{t: t, released: make(chan struct{})}
	if s.Manager, err = djangosession.NewManager(engine, settings, djangosession.Options{
		Logger: slog.New(slog.DiscardHandler),
		OnError: func(_ context.Context, err error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.errs = append(s.errs, err)
		},
	}); err != nil {
		t.Fatal(err)
	}
	if s.csrf, err = csrf.New(settings, csrf.Options{}); err != nil {
		t.Fatal(err)
	}
	return s
}

// Middleware is that of the site: sessions and CSRF protection.
func (s *Site) Middleware(next http.Handler) http.Handler {
	return s.Manager.Middleware(s.csrf.Middleware(next))
}

// Errors returns the errors that the middleware has reported.
func (s *Site) Errors() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.errs
}

// Set sets the value n in the session of ctx, for pages that change the session.
func (s *Site) Set(ctx context.Context, n int) {
	session, err := djangosession.FromContext(ctx)
	if err != nil {
		s.t.Errorf("no session: %v", err)
		return
	}
	session.Set("n", n)
	if s.logOut {
		if err := s.Delete(ctx, session.Key()); err != nil {
			s.t.Error(err)
		}
	}
}

// Wait blocks until the client has read what was flushed. A page calls it after flushing.
func (s *Site) Wait() {
	select {
	case <-s.released:
	case <-time.After(10 * time.Second):
		s.t.Error("the client has not received what was flushed")
	}
}

// Visitor stores a session with n = 1 and returns its cookie.
func (s *Site) Visitor() (cookie string) {
	s.t.Helper()
	session := s.New()
	session.Set("n", 1)
	if err := session.Save(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return "sessionid=" + session.Key()
}

// Stored returns n in the session that a Cookie header names; 0 if the session lacks it.
func (s *Site) Stored(cookie string) int {
	s.t.Helper()
	session, err := s.ProcessRequest(s.t.Context(), cookie)
	if err != nil {
		s.t.Fatal(err)
	}
	n, _ := djangosession.Value[int](session, "n")
	return n
}

// Visit sends a request without a network.
func (s *Site) Visit(h http.Handler, method, target, cookie string, form url.Values) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), method, "http://example.com"+target, strings.NewReader(form.Encode()))
	r.RequestURI = target // as servers have it
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// Cookies returns the cookies that a response sets, as a browser sends them.
func Cookies(h http.Header) string {
	pairs := make([]string, 0, len(h["Set-Cookie"]))
	for _, line := range h["Set-Cookie"] {
		pair, _, _ := strings.Cut(line, ";")
		pairs = append(pairs, pair)
	}
	return strings.Join(pairs, "; ")
}

// readFirst returns the first bytes of a body, before its end.
func readFirst(r io.Reader) string {
	b := make([]byte, len("first"))
	n, _ := io.ReadFull(r, b)
	return string(b[:n])
}
