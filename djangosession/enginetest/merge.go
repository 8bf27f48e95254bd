package enginetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

func mergeTests() []test {
	return []test{
		{"merged saves lose nothing of each other", needMerge, testMergeParallel},
		{"a merged save changes only what the request changed", needMerge, testMergeChanges},
		{"a merged save replaces all after clearing", needMerge, testMergeCleared},
		{"a merged save does not bring a deleted session back", needMerge, testMergeGone},
		{"a merge that is refused changes nothing", needMerge, testMergeRefused},
		{"a saved change is not saved again", needMerge, testMergeAfterSave},
		{"what is changed during a merged save is a change", needMerge, testMergeMeanwhile},
		{"a failed merged save keeps the changes", needMerge, testMergeFailed},
		{"merging with damaged data is reported, or refused", needMerge | needText, testMergeCorrupt},
		{"merging heeds keys and contexts", needMerge, testMergeKeys},
	}
}

// merging returns the engine as a Merger and switches merging on.
func (s *suite) merging(t *testing.T) djangosession.Merger {
	t.Helper()
	merger, ok := s.Engine.(djangosession.Merger)
	if !ok {
		t.Fatal("the engine is not a Merger")
	}
	s.use(t, djangosession.Options{MergeSaves: true})
	return merger
}

func testMergeParallel(t *testing.T, s *suite) {
	s.merging(t)
	const rounds = 10
	key := s.created(t, map[string]any{"before": 0}).Key()
	parallel(func(i int) {
		for round := range rounds {
			session, err := s.sessions.Load(t.Context(), key)
			if err != nil {
				t.Error(err)
				return
			}
			session.Set(fmt.Sprintf("worker%d", i), round)
			if err := session.Save(t.Context()); err != nil {
				t.Error(err)
				return
			}
		}
	})
	want := map[string]any{"before": 0}
	for i := range workers {
		want[fmt.Sprintf("worker%d", i)] = rounds - 1
	}
	s.wantValues(t, key, want)
}

func testMergeChanges(t *testing.T, s *suite) {
	s.merging(t)
	key := s.created(t, map[string]any{"kept": 1, "deleted": 1, "changed": 1, "theirs": 1}).Key()
	mine, theirs := s.loaded(t, key), s.loaded(t, key)
	theirs.Set("theirs", 2)
	theirs.Set("new", 2)
	theirs.PopDefault("kept", nil)
	if err := theirs.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	mine.Set("changed", 3)
	mine.PopDefault("deleted", nil)
	if err := mine.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.wantValues(t, key, map[string]any{"changed": 3, "theirs": 2, "new": 2})
	if v, _ := mine.Get("theirs"); v != int64(2) || mine.Contains("kept") {
		t.Error("the session does not have the values that it was merged with")
	}
	theirs.Set("theirs", 4) // a saved change is no longer a change
	if err := theirs.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.wantValues(t, key, map[string]any{"changed": 3, "theirs": 4, "new": 2})
}

func testMergeCleared(t *testing.T, s *suite) {
	s.merging(t)
	key := s.created(t, map[string]any{"old": 1}).Key()
	mine, theirs := s.loaded(t, key), s.loaded(t, key)
	theirs.Set("theirs", 2)
	if err := theirs.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	mine.Clear()
	mine.Set("only", 3)
	if err := mine.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.wantValues(t, key, map[string]any{"only": 3})
}

func testMergeGone(t *testing.T, s *suite) {
	s.merging(t)
	key := s.created(t, map[string]any{"a": 1}).Key()
	mine := s.loaded(t, key)
	if err := s.loaded(t, key).Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	mine.Set("a", 2)
	if err := mine.Save(t.Context()); !errors.Is(err, djangosession.ErrSessionGone) {
		t.Errorf("error %v, want ErrSessionGone", err)
	}
	s.wantMissing(t, key)
}

func testMergeRefused(t *testing.T, s *suite) {
	merger := s.merging(t)
	key := s.created(t, map[string]any{"a": 1}).Key()
	refused := errors.New("refused")
	err := merger.Merge(t.Context(), key, func(r *djangosession.Record) error {
		r.Data.Set("a", int64(2))
		return refused
	})
	if !errors.Is(err, refused) {
		t.Errorf("error %v, want the one of the change", err)
	}
	s.wantValues(t, key, map[string]any{"a": 1})
	session := s.loaded(t, key)
	session.Set("a", unstorable{})
	if err := session.Save(t.Context()); err == nil {
		t.Error("no error")
	}
	s.wantValues(t, key, map[string]any{"a": 1})
}

func testMergeAfterSave(t *testing.T, s *suite) {
	s.merging(t)
	for name, store := range map[string]func(session *djangosession.Session) error{
		"created":    func(session *djangosession.Session) error { return session.Save(t.Context()) },
		"must exist": func(session *djangosession.Session) error { return session.SaveMustCreate(t.Context()) },
		"cycled": func(session *djangosession.Session) error {
			return errors.Join(session.Save(t.Context()), session.CycleKey(t.Context()))
		},
		"flushed": func(session *djangosession.Session) error {
			err := errors.Join(session.Save(t.Context()), session.Flush(t.Context()))
			session.Set("mine", 1)
			return errors.Join(err, session.Save(t.Context()))
		},
		"cleared": func(session *djangosession.Session) error {
			err := session.Save(t.Context())
			session.Clear()
			session.Set("mine", 1)
			return errors.Join(err, session.Save(t.Context()))
		},
	} {
		mine := s.sessions.New()
		mine.Set("mine", 1)
		if err := store(mine); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		theirs := s.loaded(t, mine.Key())
		theirs.Set("mine", 2)
		theirs.Set("theirs", 2)
		if err := theirs.Save(t.Context()); err != nil {
			t.Fatal(err)
		}
		mine.Set("other", 3)
		if err := mine.Save(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.wantValues(t, mine.Key(), map[string]any{"mine": 2, "theirs": 2, "other": 3})
	}
}

// during is a Merger that does something during a merge.
type during struct {
	djangosession.Merger

	do  func()
	err error
}

func (d *during) Merge(ctx context.Context, key string, change func(*djangosession.Record) error) error {
	err := d.Merger.Merge(ctx, key, change)
	if d.do != nil {
		d.do()
	}
	return errors.Join(err, d.err)
}

// withDuring loads the session with this key through d.
func (s *suite) withDuring(t *testing.T, key string, d *during) *djangosession.Session {
	t.Helper()
	sessions := s.newManager(t, d, djangosession.Options{MergeSaves: true})
	session, err := sessions.Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return session
}

func testMergeMeanwhile(t *testing.T, s *suite) {
	d := &during{Merger: s.merging(t)}
	key := s.created(t, map[string]any{"a": 1, "b": 1}).Key()
	mine := s.withDuring(t, key, d)
	mine.Set("a", 2)
	d.do = func() {
		mine.Set("a", 3)
		mine.PopDefault("b", nil)
	}
	if err := mine.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.do = nil
	s.wantValues(t, key, map[string]any{"a": 2, "b": 1})
	if err := mine.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.wantValues(t, key, map[string]any{"a": 3})

	mine.Clear()
	mine.Set("secret", 1)
	d.do = mine.Clear
	if err := mine.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.do = nil
	if err := mine.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.wantValues(t, key, map[string]any{})
}

func testMergeFailed(t *testing.T, s *suite) {
	merger := s.merging(t)
	d := &during{Merger: merger}
	key := s.created(t, map[string]any{"a": 1}).Key()
	mine := s.withDuring(t, key, d)
	mine.Set("a", 2)
	d.err = errors.New("the answer was lost")
	if err := mine.Save(t.Context()); !errors.Is(err, d.err) {
		t.Errorf("error %v", err)
	}
	theirs := s.loaded(t, key)
	theirs.Set("theirs", 1)
	if err := theirs.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.err = nil
	if err := mine.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.wantValues(t, key, map[string]any{"a": 2, "theirs": 1})
}

func testMergeCorrupt(t *testing.T, s *suite) {
	merger := s.merging(t)
	key := djangosession.NewKey()
	if !s.setRow(t, key, "garbage") {
		t.Fatal("the store does not take plain text")
	}
	err := merger.Merge(t.Context(), key, func(r *djangosession.Record) error {
		if r.Data != nil {
			t.Error("garbage has data")
		}
		return r.Err
	})
	if _, ok := errors.AsType[*djangosession.DecodeError](err); !ok {
		t.Errorf("error %v, want a DecodeError", err)
	}
	strict := s.newManager(t, s.Engine, djangosession.Options{MergeSaves: true, StrictLoad: true}).Open(key)
	strict.Clear() // it cannot be loaded
	if err := strict.Save(t.Context()); err == nil {
		t.Error("a strict manager replaces garbage")
	}
	reports := 0
	s.use(t, djangosession.Options{
		MergeSaves:  true,
		Logger:      slog.New(slog.DiscardHandler),
		OnLoadError: func(context.Context, error) { reports++ },
	})
	session := s.loaded(t, key)
	session.Set("a", 1)
	if err := session.Save(t.Context()); err != nil || reports != 2 {
		t.Errorf("error %v, %d reports", err, reports)
	}
	s.wantValues(t, key, map[string]any{"a": 1})
}

func testMergeKeys(t *testing.T, s *suite) {
	merger := s.merging(t)
	never := func(*djangosession.Record) error {
		t.Error("there is something to merge with")
		return nil
	}
	for _, key := range hostileKeys() {
		if err := merger.Merge(t.Context(), key, never); !errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("Merge(%.20q): error %v, want ErrSessionGone", key, err)
		}
	}
	key := s.created(t, map[string]any{"a": 1}).Key()
	if err := merger.Merge(t.Context(), strings.ToUpper(key), never); !errors.Is(err, djangosession.ErrSessionGone) {
		t.Errorf("another spelling: error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := merger.Merge(ctx, key, never); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: error %v", err)
	}
	if s.Lacks.Expired || s.Lacks.Clock {
		return
	}
	// A session that has expired but still exists is written like any other, and is
	// extended.
	session := s.loaded(t, key)
	s.clock.Set(s.start.Add(2 * s.settings.SessionCookieAge))
	session.Set("b", 2)
	if err := session.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.wantValues(t, key, map[string]any{"a": 1, "b": 2})
}
