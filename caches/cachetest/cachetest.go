package cachetest

import (
	"sync"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// A Backend is a cache under test.
type Backend struct {
	Cache caches.Cache
	// SetRaw stores bytes under a key unchecked, for an hour, to simulate damaged values.
	// It is required.
	SetRaw func(t *testing.T, key string, data []byte)
	// Limit is the length of the largest value that the cache stores, in bytes, within a
	// few hundred bytes. Set it if [caches.ErrTooLarge] is possible.
	Limit int
	// Second is the largest part of a timeout that the cache ignores: a second for a
	// cache that counts whole seconds; 0 if it ignores none.
	Second time.Duration
	// RealTime declares that the cache has a clock of its own, and ignores that of the
	// settings. Tests of timeouts then wait.
	RealTime bool
}

// start is the time at which each test starts.
var start = time.Date(2023, 11, 14, 22, 13, 20, 500000000, time.UTC) //nolint:gochecknoglobals // a constant

// Run runs the suite. open returns a backend with these settings, whose clock the suite
// controls. It is called many times, also while other backends are in use, and must clean
// up with t.Cleanup. Each test uses random keys of its own.
func Run(t *testing.T, open func(t *testing.T, s djangosession.Settings) Backend) {
	t.Helper()
	for _, group := range [][]test{storingTests(), swapTests(), timeoutTests(), faultTests(), raceTests()} {
		for _, c := range group {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				clock := &clock{now: start}
				s := djangosession.NewSettings("cachetest-secret-key")
				s.Now = clock.Now
				b := open(t, s)
				if b.Cache == nil || b.SetRaw == nil {
					t.Fatal("the backend needs a Cache and SetRaw")
				}
				if b.RealTime {
					clock.real = true
				}
				c.run(t, &suite{Backend: b, clock: clock, key: newKey()})
			})
		}
	}
}

type test struct {
	name string
	run  func(t *testing.T, s *suite)
}

// suite is the environment of a test.
type suite struct {
	Backend
	clock *clock
	key   string // has no value yet
}

// newKey returns a key that no other test uses.
func newKey() string {
	return caches.Key("django.contrib.sessions.cache"+djangosession.NewKey(), "", "1")
}

type clock struct {
	real bool // set before the cache is used

	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	if c.real {
		return time.Now()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// pass lets this time pass.
func (c *clock) pass(d time.Duration) {
	if c.real {
		time.Sleep(d)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// dict returns a dict with one value.
func dict(name string, value any) *py.Dict {
	d := py.NewDict(1)
	d.Set(name, value)
	return d
}

// add stores a value under the key of the test.
func (s *suite) add(t *testing.T, value *py.Dict) {
	t.Helper()
	if err := s.Cache.Add(t.Context(), s.key, value, time.Hour); err != nil {
		t.Fatal(err)
	}
}

// get returns the item under the key of the test.
func (s *suite) get(t *testing.T) *caches.Item {
	t.Helper()
	item, err := s.Cache.Get(t.Context(), s.key)
	if err != nil {
		t.Fatal(err)
	}
	return item
}

// want fails unless the key of the test has this value, or none if want is nil.
func (s *suite) want(t *testing.T, want *py.Dict) {
	t.Helper()
	exists, existsErr := s.Cache.Exists(t.Context(), s.key)
	if existsErr != nil || exists != (want != nil) {
		t.Errorf("exists: %v, %v", exists, existsErr)
	}
	item, err := s.Cache.Get(t.Context(), s.key)
	if want == nil {
		wantError(t, "Get", err, caches.ErrMiss)
		return
	}
	if err != nil {
		t.Errorf("Get: %v", err)
		return
	}
	if !py.Equal(item.Value, want) {
		t.Error("the value is another one")
	}
}

// parallel calls work 8 times at the same time.
func parallel(work func(i int)) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() { work(i) })
	}
	wg.Wait()
}
