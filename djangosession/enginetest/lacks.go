package enginetest

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

// Lacks declares what an engine cannot do, because its store cannot. The zero value
// declares nothing, and fits an engine on a table.
//
// The suite skips the tests of what an engine lacks, with the reason. In their place, it
// tests that the engine lacks it indeed. An engine that can do more than it declares
// fails, so that no test is skipped by mistake.
type Lacks struct {
	// Text: the store does not contain the text of the settings' [djangosession.Codec],
	// and Backend.SetRow is nil. Caches, for example, contain pickles. Such a backend
	// sets SetUnknown.
	Text bool
	// Clock: the store has its own clock, and ignores that of the settings, which is then
	// the real one. The tests of expiries are replaced by one that waits a few seconds.
	Clock bool
	// Expired: the store forgets sessions when they expire. Exists reports that they do
	// not exist, and they cannot be saved, moved or merged any more. Creating a session
	// that has expired already succeeds and stores nothing.
	Expired bool
	// ExpireDate: Load does not say when a session ends: Record.ExpireDate is zero, and
	// the engine is a [djangosession.ExpiryReporter] that says so.
	ExpireDate bool
	// Microseconds: ends of sessions, or the dates that Load returns, are only within a
	// second of what was stored.
	Microseconds bool
	// Seconds: a session whose expiry is a number of seconds never ends, as in Django's
	// engine "file". Sessions with a date, or without an expiry of their own, do end.
	Seconds bool
	// HugeInts: integers of more than 64 bits cannot be stored.
	HugeInts bool
	// Merge: the engine is not a [djangosession.Merger].
	Merge bool
	// List: the engine is not a [djangosession.Lister], or its Records yields only
	// [djangosession.ErrNoList].
	List bool
	// Clear: ClearExpired finds nothing, because the store removes sessions itself.
	Clear bool
	// Store: there is no store. The session is in its key, the value of the cookie, as in
	// Django's engine "signed_cookies". The engine chooses keys: Create and Save set
	// Record.Key. Exists reports that no session exists, Delete returns
	// [djangosession.ErrStateless], and the engine is a [djangosession.Stateless]. Only a
	// few tests remain.
	Store bool
}

// need is a set of capabilities that a test needs.
type need uint

const (
	needText need = 1 << iota
	needClock
	needExpired
	needMerge
	needList
	needClear
	needStore
	needUnknown // SetUnknown
)

// missing returns what an engine lacks of a need; "" if nothing.
func (b *Backend) missing(n need) string {
	for _, c := range []struct {
		need  need
		lacks bool
		what  string
	}{
		{needStore, b.Lacks.Store, "Store"},
		{needText, b.Lacks.Text, "Text"},
		{needClock, b.Lacks.Clock, "Clock"},
		{needExpired, b.Lacks.Expired, "Expired"},
		{needMerge, b.Lacks.Merge, "Merge"},
		{needList, b.Lacks.List, "List"},
		{needClear, b.Lacks.Clear, "Clear"},
	} {
		if n&c.need != 0 && c.lacks {
			return "the engine declares Lacks." + c.what
		}
	}
	if n&needUnknown != 0 && b.SetUnknown == nil {
		return "the backend has no SetUnknown"
	}
	return ""
}

func lackTests() []test {
	return []test{
		{"the backend is complete", 0, testBackend},
		{"an engine lacks the optional interfaces that it declares to lack", 0, testLacksInterfaces},
		{"an engine lacks the times that it declares to lack", needStore, testLacksTimes},
		{"an engine lacks the expired sessions that it declares to lack", needStore, testLacksExpired},
		{"an engine lacks the store that it declares to lack", 0, testLacksStore},
	}
}

func testBackend(t *testing.T, s *suite) {
	if (s.SetRow == nil) != s.Lacks.Text {
		t.Error("a backend has either SetRow or Lacks.Text")
	}
	if s.Lacks.Text && !s.Lacks.Store && s.SetUnknown == nil {
		t.Error("a backend with Lacks.Text needs SetUnknown")
	}
}

func testLacksInterfaces(t *testing.T, s *suite) {
	if _, ok := s.Engine.(djangosession.Merger); ok == s.Lacks.Merge {
		t.Errorf("the engine is a Merger: %v; Lacks.Merge: %v", ok, s.Lacks.Merge)
	}
	lister, ok := s.Engine.(djangosession.Lister)
	if ok {
		for _, err := range lister.Records(t.Context()) {
			ok = ok && !errors.Is(err, djangosession.ErrNoList)
		}
	}
	if ok == s.Lacks.List {
		t.Errorf("the engine lists sessions: %v; Lacks.List: %v", ok, s.Lacks.List)
	}
	knows := true
	if reporter, ok := s.Engine.(djangosession.ExpiryReporter); ok {
		knows = reporter.ReportsExpiry()
	}
	if knows == s.Lacks.ExpireDate {
		t.Errorf("the engine says that it knows when sessions end: %v; Lacks.ExpireDate: %v", knows, s.Lacks.ExpireDate)
	}
	huge := s.sessions.New()
	huge.Set("huge", hugeInt())
	if err := huge.Save(t.Context()); (err != nil) != s.Lacks.HugeInts {
		t.Errorf("storing a huge integer: error %v; Lacks.HugeInts: %v", err, s.Lacks.HugeInts)
	}
}

func testLacksTimes(t *testing.T, s *suite) {
	end := s.start.Add(90*time.Minute + 123457*time.Microsecond)
	key := s.ending(t, end)[0]
	r, err := s.Engine.Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if zero := r.ExpireDate.Time.IsZero(); zero != s.Lacks.ExpireDate {
		t.Errorf("the date is zero: %v; Lacks.ExpireDate: %v", zero, s.Lacks.ExpireDate)
	}
	if s.Lacks.Clock {
		s.clock.Set(end.Add(48 * time.Hour))
		if s.ended(t, key) {
			t.Error("the engine heeds the clock of the settings, but declares Lacks.Clock")
		}
		return
	}
	forever := s.sessions.New()
	forever.SetExpiry(60)
	if err := forever.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.clock.Set(end.Add(-time.Microsecond))
	exact := s.Lacks.ExpireDate || s.date(t, r).Equal(end)
	exact = !s.ended(t, key) && exact
	s.clock.Set(end)
	if exact = s.ended(t, key) && exact; exact == s.Lacks.Microseconds {
		t.Errorf("ends are exact: %v; Lacks.Microseconds: %v", exact, s.Lacks.Microseconds)
	}
	s.clock.Set(s.start.Add(2 * s.settings.SessionCookieAge))
	if ended := s.ended(t, forever.Key()); ended == s.Lacks.Seconds {
		t.Errorf("a session with an expiry in seconds ends: %v; Lacks.Seconds: %v", ended, s.Lacks.Seconds)
	}
}

func testLacksExpired(t *testing.T, s *suite) {
	session := s.created(t, map[string]any{"a": 1})
	ended := s.ending(t, s.start.Add(-time.Hour))[0]
	n, err := s.Engine.ClearExpired(t.Context(), djangosession.ClearOptions{DryRun: true})
	if err != nil || (n == 0) != s.Lacks.Clear {
		t.Errorf("ClearExpired finds %d sessions, %v; Lacks.Clear: %v", n, err, s.Lacks.Clear)
	}
	if !s.Lacks.Clock {
		ended = session.Key()
		s.clock.Set(s.start.Add(2 * s.settings.SessionCookieAge))
	}
	exists, err := s.Engine.Exists(t.Context(), ended)
	if err != nil || exists == s.Lacks.Expired {
		t.Errorf("an expired session exists: %v, %v; Lacks.Expired: %v", exists, err, s.Lacks.Expired)
	}
	if err := s.Engine.Save(t.Context(), s.record(ended, nil)); errors.Is(err, djangosession.ErrSessionGone) != s.Lacks.Expired {
		t.Errorf("saving an expired session: %v; Lacks.Expired: %v", err, s.Lacks.Expired)
	}
}

func testLacksStore(t *testing.T, s *suite) {
	r := s.record(djangosession.NewKey(), map[string]any{"a": 1})
	given := r.Key
	if err := s.Engine.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if (r.Key != given) != s.Lacks.Store {
		t.Errorf("Create chooses the key: %v; Lacks.Store: %v", r.Key != given, s.Lacks.Store)
	}
	exists, err := s.Engine.Exists(t.Context(), r.Key)
	if err != nil || exists == s.Lacks.Store {
		t.Errorf("a session exists: %v, %v; Lacks.Store: %v", exists, err, s.Lacks.Store)
	}
	err = s.Engine.Delete(t.Context(), r.Key)
	if (err != nil) != s.Lacks.Store || err != nil && !errors.Is(err, djangosession.ErrStateless) {
		t.Errorf("Delete returns %v; Lacks.Store: %v", err, s.Lacks.Store)
	}
	if _, stateless := s.Engine.(djangosession.Stateless); stateless != s.Lacks.Store {
		t.Errorf("the engine is Stateless: %v; Lacks.Store: %v", stateless, s.Lacks.Store)
	}
	if lives := !s.ended(t, r.Key); lives != s.Lacks.Store {
		t.Errorf("a deleted session can be loaded: %v; Lacks.Store: %v", lives, s.Lacks.Store)
	}
	if s.Lacks.Store {
		s.keyless(t)
	}
}

// keyless tests what remains of an engine without a store.
func (s *suite) keyless(t *testing.T) {
	t.Helper()
	s.use(t, djangosession.Options{Logger: slog.New(slog.DiscardHandler)})
	session := s.created(t, map[string]any{"a": 1})
	first := session.Key()
	s.wantValues(t, first, map[string]any{"a": 1})
	session.Set("b", "two")
	if err := session.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	if session.Key() == first {
		t.Error("saving keeps the key, and with it the old values")
	}
	s.wantValues(t, session.Key(), map[string]any{"a": 1, "b": "two"})
	if err := session.CycleKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.wantValues(t, session.Key(), map[string]any{"a": 1, "b": "two"})
	for _, key := range hostileKeys() {
		if !s.ended(t, key) {
			t.Errorf("Load(%.20q) finds a session", key)
		}
	}
}

// ended reports whether no session with this key can be loaded.
func (s *suite) ended(t *testing.T, key string) bool {
	t.Helper()
	_, err := s.Engine.Load(t.Context(), key)
	if err != nil && !errors.Is(err, djangosession.ErrNoSession) && !errors.Is(err, djangosession.ErrStartOver) {
		t.Errorf("Load: %v", err)
	}
	return err != nil
}
