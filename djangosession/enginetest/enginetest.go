// Package enginetest is the conformance suite of session engines. Every
// [djangosession.Engine] must pass it, so that programs can change engines without
// noticing. If you write an engine, call [Run] from a test.
package enginetest

import (
	"sync"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// A Backend is an engine under test.
type Backend struct {
	Engine djangosession.Engine
	// SetRow stores text under a key unchanged, to simulate damaged sessions, and reports
	// whether the store accepts such text. An engine that does not store the text of
	// [djangosession.Codec] declares Lacks.Text instead.
	SetRow func(t *testing.T, key, text string, expire time.Time) bool
	// SetUnknown stores a value under a session key that is not in the format of the
	// settings, so that Load returns [djangosession.ErrUnknownFormat]. Leave it nil for
	// an engine that never returns that.
	SetUnknown func(t *testing.T, key string)
	// Lacks declares what the engine cannot do.
	Lacks Lacks
}

// testTime is the time at which each test starts, unless the store has its own clock.
var testTime = time.Date(2023, 11, 14, 22, 13, 20, 500000000, time.UTC) //nolint:gochecknoglobals // a constant

// Run runs the suite. open returns an empty backend with these settings, whose clock the
// suite controls. It is called many times, also while other backends are in use. It must
// clean up with t.Cleanup. Engines must read the clock from the settings each time that
// they need it. Sessions of other tests in the same store do no harm, except to engines
// that list or clear sessions.
func Run(t *testing.T, open func(t *testing.T, s djangosession.Settings) Backend) {
	t.Helper()
	for name, change := range map[string]func(*djangosession.Settings){
		"USE_TZ":         func(*djangosession.Settings) {},
		"without USE_TZ": func(s *djangosession.Settings) { s.UseTZ, s.TimeZone = false, "America/Chicago" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			setup := func(t *testing.T) *suite {
				t.Helper()
				c := &clock{now: testTime}
				s := djangosession.NewSettings("enginetest-secret-key")
				s.Now = c.Now
				change(&s)
				made := &suite{Backend: open(t, s), clock: c, settings: s}
				if made.Lacks.Clock {
					c.now = time.Time{}
				}
				made.start = c.Now()
				made.use(t, djangosession.Options{})
				return made
			}
			for _, group := range [][]test{
				lifecycleTests(), expiryTests(), keyTests(), faultTests(), concurrencyTests(), mergeTests(), cycleTests(),
				mergeValueTests(), engineCycleTests(), unknownTests(), lackTests(),
			} {
				for _, c := range group {
					t.Run(c.name, func(t *testing.T) {
						t.Parallel()
						s := setup(t)
						if missing := s.missing(c.needs); missing != "" {
							t.Skip(missing)
						}
						c.run(t, s)
					})
				}
			}
		})
	}
}

type test struct {
	name  string
	needs need
	run   func(t *testing.T, s *suite)
}

// suite is the environment of a test.
type suite struct {
	Backend
	sessions *djangosession.Manager
	clock    *clock
	start    time.Time // when the test started
	settings djangosession.Settings
}

type clock struct {
	mu  sync.Mutex
	now time.Time // the zero time if it is the real one
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now.IsZero() {
		return time.Now()
	}
	return c.now
}

func (c *clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// use replaces the manager with one that has these options.
func (s *suite) use(t *testing.T, o djangosession.Options) {
	t.Helper()
	s.sessions = s.newManager(t, s.Engine, o)
}

func (s *suite) newManager(t *testing.T, engine djangosession.Engine, o djangosession.Options) *djangosession.Manager {
	t.Helper()
	sessions, err := djangosession.NewManager(engine, s.settings, o)
	if err != nil {
		t.Fatal(err)
	}
	return sessions
}

// created stores a new session with these values and returns it.
func (s *suite) created(t *testing.T, values map[string]any) *djangosession.Session {
	t.Helper()
	session := s.sessions.New()
	if err := session.Update(values); err != nil {
		t.Fatal(err)
	}
	if err := session.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	return session
}

// loaded loads the session with this key.
func (s *suite) loaded(t *testing.T, key string) *djangosession.Session {
	t.Helper()
	session, err := s.sessions.Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

// wantValues fails unless the stored session has these values.
func (s *suite) wantValues(t *testing.T, key string, want map[string]any) {
	t.Helper()
	p, err := py.From(want)
	if err != nil {
		t.Fatal(err)
	}
	session := s.loaded(t, key)
	d, _ := p.(*py.Dict)
	if session.Key() != key || len(session.Keys()) != d.Len() {
		t.Errorf("the stored session has the values %v (loaded: %v), want %v", session.Keys(), session.Key() == key, want)
		return
	}
	for name, value := range d.All() {
		text, _ := name.(string)
		if got, _ := session.Get(text); !py.Equal(got, value) {
			t.Errorf("the stored session has %q = %v, want %v", text, got, value)
		}
	}
}

// wantMissing fails if a session is stored under this key.
func (s *suite) wantMissing(t *testing.T, key string) {
	t.Helper()
	if ok, err := s.Engine.Exists(t.Context(), key); err != nil || ok {
		t.Errorf("a session exists that should not (%v)", err)
	}
}

func (s *suite) record(key string, values map[string]any) *djangosession.Record {
	p, err := py.From(values)
	d, ok := p.(*py.Dict)
	if err != nil || !ok {
		d = py.NewDict(0)
	}
	end := s.clock.Now().Add(time.Hour)
	date := py.DateTime{Time: end}
	if loc, err := s.settings.Location(); err == nil && !s.settings.UseTZ {
		date = py.NaiveIn(end, loc)
	}
	return &djangosession.Record{Key: key, Data: d, ExpireDate: date, ExpireAge: time.Hour}
}
