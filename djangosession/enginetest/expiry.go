package enginetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

func expiryTests() []test {
	return []test{
		{"a session is there until its end and not at it", needStore | needClock, testExpiryEdge},
		{"an absolute expiry is kept to the microsecond", needStore | needClock, testAbsoluteExpiry},
		{"saving moves the end of a session", needStore | needClock, testSliding},
		{"a session ends in real time", needStore, testRealTime},
		{"saving revives a session that has expired but is there", needStore | needClock | needExpired, testRevival},
		{"clearing removes what ended before now and nothing else", needStore | needClock | needClear, testClear},
		{"clearing goes by batches and stops with its context", needStore | needClear, testClearBatches},
		{"a dry run removes nothing", needStore | needClear, testDryRun},
	}
}

// before and after are times around an end at which a session is there and is not.
func (s *suite) before(end time.Time) time.Time {
	if s.Lacks.Microseconds {
		return end.Add(-2 * time.Second)
	}
	return end.Add(-time.Microsecond)
}

func (s *suite) after(end time.Time) time.Time {
	if s.Lacks.Microseconds {
		return end.Add(2 * time.Second)
	}
	return end
}

// wantEnded fails unless the session with this key has ended. A store that starts over
// removes it.
func (s *suite) wantEnded(t *testing.T, key string) {
	t.Helper()
	_, err := s.Engine.Load(t.Context(), key)
	if !errors.Is(err, djangosession.ErrNoSession) && !errors.Is(err, djangosession.ErrStartOver) {
		t.Errorf("error %v at the end of the session, want ErrNoSession", err)
	}
	if got := s.loaded(t, key); got.Key() == key || !got.IsEmpty() && len(got.Keys()) > 0 {
		t.Error("an expired session keeps its key or its values")
	}
	exists, existsErr := s.Engine.Exists(t.Context(), key)
	if want := !s.Lacks.Expired && !errors.Is(err, djangosession.ErrStartOver); existsErr != nil || exists != want {
		t.Errorf("Exists gives %v, %v for an expired session", exists, existsErr)
	}
}

func testExpiryEdge(t *testing.T, s *suite) {
	key := s.created(t, map[string]any{"a": 1}).Key()
	end := s.start.Add(s.settings.SessionCookieAge)
	s.clock.Set(s.before(end))
	s.wantValues(t, key, map[string]any{"a": 1})
	s.clock.Set(s.after(end))
	s.wantEnded(t, key)
}

// date returns when a record ends.
func (s *suite) date(t *testing.T, r *djangosession.Record) time.Time {
	t.Helper()
	loc, err := s.settings.Location()
	if err != nil {
		t.Fatal(err)
	}
	if r.ExpireDate.Naive == s.settings.UseTZ {
		t.Errorf("the date is naive: %v; USE_TZ is %v", r.ExpireDate.Naive, s.settings.UseTZ)
	}
	return r.ExpireDate.In(loc)
}

func testAbsoluteExpiry(t *testing.T, s *suite) {
	end := s.start.Add(90*time.Minute + 123457*time.Microsecond)
	key := s.ending(t, end)[0]
	r, err := s.Engine.Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if !s.Lacks.ExpireDate {
		got := s.date(t, r)
		if !got.Equal(end) && !(s.Lacks.Microseconds && end.Sub(got).Abs() <= time.Second) {
			t.Errorf("it ends at %v, want %v", got, end)
		}
	}
	s.clock.Set(s.before(end))
	if got := s.loaded(t, key); got.Key() == "" {
		t.Error("it ended early")
	}
	s.clock.Set(s.after(end))
	s.wantEnded(t, key)
}

func testSliding(t *testing.T, s *suite) {
	if s.Lacks.Seconds {
		t.Skip("the engine declares Lacks.Seconds")
	}
	session := s.sessions.New()
	session.SetExpiry(60)
	if err := session.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.clock.Set(s.before(s.start.Add(60 * time.Second)))
	saved := s.clock.Now()
	if err := s.loaded(t, session.Key()).Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.clock.Set(s.before(saved.Add(60 * time.Second)))
	if got := s.loaded(t, session.Key()); got.Key() == "" {
		t.Error("saving did not move the end")
	}
	s.clock.Set(s.after(saved.Add(60 * time.Second)))
	s.wantEnded(t, session.Key()) // reading did not move the end
}

// testRealTime waits until a session ends.
func testRealTime(t *testing.T, s *suite) {
	if !s.Lacks.Clock {
		t.Skip("the other tests move the clock")
	}
	const lifetime = 5 * time.Second // a busy machine has to load the session before it ends
	session := s.sessions.New()
	session.SetExpiryTime(s.clock.Now().Add(lifetime))
	session.Set("a", 1)
	if err := session.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.loaded(t, session.Key()); got.Key() == "" {
		t.Error("it ended early")
	}
	time.Sleep(lifetime + 1500*time.Millisecond) // the store may count whole seconds
	s.wantEnded(t, session.Key())
}

func testRevival(t *testing.T, s *suite) {
	session := s.created(t, map[string]any{"a": 1})
	s.clock.Set(s.start.Add(2 * s.settings.SessionCookieAge))
	if err := session.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.wantValues(t, session.Key(), map[string]any{"a": 1})
}

// ending stores sessions that end at these times and returns their keys.
func (s *suite) ending(t *testing.T, ends ...time.Time) []string {
	t.Helper()
	keys := make([]string, 0, len(ends))
	for _, end := range ends {
		session := s.sessions.New()
		session.SetExpiryTime(end)
		if err := session.Save(t.Context()); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, session.Key())
	}
	return keys
}

func testClear(t *testing.T, s *suite) {
	ends := []time.Time{s.start.Add(-time.Hour), s.start.Add(-time.Microsecond), s.start, s.start.Add(time.Microsecond)}
	if s.Lacks.Microseconds {
		ends = []time.Time{s.start.Add(-time.Hour), s.before(s.start), s.after(s.start), s.start.Add(time.Hour)}
	}
	keys := s.ending(t, ends...)
	n, err := s.sessions.ClearExpired(t.Context(), djangosession.ClearOptions{})
	if err != nil || n != 2 {
		t.Errorf("cleared %d, %v; want 2", n, err)
	}
	for i, key := range keys {
		if ok, err := s.Engine.Exists(t.Context(), key); err != nil || ok != (i >= 2) {
			t.Errorf("session %d: exists %v, %v", i, ok, err)
		}
	}
}

func testClearBatches(t *testing.T, s *suite) {
	ends := make([]time.Time, 25)
	for i := range ends {
		ends[i] = s.start.Add(-time.Duration(i+1) * time.Second)
	}
	s.ending(t, ends...)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var seen []int64
	n, err := s.sessions.ClearExpired(ctx, djangosession.ClearOptions{
		BatchSize: 10,
		Pause:     time.Millisecond,
		Progress: func(removed int64) {
			seen = append(seen, removed)
			cancel()
		},
	})
	if len(seen) == 0 || n != seen[len(seen)-1] {
		t.Fatalf("cleared %d, progress %v", n, seen)
	}
	if n < 25 && !errors.Is(err, context.Canceled) { // an engine may remove all in one batch
		t.Errorf("error %v, want context.Canceled", err)
	}
	rest, err := s.sessions.ClearExpired(t.Context(), djangosession.ClearOptions{BatchSize: 10})
	if err != nil || n+rest != 25 {
		t.Errorf("cleared %d and then %d, %v; want 25 in all", n, rest, err)
	}
}

func testDryRun(t *testing.T, s *suite) {
	s.ending(t, s.start.Add(-time.Hour), s.start.Add(time.Hour))
	for range 2 {
		n, err := s.sessions.ClearExpired(t.Context(), djangosession.ClearOptions{DryRun: true})
		if err != nil || n != 1 {
			t.Errorf("counted %d, %v; want 1", n, err)
		}
	}
}
