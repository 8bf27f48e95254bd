package compat_test

import (
	"fmt"
	"log/slog"
	"maps"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/auth"
	"github.com/djangobridge/djangobridge/djangosession/hashers"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
	"github.com/djangobridge/djangobridge/tables"
)

// authPair is a Django process and a Go program that know the same users.
type authPair struct {
	*pair
	users *tables.Users
	login *auth.Auth
	model tables.UserOptions
}

// newAuthPair starts a Django with a user model, "" for its own, and further settings.
func newAuthPair(t *testing.T, release, product, model string, useTZ bool, more map[string]any) *authPair {
	t.Helper()
	return newAuthPairOn(t, release, newDatabase(t, product), model, useTZ, more)
}

// newAuthPairOn is newAuthPair on this database.
func newAuthPairOn(t *testing.T, release string, base *database, model string, useTZ bool, more map[string]any) *authPair {
	t.Helper()
	s, err := djangosession.NewSettingsFor(release, "compat-secret-key")
	if err != nil {
		t.Fatal(err)
	}
	s.UseTZ, s.TimeZone = useTZ, "Europe/Berlin"
	s.Hashers = quickHashers()
	settings := map[string]any{
		"database": base.django(), "SECRET_KEY": s.SecretKey, "USE_TZ": s.UseTZ, "TIME_ZONE": s.TimeZone, "also": "auth_peer",
		"INSTALLED_APPS": []any{
			"django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "django.contrib.admin",
			"django.contrib.messages",
		},
		"PASSWORD_HASHERS": []any{"auth_peer.QuickHasher", "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher"},
	}
	p := &authPair{pair: &pair{base: base, release: release}}
	p.model = tables.UserOptions{Model: "auth.User", Dialect: base.dialect, LockWait: time.Minute}
	if model != "" {
		settings["AUTH_USER_MODEL"], p.model.Model = model, model
		settings["INSTALLED_APPS"] = []any{
			"auth_people", "django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions",
		}
		// Tables of an app with migrations cannot refer to those of one without.
		settings["MIGRATION_MODULES"] = map[string]any{"auth": nil, "contenttypes": nil, "sessions": nil}
	}
	maps.Copy(settings, more)
	if backends, ok := settings["AUTHENTICATION_BACKENDS"].([]string); ok {
		s.AuthenticationBackends = backends
	}
	p.django = startPeer(t, release, settings)
	p.sessions, p.engine = p.site(t, s, tables.Options{})
	return p
}

// quickHashers describes the hashers of newAuthPair.
func quickHashers() []djangosession.PasswordHasher {
	const quick, module = "auth_peer.QuickHasher", "django.contrib.auth.hashers."
	return []djangosession.PasswordHasher{
		{
			Class: quick, Algorithm: "pbkdf2_sha256", MRO: []string{quick, module + "PBKDF2PasswordHasher"},
			Overrides: map[string][]string{quick: {"iterations"}}, Parameters: map[string]int{"iterations": 1000},
		},
		{Class: module + "PBKDF2SHA1PasswordHasher", Algorithm: "pbkdf2_sha1", MRO: []string{module + "PBKDF2SHA1PasswordHasher"}},
	}
}

// open makes users and logins, when p.model says what they are.
func (p *authPair) open(t *testing.T) {
	t.Helper()
	var err error
	if p.users, err = tables.NewUsers(p.base.open(t), p.sessions.Settings(), p.model); err != nil {
		t.Fatal(err)
	}
	if err := p.users.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.login = p.with(t, p.sessions)
}

func (p *authPair) with(t *testing.T, sessions *djangosession.Manager) *auth.Auth {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	passwords, err := hashers.New(sessions.Settings(), hashers.Options{Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	login, err := auth.New(sessions, p.users, auth.Options{Logger: logger, Hashers: passwords})
	if err != nil {
		t.Fatal(err)
	}
	return login
}

// visit is what Django answers about a session.
type visit struct {
	Key     *string `json:"key"`
	User    *string `json:"user"`
	Payload string  `json:"payload"`
}

// ask has Django do something with a session.
func (p *authPair) ask(t *testing.T, what string, args map[string]any) visit {
	t.Helper()
	var v visit
	if err := py.Scan(p.django.do(t, what, args), &v, nil); err != nil {
		t.Fatal(err)
	}
	return v
}

func (p *authPair) makeUser(t *testing.T, username string, fields map[string]any) string {
	t.Helper()
	args := map[string]any{"username": username, "password": "pässword☃"}
	maps.Copy(args, fields)
	return p.django.text(t, "make_user", args)
}

// djangoLogin has Django log a user in to a new session, and returns its key.
func (p *authPair) djangoLogin(t *testing.T, pk string) string {
	t.Helper()
	v := p.ask(t, "login", map[string]any{"key": nil, "pk": pk})
	if v.Key == nil || v.User == nil || *v.User != pk {
		t.Fatalf("Django's login: %+v", v)
	}
	return *v.Key
}

// goLogin logs a user in to a new session, and returns its key.
func (p *authPair) goLogin(t *testing.T, pk string) string {
	t.Helper()
	u, err := p.users.Get(t.Context(), pk)
	if err != nil {
		t.Fatal(err)
	}
	s := p.sessions.New()
	if err := p.login.LoginSession(t.Context(), s, u); err != nil {
		t.Fatal(err)
	}
	save(t, s)
	return s.Key()
}

// goSees returns the user that Go sees in a session, or the reason for none, and the
// session's key afterwards.
func (p *authPair) goSees(t *testing.T, key string) (who, newKey string) {
	t.Helper()
	s, err := p.sessions.Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	state, err := p.login.State(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if s.Modified() && !s.IsEmpty() {
		save(t, s)
	}
	if state.User == nil {
		return string(state.Reason), s.Key()
	}
	return state.User.ID, s.Key()
}

// djangoSees returns the user that Django sees in a session, or "".
func (p *authPair) djangoSees(t *testing.T, key string) (who, newKey string) {
	t.Helper()
	v := p.ask(t, "whois", map[string]any{"key": key})
	if v.User != nil {
		who = *v.User
	}
	if v.Key != nil {
		newKey = *v.Key
	}
	return who, newKey
}

// bothSee fails unless both sides see this user in a session and leave the session
// unchanged.
func (p *authPair) bothSee(t *testing.T, key, want string) {
	t.Helper()
	if who, k := p.goSees(t, key); who != want || k != key {
		t.Errorf("Go sees %s, want %s; same key %v", who, want, k == key)
	}
	if who, k := p.djangoSees(t, key); who != want || k != key {
		t.Errorf("Django sees %q, want %s; same key %v", who, want, k == key)
	}
}

// nobodySees fails unless both sides see no user in the session, for this reason.
func (p *authPair) nobodySees(t *testing.T, key string, reason auth.Reason) {
	t.Helper()
	if who, _ := p.djangoSees(t, key); who != "" {
		t.Errorf("Django sees %s, want nobody", who)
	}
	if who, _ := p.goSees(t, key); who != string(reason) {
		t.Errorf("Go sees %q, want %q", who, reason)
	}
}

// stored reports whether Django finds a session of this key.
func (p *authPair) stored(t *testing.T, key string) bool {
	t.Helper()
	return p.django.do(t, "exists", map[string]any{"key": key}) == any(true)
}

// tampered stores a changed copy of a session, signed like others, and returns its key.
func (p *authPair) tampered(t *testing.T, key string, changes map[string]any) string {
	t.Helper()
	s := p.sessions.New()
	if err := s.Update(p.load(t, key).Dict()); err != nil {
		t.Fatal(err)
	}
	for name, v := range changes {
		if v == nil {
			s.PopDefault(name, nil)
		} else {
			s.Set(name, v)
		}
	}
	save(t, s)
	return s.Key()
}

func (p *authPair) payload(t *testing.T, key string) string {
	t.Helper()
	text, err := pyjson.Dumps(p.load(t, key).Dict())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// onEachAuth runs a test with these releases on each database.
func onEachAuth(t *testing.T, releases []string, model string, run func(t *testing.T, p *authPair)) {
	t.Helper()
	for _, release := range releases {
		for _, product := range databases() {
			t.Run(fmt.Sprintf("django-%s/%s", release, product), func(t *testing.T) {
				t.Parallel()
				run(t, newAuthPair(t, release, product, model, true, nil))
			})
		}
	}
}

// newest is the last of the releases. Tests that do not depend on the release use it.
func newest() []string {
	all := releases()
	return all[len(all)-1:]
}
