// Package exercise runs a site whose requests make every metric and span of package
// oteldjango, for its tests.
package exercise

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/csrf"
	"github.com/djangobridge/djangobridge/djangosession/hashers"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/oteldjango"
	"github.com/djangobridge/djangobridge/py"
)

// What must not be exported. The names are long enough to be found by a search.
const (
	secretKey  = "the-secret-key-of-the-site"
	anotherKey = "the-next-secret-key-of-the-site"
	userID     = "user-id-4711"
	username   = "ada.lovelace"
	email      = "ada@example.com"
	password   = "correct-horse-battery"
	stranger   = "a-name-that-nobody-has"
	value      = "a-value-of-the-session"
	valueName  = "a_name_in_the_session"
)

// Run sends requests to a site that c observes. It returns texts that must be in no
// metric and no span: the secrets of the site, and the cookies of its visitors.
func Run(t testing.TB, c oteldjango.Config) (secrets []string) {
	t.Helper()
	s := newSite(t, c)
	visitor := s.visit("/change", "")
	for _, path := range []string{"/read", "/change", "/cycle", "/gone", "/change", "/late", "/foreign"} {
		visitor = s.visit(path, visitor)
	}
	user := s.logIn(username, password)
	s.logIn(username, "wrong-"+password)
	s.logIn(stranger, password)
	user = s.visit("/user", user)
	user = s.visit("/otherhash", user)
	s.visit("/user", user)
	user = s.logIn(username, password)
	s.visit("/logout", user)
	s.visit("/read", user) // which is gone

	key := djangosession.NewKey()
	s.remember(key)
	s.engine.SetRow(key, "e30:1r31eq:damaged-session-data", time.Now().Add(time.Hour))
	s.visit("/read", key)
	key = djangosession.NewKey()
	s.remember(key)
	s.engine.SetRow(key, s.signedByAnother(), time.Now().Add(time.Hour))
	s.visit("/read", key)
	s.engine.full = true
	s.visit("/change", visitor)
	s.engine.broken = true
	s.visit("/read", visitor)
	s.visit("/change", visitor)

	// With cached_db, a cache that is down. The text of an error must not be exported.
	down := errors.New("cache down: key " + visitor + ", " + password) //nolint:err113 // it has what no error of ours may have
	s.options.Cache.OnError(t.Context(), down)
	s.options.Messages.OnError(t.Context(), down)
	return append(s.secrets, secretKey, anotherKey, userID, username, email, password, stranger, value, valueName,
		"damaged-session-data")
}

// contended is an engine in which another writer comes first, once, and that can break.
type contended struct {
	*memory.Engine
	full   bool // merges fail
	broken bool // loads fail
}

var errBroken = errors.New("the store is down")

func (e *contended) Load(ctx context.Context, key string) (*djangosession.Record, error) {
	if e.broken {
		return nil, errBroken
	}
	return e.Engine.Load(ctx, key)
}

func (e *contended) Merge(ctx context.Context, key string, change func(*djangosession.Record) error) error {
	if e.full {
		return errBroken
	}
	if r, err := e.Engine.Load(ctx, key); err == nil {
		if err := change(r); err != nil {
			return err
		}
	}
	return e.Engine.Merge(ctx, key, change)
}

type site struct {
	t       testing.TB
	engine  *contended
	options djangobridge.Options
	handler http.Handler
	secrets []string
}

func newSite(t testing.TB, c oteldjango.Config) *site {
	t.Helper()
	settings := djangosession.NewSettings(secretKey)
	settings.ExportedAt = time.Now().Add(-time.Hour)
	const class = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
	settings.PasswordHashers, settings.Hashers = []string{class}, []djangosession.PasswordHasher{{
		Class: class, Algorithm: "pbkdf2_sha256", MRO: []string{class}, Parameters: map[string]int{"iterations": 1},
	}}
	engine, err := memory.New(settings)
	must(t, err)
	users := memory.NewUsers()
	s := &site{t: t, engine: &contended{Engine: engine}}
	s.options = djangobridge.Options{
		Users:      users,
		OpenEngine: func(djangosession.Settings) (djangosession.Engine, error) { return s.engine, nil },
	}
	quiet := slog.New(slog.DiscardHandler)
	s.options.Sessions.Logger, s.options.Auth.Logger, s.options.CSRF.Logger = quiet, quiet, quiet
	s.options.Sessions.MergeSaves = true
	must(t, oteldjango.Instrument(&s.options, c))
	bridge, err := djangobridge.New(settings, s.options)
	must(t, err)
	passwords, err := hashers.New(settings, hashers.Options{})
	must(t, err)
	hash, err := passwords.Make(t.Context(), password)
	must(t, err)
	_, err = users.Add(&auth.User{ID: userID, Username: username, Email: email, Password: hash, IsActive: true}, memory.Access{})
	must(t, err)
	s.remember(string(hash))
	s.handler = otelhttp.NewHandler(bridge.Middleware(csrf.Exempt(pages(t, bridge))), "request",
		otelhttp.WithTracerProvider(c.TracerProvider), otelhttp.WithMeterProvider(c.MeterProvider))
	return s
}

// remember adds to the texts that must not be exported.
func (s *site) remember(secret string) {
	if secret != "" {
		s.secrets = append(s.secrets, secret)
	}
}

// visit requests a page with a session key, and returns the key that the browser then
// has.
func (s *site) visit(path, key string) string { return s.send(http.MethodGet, path, key, nil) }

// logIn sends the form of a login.
func (s *site) logIn(name, pass string) (key string) {
	return s.send(http.MethodPost, "/login", "", url.Values{"username": {name}, "password": {pass}})
}

func (s *site) send(method, path, key string, form url.Values) string {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if key != "" {
		r.Header.Set("Cookie", "sessionid="+key)
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	for _, cookie := range w.Result().Cookies() {
		s.remember(cookie.Value)
		if cookie.Name == "sessionid" && path != "/foreign" {
			key = cookie.Value
		}
	}
	return key
}

// signedByAnother returns a session that Django has stored since the settings of the
// service became outdated.
func (s *site) signedByAnother() string {
	s.t.Helper()
	codec, err := djangosession.NewCodec(djangosession.NewSettings(anotherKey))
	must(s.t, err)
	text, err := codec.Encode(py.NewDict(0))
	must(s.t, err)
	s.remember(text)
	return text
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
