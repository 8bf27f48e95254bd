package auth_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/hashers"
	"github.com/djangobridge/djangobridge/djangosession/memory"
)

const secretKey = "test-secret-key"

// memoryUsers are users in memory.
type memoryUsers struct {
	mu       sync.Mutex
	byID     map[string]*person
	asked    map[string]int // number of calls by method
	failure  error          // returned by every method
	silent   bool           // return nil without an error
	noLogins error          // returned by SetLastLogin
}

type person struct {
	username, password     string
	inactive, staff, super bool
	noHash                 bool
	lastLogin              time.Time
	groups, permissions    []string
}

func (p *memoryUsers) ask(method string) error {
	if p.asked == nil {
		p.asked = map[string]int{}
	}
	p.asked[method]++
	return p.failure
}

// user returns the user with this id.
func (p *memoryUsers) user(id string) *auth.User {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.get(id)
}

// get is user with p.mu held.
func (p *memoryUsers) get(id string) *auth.User {
	who := p.byID[id]
	return &auth.User{
		ID: id, Username: who.username, Password: auth.Secret(who.password), NoHash: who.noHash, IsActive: !who.inactive,
		IsStaff: who.staff, IsSuperuser: who.super, LastLogin: who.lastLogin,
	}
}

func (p *memoryUsers) Get(_ context.Context, id string) (*auth.User, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.ask("Get"); err != nil {
		return nil, err
	}
	if _, err := (&auth.User{ID: id}).IDInt64(); err != nil {
		return nil, auth.ErrBadID
	}
	if p.byID[id] == nil {
		return nil, p.missing()
	}
	return p.get(id), nil
}

func (p *memoryUsers) GetByUsername(_ context.Context, username string) (*auth.User, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.ask("GetByUsername"); err != nil {
		return nil, err
	}
	for id, who := range p.byID {
		if who.username == username {
			return p.get(id), nil
		}
	}
	return nil, p.missing()
}

func (p *memoryUsers) missing() error {
	if p.silent {
		return nil
	}
	return auth.ErrNoUser
}

func (p *memoryUsers) SetLastLogin(_ context.Context, id string, at time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := errors.Join(p.ask("SetLastLogin"), p.noLogins); err != nil {
		return err
	}
	if p.byID[id] == nil {
		return auth.ErrNoUser
	}
	p.byID[id].lastLogin = at
	return nil
}

func (p *memoryUsers) ReplacePassword(_ context.Context, id string, old, encoded auth.Secret) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.ask("ReplacePassword"); err != nil {
		return err
	}
	who := p.byID[id]
	switch {
	case who == nil:
		return auth.ErrNoUser
	case who.password != string(old):
		return auth.ErrPasswordChanged
	}
	who.password = string(encoded)
	return nil
}

func (p *memoryUsers) Groups(_ context.Context, u *auth.User) ([]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.byID[u.ID].groups, p.ask("Groups")
}

func (p *memoryUsers) Permissions(_ context.Context, u *auth.User) ([]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.byID[u.ID].permissions, p.ask("Permissions")
}

// site is a site with two users, 1 and 2.
type site struct {
	people  *memoryUsers
	engine  *memory.Engine
	store   djangosession.Engine // engine, or a wrapper of it
	manager *djangosession.Manager
	auth    *auth.Auth
	options auth.Options
	log     *bytes.Buffer
	refused []auth.Reason
}

const (
	annesPassword = "pbkdf2_sha256$1$seasalt$YQUqaoGGIdcjQtCPUVvu1oIcyb7WgPW9b7k/hvRudOk=" // "password"
	bobsPassword  = "pbkdf2_sha256$1000$salt$hash="
)

func newSite(t *testing.T, django string, change func(*djangosession.Settings, *auth.Options)) *site {
	t.Helper()
	s, err := djangosession.NewSettingsFor(django, secretKey)
	if err != nil {
		t.Fatal(err)
	}
	site := &site{log: &bytes.Buffer{}, people: &memoryUsers{byID: map[string]*person{
		"1": {username: "anne", password: annesPassword},
		"2": {username: "bob", password: bobsPassword},
	}}}
	o := auth.Options{
		Logger:    slog.New(slog.NewTextHandler(site.log, nil)),
		OnRefused: func(_ context.Context, r auth.Reason) { site.refused = append(site.refused, r) },
	}
	if change != nil {
		change(&s, &o)
	}
	if o.Hashers == nil {
		o.Hashers = newHashers(t, s)
	}
	if site.engine, err = memory.New(s); err != nil {
		t.Fatal(err)
	}
	site.use(t, s, o)
	return site
}

// newHashers returns Django's default hashers with a single iteration.
func newHashers(t *testing.T, s djangosession.Settings) *hashers.Hashers {
	t.Helper()
	const class = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
	s.Hashers = []djangosession.PasswordHasher{{
		Class: class, Algorithm: "pbkdf2_sha256", MRO: []string{class}, Parameters: map[string]int{"iterations": 1, "salt_entropy": 1},
	}}
	h, err := hashers.New(s, hashers.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// use creates the manager and the Auth again.
func (s *site) use(t *testing.T, settings djangosession.Settings, o auth.Options) {
	t.Helper()
	s.options = o
	s.build(t, s.engine, settings, djangosession.Options{})
}

// with creates the manager and the Auth again, with options for sessions.
func (s *site) with(t *testing.T, o djangosession.Options) {
	t.Helper()
	s.build(t, s.store, s.manager.Settings(), o)
}

func (s *site) build(t *testing.T, e djangosession.Engine, settings djangosession.Settings, o djangosession.Options) {
	t.Helper()
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s.store = e
	var err error
	if s.manager, err = djangosession.NewManager(e, settings, o); err != nil {
		t.Fatal(err)
	}
	if s.auth, err = auth.New(s.manager, s.people, s.options); err != nil {
		t.Fatal(err)
	}
}

// session stores a session with these values and loads it.
func (s *site) session(t *testing.T, values map[string]any) *djangosession.Session {
	t.Helper()
	session := s.manager.New()
	if err := session.Update(values); err != nil {
		t.Fatal(err)
	}
	save(t, session)
	return s.load(t, session.Key())
}

func (s *site) load(t *testing.T, key string) *djangosession.Session {
	t.Helper()
	session, err := s.manager.Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func save(t *testing.T, s *djangosession.Session) {
	t.Helper()
	if err := s.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// login returns a session in which the user is logged in.
func (s *site) login(t *testing.T, id string) *djangosession.Session {
	t.Helper()
	session := s.manager.New()
	if err := s.auth.LoginSession(t.Context(), session, s.people.user(id)); err != nil {
		t.Fatal(err)
	}
	save(t, session)
	return s.load(t, session.Key())
}

// state returns the site's State of a session.
func (s *site) state(t *testing.T, session *djangosession.Session) auth.State {
	t.Helper()
	state, err := s.auth.State(t.Context(), session)
	if err != nil {
		t.Fatal(err)
	}
	if (state.User == nil) != (state.Reason != "") {
		t.Errorf("user %v with reason %q", state.User, state.Reason)
	}
	return state
}

func (s *site) stored(key string) bool {
	_, _, ok := s.engine.Row(key)
	return ok
}

// browser is a client that keeps cookies.
type browser struct {
	*http.Client
	url string
}

// serve starts a server with the handler and returns a browser for it.
func (s *site) serve(t *testing.T, h http.Handler) *browser {
	t.Helper()
	server := httptest.NewServer(s.manager.Middleware(s.auth.Middleware(h)))
	t.Cleanup(server.Close)
	return newBrowser(t, server.URL)
}

func newBrowser(t *testing.T, url string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{url: url, Client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (b *browser) get(t *testing.T, path string) (http.Header, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.Header, strings.TrimSpace(string(body))
}

// key returns the session cookie of the browser.
func (b *browser) key(t *testing.T) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range b.Jar.Cookies(r.URL) {
		if c.Name == "sessionid" {
			return c.Value
		}
	}
	return ""
}

// write writes text to the response.
func write(w io.Writer, text string) { _, _ = io.WriteString(w, text) }
