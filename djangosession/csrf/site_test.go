package csrf_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

// A secret, two tokens of it made by Django 6.1.3, and another secret.
const (
	secret = "Sx0123456789abcdefghijklmnopqrsT"
	token1 = "0123456789abcdefghijklmnopqrstuvIoSUWY02468acegikmoqsuwyACEGIKMe"
	token2 = "Z9Y8X7W6V5U4T3S2R1Q0zyxwvutsrqpoHwOZP0Q1R2S3T4U5V6W7HHHHHHHHHHH7"
	other  = "abcdefghijklmnopqrstuvwxyzABCDEF"
)

// site is a Protection with its session middleware.
type site struct {
	*csrf.Protection
	t       *testing.T
	engine  djangosession.Engine
	manager *djangosession.Manager
	log     strings.Builder
	loads   atomic.Int64 // number of loaded sessions
}

// counting is an engine that counts its calls.
type counting struct {
	djangosession.Engine
	loads *atomic.Int64
}

func (c counting) Load(ctx context.Context, key string) (*djangosession.Record, error) {
	c.loads.Add(1)
	return c.Engine.Load(ctx, key)
}

func settings(t *testing.T, release string) djangosession.Settings {
	t.Helper()
	s, err := djangosession.NewSettingsFor(release, "k")
	if err != nil {
		t.Fatal(err)
	}
	s.AllowedHosts = []string{"example.com"}
	return s
}

func newSite(t *testing.T, release string, change func(*djangosession.Settings)) *site {
	t.Helper()
	return newSiteWith(t, release, csrf.Options{}, change)
}

// newSiteWith is newSite with options.
func newSiteWith(t *testing.T, release string, o csrf.Options, change func(*djangosession.Settings)) *site {
	t.Helper()
	set := settings(t, release)
	if change != nil {
		change(&set)
	}
	engine, err := memory.New(set)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t}
	o.Logger = slog.New(slog.NewTextHandler(&s.log, nil))
	if s.Protection, err = csrf.New(set, o); err != nil {
		t.Fatal(err)
	}
	s.engine = counting{engine, &s.loads}
	if s.manager, err = djangosession.NewManager(s.engine, set, djangosession.Options{}); err != nil {
		t.Fatal(err)
	}
	return s
}

// keepError returns options that store the error of a refused request.
func keepError(got *error) csrf.Options { //nolint:gocritic // the caller looks at it later
	return csrf.Options{ErrorHandler: func(_ http.ResponseWriter, _ *http.Request, err error) { *got = err }}
}

// visitor stores a session with this secret and returns its cookie.
func (s *site) visitor(stored any) string {
	s.t.Helper()
	session := s.manager.New()
	session.Set("_csrftoken", stored)
	if err := session.Save(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	return "sessionid=" + session.Key()
}

// stored returns the secret in the session of this cookie.
func (s *site) stored(cookie string) string {
	s.t.Helper()
	session, err := s.manager.Load(s.t.Context(), strings.TrimPrefix(cookie, "sessionid="))
	if err != nil {
		s.t.Fatal(err)
	}
	v, _ := session.Get("_csrftoken")
	text, _ := v.(string)
	return text
}

// serve sends a request through all middlewares.
func (s *site) serve(r *http.Request, next http.Handler) *httptest.ResponseRecorder {
	s.t.Helper()
	w := httptest.NewRecorder()
	s.manager.Middleware(s.Middleware(next)).ServeHTTP(w, r)
	return w
}

// post returns a request with a form, from a page of the site.
func post(t *testing.T, cookie string, form url.Values) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://example.com/", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Cookie", cookie)
	return r
}

func page(t *testing.T, cookie string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://example.com/", http.NoBody)
	r.Header.Set("Cookie", cookie)
	return r
}

// fine is a handler that responds with status 200.
func fine(http.ResponseWriter, *http.Request) {}

// withToken is a handler that responds with a token.
func withToken(w http.ResponseWriter, r *http.Request) {
	token, err := csrf.Token(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = io.WriteString(w, token)
}

// csrfCookie returns the CSRF cookie of the response and its value.
func csrfCookie(r *httptest.ResponseRecorder) (line, value string) {
	for _, line := range r.Header()["Set-Cookie"] {
		if rest, ok := strings.CutPrefix(line, "csrftoken="); ok {
			value, _, _ = strings.Cut(rest, ";")
			return line, value
		}
	}
	return "", ""
}

// sessionCookie returns the session cookie of the response and its key.
func sessionCookie(r *httptest.ResponseRecorder) (line, key string) {
	for _, line := range r.Header()["Set-Cookie"] {
		if rest, ok := strings.CutPrefix(line, "sessionid="); ok {
			key, _, _ = strings.Cut(rest, ";")
			return line, key
		}
	}
	return "", ""
}
