package compat_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
	"github.com/djangobridge/djangobridge/tables"
)

// pair is a Django process and a Go program on one database.
type pair struct {
	django   *peer
	sessions *djangosession.Manager
	engine   *tables.Engine
	base     *database
	release  string
}

// onEach runs a test with each release on each database, with and without USE_TZ.
func onEach(t *testing.T, run func(t *testing.T, p *pair)) {
	t.Helper()
	for _, release := range releases() {
		for _, product := range databases() {
			for _, useTZ := range []bool{true, false} {
				t.Run(fmt.Sprintf("django-%s/%s/USE_TZ=%v", release, product, useTZ), func(t *testing.T) {
					t.Parallel()
					run(t, newPair(t, release, newDatabase(t, product), func(s *djangosession.Settings) { s.UseTZ = useTZ }))
				})
			}
		}
	}
}

// newPair starts a Django with the release's default settings after change.
func newPair(t *testing.T, release string, base *database, change func(*djangosession.Settings)) *pair {
	t.Helper()
	s, err := djangosession.NewSettingsFor(release, "compat-secret-key")
	if err != nil {
		t.Fatal(err)
	}
	change(&s)
	p := &pair{base: base, release: release, django: startPeer(t, release, map[string]any{
		"database": base.django(), "SECRET_KEY": s.SecretKey, "USE_TZ": s.UseTZ, "TIME_ZONE": s.TimeZone,
	})}
	p.sessions, p.engine = p.site(t, s, tables.Options{})
	return p
}

// site makes a Manager on the pair's database, with these settings.
func (p *pair) site(t *testing.T, s djangosession.Settings, o tables.Options) (*djangosession.Manager, *tables.Engine) {
	t.Helper()
	o.Dialect, o.LockWait = p.base.dialect, time.Minute
	engine, err := tables.New(p.base.open(t), s, o)
	if err != nil {
		t.Fatal(err)
	}
	return newManager(t, engine, s, djangosession.Options{StrictLoad: true}), engine
}

func newManager(
	t *testing.T, e djangosession.Engine, s djangosession.Settings, o djangosession.Options,
) *djangosession.Manager {
	t.Helper()
	sessions, err := djangosession.NewManager(e, s, o)
	if err != nil {
		t.Fatal(err)
	}
	return sessions
}

func (p *pair) load(t *testing.T, key string) *djangosession.Session {
	t.Helper()
	s, err := p.sessions.Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if s.Key() != key {
		t.Fatal("Go does not find the session")
	}
	return s
}

func save(t *testing.T, s *djangosession.Session) {
	t.Helper()
	if err := s.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// wantSame fails unless both sides load the same values from the same bytes.
func (p *pair) wantSame(t *testing.T, key string) {
	t.Helper()
	django, ours := p.django.load(t, key), p.load(t, key)
	if django.Key == nil || *django.Key != key {
		t.Fatal("Django does not find the session")
	}
	wantSameValues(t, django, ours)
}

// wantSameValues fails unless both sides have loaded the same.
func wantSameValues(t *testing.T, django loaded, ours *djangosession.Session) {
	t.Helper()
	if !py.Equal(ours.Dict(), django.Values) {
		t.Error("Go and Django load different values")
	}
	payload, err := pyjson.Dumps(ours.Dict())
	if err != nil || string(payload) != django.Payload {
		t.Errorf("Go would write     %s, %v\nDjango would write %s", payload, err, django.Payload)
	}
}
