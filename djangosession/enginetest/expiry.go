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
		{"a session is there until its end and not at it", testExpiryEdge},
		{"an absolute expiry is kept to the microsecond", testAbsoluteExpiry},
		{"saving moves the end of a session", testSliding},
		{"saving revives a session that has expired but is there", testRevival},
		{"clearing removes what ended before now and nothing else", testClear},
		{"clearing goes by batches and stops with its context", testClearBatches},
		{"a dry run removes nothing", testDryRun},
	}
}

func testExpiryEdge(t *testing.T, s *suite) {
	key := s.created(t, map[string]any{"a": 1}).Key()
	end := start.Add(s.settings.SessionCookieAge)
	s.clock.Set(end.Add(-time.Microsecond))
	s.wantValues(t, key, map[string]any{"a": 1})
	s.clock.Set(end)
	if _, err := s.Engine.Load(t.Context(), key); !errors.Is(err, djangosession.ErrNoSession) {
		t.Errorf("error %v at the end of the session, want ErrNoSession", err)
	}
	if got := s.loaded(t, key); got.Key() != "" {
		t.Error("an expired session keeps its key")
	}
	if ok, err := s.Engine.Exists(t.Context(), key); err != nil || !ok {
		t.Errorf("Exists gives %v, %v for an expired session", ok, err)
	}
}

func testAbsoluteExpiry(t *testing.T, s *suite) {
	session := s.sessions.New()
	end := start.Add(90*time.Minute + 123457*time.Microsecond)
	session.SetExpiryTime(end)
	if err := session.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := s.Engine.Load(t.Context(), session.Key())
	if err != nil {
		t.Fatal(err)
	}
	loc, err := s.settings.Location()
	if err != nil {
		t.Fatal(err)
	}
	if got := r.ExpireDate.In(loc); !got.Equal(end) {
		t.Errorf("it ends at %v, want %v", got, end)
	}
	s.clock.Set(end.Add(-time.Microsecond))
	if got := s.loaded(t, session.Key()); got.Key() == "" {
		t.Error("it ended a microsecond early")
	}
	s.clock.Set(end)
	if got := s.loaded(t, session.Key()); got.Key() != "" {
		t.Error("it did not end")
	}
}

func testSliding(t *testing.T, s *suite) {
	session := s.sessions.New()
	session.SetExpiry(60)
	if err := session.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.clock.Set(start.Add(59 * time.Second))
	if err := s.loaded(t, session.Key()).Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.clock.Set(start.Add(118 * time.Second))
	if got := s.loaded(t, session.Key()); got.Key() == "" {
		t.Error("saving did not move the end")
	}
	s.clock.Set(start.Add(119 * time.Second))
	if got := s.loaded(t, session.Key()); got.Key() != "" {
		t.Error("reading moved the end")
	}
}

func testRevival(t *testing.T, s *suite) {
	session := s.created(t, map[string]any{"a": 1})
	s.clock.Set(start.Add(2 * s.settings.SessionCookieAge))
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
	keys := s.ending(t, start.Add(-time.Hour), start.Add(-time.Microsecond), start, start.Add(time.Microsecond))
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
		ends[i] = start.Add(-time.Duration(i+1) * time.Second)
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
	s.ending(t, start.Add(-time.Hour), start.Add(time.Hour))
	for range 2 {
		n, err := s.sessions.ClearExpired(t.Context(), djangosession.ClearOptions{DryRun: true})
		if err != nil || n != 1 {
			t.Errorf("counted %d, %v; want 1", n, err)
		}
	}
}
