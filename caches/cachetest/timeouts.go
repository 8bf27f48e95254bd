package cachetest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

func timeoutTests() []test {
	return []test{
		{"a value expires", testExpires},
		{"every write sets the timeout", testTimeoutOfWrites},
		{"a timeout that has passed stores nothing and removes", testPassedTimeout},
		{"the time left is reported, or is not claimed", testLeft},
		{"the longest timeouts are kept", testLongTimeouts},
	}
}

func faultTests() []test {
	return []test{
		{"a value that is not a session is an unknown format", testUnknown},
		{"a value that is too large changes nothing", testTooLarge},
		{"a value that cannot be stored changes nothing", testUnstorable},
		{"a context that has ended changes nothing", testEndedContext},
		{"keys that cannot be stored are refused", testBadKeys},
	}
}

// lifetime is short, and long enough for a cache that ignores part of a second, and for a
// busy machine that has to read the value before it expires.
func (s *suite) lifetime() time.Duration {
	if s.RealTime {
		return 6*time.Second + s.Second
	}
	return time.Second + s.Second
}

// outlive waits for longer than the lifetime of a value.
func (s *suite) outlive() { s.clock.pass(s.lifetime() + s.Second + 50*time.Millisecond) }

// wantExpired fails unless the value under the key of the test has expired. The clock of
// a server that counts whole seconds may be late on a busy machine, but by less than a
// lifetime.
func (s *suite) wantExpired(t *testing.T) {
	t.Helper()
	ticks := s.RealTime && s.Second == time.Second
	for began := time.Now(); ticks && time.Since(began) < 5*time.Second; time.Sleep(50 * time.Millisecond) {
		if exists, err := s.Cache.Exists(t.Context(), s.key); err != nil || !exists {
			break
		}
	}
	s.want(t, nil)
}

func testExpires(t *testing.T, s *suite) {
	if err := s.Cache.Add(t.Context(), s.key, dict("a", int64(1)), s.lifetime()); err != nil {
		t.Fatal(err)
	}
	s.want(t, dict("a", int64(1)))
	old := s.get(t)
	s.outlive()
	s.wantExpired(t)
	wantError(t, "Replace", s.Cache.Replace(t.Context(), s.key, dict("a", int64(2)), time.Hour), caches.ErrMiss)
	wantError(t, "Swap", s.Cache.Swap(t.Context(), s.key, old, dict("a", int64(2)), time.Hour), caches.ErrMiss)
	s.add(t, dict("a", int64(3))) // an expired value is no obstacle
	s.want(t, dict("a", int64(3)))
}

func testTimeoutOfWrites(t *testing.T, s *suite) {
	value := dict("a", int64(1))
	writes := map[string]func(timeout time.Duration) error{
		"Replace": func(timeout time.Duration) error { return s.Cache.Replace(t.Context(), s.key, value, timeout) },
		"Set":     func(timeout time.Duration) error { return s.Cache.Set(t.Context(), s.key, value, timeout) },
		"Swap":    func(timeout time.Duration) error { return s.Cache.Swap(t.Context(), s.key, s.get(t), value, timeout) },
	}
	written := map[string]string{} // the keys
	for name, write := range writes {
		s.key = newKey()
		written[name] = s.key
		if err := s.Cache.Add(t.Context(), s.key, value, s.lifetime()); err != nil {
			t.Fatal(err)
		}
		if err := write(time.Hour); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.outlive()
	for name, write := range writes {
		s.key = written[name]
		s.want(t, value)
		if err := write(s.lifetime()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.outlive()
	for _, s.key = range written {
		s.wantExpired(t)
	}
}

func testPassedTimeout(t *testing.T, s *suite) {
	value := dict("a", int64(1))
	for _, timeout := range []time.Duration{0, -time.Second, -1 << 62} {
		if err := s.Cache.Add(t.Context(), s.key, value, timeout); err != nil {
			t.Errorf("Add: %v", err)
		}
		s.want(t, nil)
		if err := s.Cache.Set(t.Context(), s.key, value, timeout); err != nil {
			t.Errorf("Set: %v", err)
		}
		s.want(t, nil)
		wantError(t, "Replace", s.Cache.Replace(t.Context(), s.key, value, timeout), caches.ErrMiss)
		for name, write := range map[string]func() error{
			"Set":     func() error { return s.Cache.Set(t.Context(), s.key, value, timeout) },
			"Replace": func() error { return s.Cache.Replace(t.Context(), s.key, value, timeout) },
			"Swap":    func() error { return s.Cache.Swap(t.Context(), s.key, s.get(t), value, timeout) },
		} {
			s.add(t, value)
			if err := write(); err != nil {
				t.Errorf("%s over a value: %v", name, err)
			}
			s.want(t, nil)
		}
		s.add(t, value)
		wantError(t, "Add", s.Cache.Add(t.Context(), s.key, value, timeout), caches.ErrExists)
		s.want(t, value)
		if err := s.Cache.Delete(t.Context(), s.key); err != nil {
			t.Fatal(err)
		}
	}
}

func testLeft(t *testing.T, s *suite) {
	s.add(t, dict("a", int64(1)))
	timer, ok := s.Cache.(caches.Timer)
	left := s.get(t).Left
	switch {
	case !ok || !timer.TimesLeft():
		if left != 0 {
			t.Errorf("%v left, but the cache is not a Timer", left)
		}
	case left > time.Hour || left < time.Hour-time.Minute:
		t.Errorf("%v left, want an hour", left)
	}
}

func testLongTimeouts(t *testing.T, s *suite) {
	for _, timeout := range []time.Duration{30 * 24 * time.Hour, 30*24*time.Hour + time.Second, 10 * 365 * 24 * time.Hour} {
		s.key = newKey()
		if err := s.Cache.Set(t.Context(), s.key, dict("a", int64(1)), timeout); err != nil {
			t.Errorf("%v: %v", timeout, err)
		}
		s.want(t, dict("a", int64(1)))
	}
	// A cache may refuse the longest timeout that Go has, but with an error.
	if err := s.Cache.Set(t.Context(), s.key, dict("a", int64(2)), 1<<63-1); err == nil {
		s.want(t, dict("a", int64(2)))
	}
}

// unknown returns the item of a value in an unknown format.
func (s *suite) unknown(t *testing.T) *caches.Item {
	t.Helper()
	item, err := s.Cache.Get(t.Context(), s.key)
	wantError(t, "Get", err, djangosession.ErrUnknownFormat)
	if item == nil {
		t.Fatal("no item")
	}
	if item.Value != nil {
		t.Error("the item has a value")
	}
	if exists, err := s.Cache.Exists(t.Context(), s.key); err != nil || !exists {
		t.Errorf("exists: %v, %v", exists, err)
	}
	return item
}

func testUnknown(t *testing.T, s *suite) {
	for _, data := range []string{"garbage", "7", "-12", "null", "[]", "\x80\x04N.", "\x80\x04]\x94.", "\x80\x05", "\xc0", "\x00"} {
		s.SetRaw(t, s.key, []byte(data))
		s.unknown(t)
		wantError(t, "Add", s.Cache.Add(t.Context(), s.key, py.NewDict(0), time.Hour), caches.ErrExists)
		s.unknown(t)
		if err := s.Cache.Replace(t.Context(), s.key, dict("a", int64(1)), time.Hour); err != nil {
			t.Error(err)
		}
		s.want(t, dict("a", int64(1)))
	}
}

func testTooLarge(t *testing.T, s *suite) {
	if s.Limit == 0 {
		t.Skip("the cache has no limit")
	}
	large := dict("large", strings.Repeat("x", s.Limit+1000))
	wantError(t, "Add", s.Cache.Add(t.Context(), s.key, large, time.Hour), caches.ErrTooLarge)
	s.want(t, nil)
	value := dict("a", int64(1))
	s.add(t, value)
	for name, err := range map[string]error{
		"Replace": s.Cache.Replace(t.Context(), s.key, large, time.Hour),
		"Set":     s.Cache.Set(t.Context(), s.key, large, time.Hour),
		"Swap":    s.Cache.Swap(t.Context(), s.key, s.get(t), large, time.Hour),
	} {
		wantError(t, name, err, caches.ErrTooLarge)
		if err != nil && !strings.ContainsAny(err.Error(), "123456789") {
			t.Errorf("%s: the error does not name the limit: %v", name, err)
		}
		s.want(t, value)
	}
}

func testUnstorable(t *testing.T, s *suite) {
	bad, value := dict("bad", make(chan int)), dict("a", int64(1))
	isNamed := func(what string, err error) {
		t.Helper()
		if refused, ok := errors.AsType[*djangosession.ValueError](err); !ok || refused.Name != "bad" {
			t.Errorf("%s: error %v, want a ValueError", what, err)
		}
	}
	isNamed("Add", s.Cache.Add(t.Context(), s.key, bad, time.Hour))
	s.want(t, nil)
	s.add(t, value)
	isNamed("Replace", s.Cache.Replace(t.Context(), s.key, bad, time.Hour))
	isNamed("Set", s.Cache.Set(t.Context(), s.key, bad, time.Hour))
	isNamed("Swap", s.Cache.Swap(t.Context(), s.key, s.get(t), bad, time.Hour))
	s.want(t, value)
}

func testEndedContext(t *testing.T, s *suite) {
	value := dict("a", int64(1))
	s.add(t, value)
	old, fresh := s.get(t), newKey()
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancelLate := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancelLate()
	for _, c := range []struct {
		ctx  context.Context //nolint:containedctx // the case
		want error
	}{{canceled, context.Canceled}, {late, context.DeadlineExceeded}} {
		other := dict("a", int64(2))
		_, getErr := s.Cache.Get(c.ctx, s.key)
		_, existsErr := s.Cache.Exists(c.ctx, s.key)
		wantError(t, "Get", getErr, c.want)
		wantError(t, "Exists", existsErr, c.want)
		wantError(t, "Add", s.Cache.Add(c.ctx, fresh, other, time.Hour), c.want)
		wantError(t, "Replace", s.Cache.Replace(c.ctx, s.key, other, time.Hour), c.want)
		wantError(t, "Set", s.Cache.Set(c.ctx, s.key, other, time.Hour), c.want)
		wantError(t, "Swap", s.Cache.Swap(c.ctx, s.key, old, other, time.Hour), c.want)
		wantError(t, "Delete", s.Cache.Delete(c.ctx, s.key), c.want)
		wantError(t, "Check", s.Cache.Check(c.ctx), c.want)
		if lister, ok := s.Cache.(caches.Lister); ok {
			for _, err := range lister.Keys(c.ctx, s.key) {
				wantError(t, "Keys", err, c.want)
			}
		}
		if exists, err := s.Cache.Exists(t.Context(), fresh); err != nil || exists {
			t.Errorf("exists: %v, %v", exists, err)
		}
	}
	s.want(t, value)
	if err := s.Cache.Check(t.Context()); err != nil {
		t.Errorf("Check: %v", err)
	}
}

func testBadKeys(t *testing.T, s *suite) {
	if err := s.Cache.CheckKey(s.key); err != nil {
		t.Errorf("CheckKey: %v", err)
	}
	wantError(t, "no key", s.Cache.CheckKey(""), djangosession.ErrBadKey)
	for _, key := range []string{"", "with space", "new\nline", strings.Repeat("k", 1<<20), "\xff"} {
		err := s.Cache.CheckKey(key)
		if err == nil {
			continue
		}
		wantError(t, "CheckKey", err, djangosession.ErrBadKey)
		if len(err.Error()) > 1000 { //nolint:mnd // bytes: it contains the key
			t.Error("the error is too long")
		}
		wantError(t, "Add", s.Cache.Add(t.Context(), key, py.NewDict(0), time.Hour), djangosession.ErrBadKey)
		wantError(t, "Set", s.Cache.Set(t.Context(), key, py.NewDict(0), time.Hour), djangosession.ErrBadKey)
	}
}
