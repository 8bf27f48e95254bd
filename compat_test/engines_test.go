package compat_test

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// How to add an engine: write a function that returns its cases, in a file of its own,
// and list it in engineCases. A case needs
//
//	name:  the engine and its store
//	start: Django's settings, as JSON has them, on a store of this test alone (at.dir is an
//	       empty folder); set at.stop and at.resume if the store can go away
//	open:  the Go engine, from the settings that SettingsScript prints in that Django
//
// and says with the other fields what the engine cannot do. Each case runs on each
// release of DJANGO_RELEASES in an environment with all clients (env/caches). The turns
// are in engines_turns_test.go.

// engineCase is a SESSION_ENGINE on a store.
type engineCase struct {
	name  string
	start func(t *testing.T, at *engineSite) map[string]any
	open  func(t *testing.T, s djangosession.Settings, at *engineSite) (djangosession.Engine, error)

	// made, if set, is called after Django has started and migrated its database.
	made func(t *testing.T, p *enginePair)
	// damage puts something that is not a session in the place of one. By default it is
	// the number 7, in the cache.
	damage func(t *testing.T, p *enginePair, key string)
	// held returns what the store has in the place of a session, in any form. By default
	// it is the value in the cache.
	held func(t *testing.T, p *enginePair, key string) string

	product      string // of the database: "sqlite" by default
	since, until string // the first release that has it, and the first that has it no more
	bothUseTZ    bool   // it also depends on USE_TZ
	pickles      bool   // values keep the types of Python
	ageless      bool   // sessions with an expiry in seconds never end
	lingers      bool   // Django may still find sessions for a minute after their end
	inCookie     bool   // the key contains the session, so that nothing ever goes away
}

// engineSite is where a case keeps its sessions.
type engineSite struct {
	release      string
	useTZ        bool
	dir          string // an empty folder
	db           *sql.DB
	base         *database
	stop, resume func() // make the store unreachable, and reachable again
	keeps        bool   // and then it has what it had
	reconnect    string // Python that lets Django's client find the store again
}

// engineCases lists the cases of all engines.
func engineCases() []engineCase {
	return slices.Concat(
		tableEngineCases(),
		fileBasedCases(),
		fileAndCookieCases(),
		memcachedEngineCases(),
		redisEngineCases(),
		cachedDBOnRedisCases(),
	)
}

// enginePair is a Django and a Go program that share sessions.
type enginePair struct {
	pair
	engineCase
	at     *engineSite
	shared djangosession.Engine
}

// TestEngines lets Django and Go take turns on each engine.
func TestEngines(t *testing.T) {
	t.Parallel()
	for _, c := range engineCases() {
		for _, release := range releases() {
			if release < c.since || c.until != "" && release >= c.until {
				continue
			}
			zones := []bool{true}
			if c.bothUseTZ {
				zones = append(zones, false)
			}
			for _, useTZ := range zones {
				t.Run(fmt.Sprintf("%s/django-%s/USE_TZ=%v", c.name, release, useTZ), func(t *testing.T) {
					t.Parallel()
					p := newEnginePair(t, c, release, useTZ)
					for _, turn := range engineTurns() {
						if !t.Run(turn.name, func(t *testing.T) { turn.run(t, p) }) {
							t.Logf("Django says\n%s", p.django.stderr.String())
						}
					}
				})
			}
		}
	}
}

func newEnginePair(t *testing.T, c engineCase, release string, useTZ bool) *enginePair {
	t.Helper()
	if c.product == "" {
		c.product = "sqlite"
	}
	at := &engineSite{release: release, useTZ: useTZ, dir: t.TempDir(), base: newDatabase(t, c.product)}
	at.db = at.base.open(t)
	settings := map[string]any{
		"database": at.base.django(), "SECRET_KEY": "compat-secret-key", "USE_TZ": useTZ, "TIME_ZONE": "America/Chicago",
		"also":               "engine_peer",
		"INSTALLED_APPS":     []string{"django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"},
		"DEFAULT_AUTO_FIELD": "django.db.models.AutoField",
		"MIDDLEWARE":         []string{"django.contrib.sessions.middleware.SessionMiddleware"}, "ROOT_URLCONF": "http_peer",
		"ALLOWED_HOSTS": []string{"*"}, "LOGGING_CONFIG": nil,
	}
	maps.Copy(settings, c.start(t, at))
	p := &enginePair{engineCase: c, at: at, pair: pair{base: at.base, release: release}}
	p.django = startPeerWith(t, pythonWithCaches(t, release), release, settings)
	if c.made != nil {
		c.made(t, p)
	}
	printed := p.django.text(t, "export", map[string]any{"script": djangosession.SettingsScript})
	s, err := djangosession.ReadSettings(strings.NewReader(printed))
	if err != nil {
		t.Fatal(err)
	}
	if p.shared, err = c.open(t, s, at); err != nil {
		t.Fatal(err)
	}
	p.sessions = newManager(t, p.shared, s, djangosession.Options{StrictLoad: true})
	return p
}

// create saves a new session in Django and returns its key.
func (p *enginePair) create(t *testing.T, values any) string {
	t.Helper()
	return p.django.text(t, "make", map[string]any{"values": values})
}

// edit changes a session in Django and returns its key.
func (p *enginePair) edit(t *testing.T, key string, set map[string]any, remove ...string) string {
	t.Helper()
	return p.django.text(t, "edit", map[string]any{"key": key, "set": set, "delete": append([]string{}, remove...)})
}

// has reports whether both sides find a session.
func (p *enginePair) has(t *testing.T, key string) (django, ours bool) {
	t.Helper()
	s, err := p.sessions.Load(t.Context(), key)
	if err != nil && !errors.Is(err, djangosession.ErrStartOver) {
		t.Fatal(err)
	}
	return p.django.load(t, key).Key != nil, s != nil && s.Key() == key
}

// wantGone fails if a side still finds a session.
func (p *enginePair) wantGone(t *testing.T, key string) {
	t.Helper()
	if django, ours := p.has(t, key); django || ours {
		t.Errorf("the session is there for Django: %v, for Go: %v", django, ours)
	}
}

// isRaised reports whether an error of Django is an exception of this class.
func isRaised(err error, class string) bool {
	var got raised
	return errors.As(err, &got) && string(got) == class
}

// stored returns what the store has in the place of a session.
func (p *enginePair) stored(t *testing.T, key string) string {
	t.Helper()
	if p.held != nil {
		return p.held(t, p, key)
	}
	return p.django.text(t, "held", map[string]any{"key": key})
}
