package compat_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// loadFrom loads an existing session.
func loadFrom(t *testing.T, sessions *djangosession.Manager, key string) *djangosession.Session {
	t.Helper()
	s, err := sessions.Load(t.Context(), key)
	if err != nil || s.Key() != key {
		t.Fatalf("the session is not there: %v", err)
	}
	return s
}

// stored counts the sessions and returns the keys.
func (w *wired) stored(t *testing.T) []string {
	t.Helper()
	keys := []string{}
	for r, err := range w.direct.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, r.Key)
	}
	return keys
}

func (w *wired) visitor(t *testing.T) string {
	t.Helper()
	s := w.direct.New()
	s.Set("_auth_user_id", "1")
	save(t, s)
	return s.Key()
}

// TestSaveThatWasGivenUpHasNoEffectAfterALaterOne delays the statement of a save whose
// context has ended until another save was acknowledged.
func TestSaveThatWasGivenUpHasNoEffectAfterALaterOne(t *testing.T) {
	t.Parallel()
	onEachWire(t, func(t *testing.T, w *wired) {
		key := w.visitor(t)
		first, second := loadFrom(t, w.through, key), loadFrom(t, w.direct, key)
		first.Set("n", 1)
		second.Set("n", 2)
		if err := first.Save(w.givenUpAt(t, "UPDATE")); !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v, want Canceled", err)
		}
		save(t, second)
		w.deliver(t)
		if n, err := djangosession.Value[int](loadFrom(t, w.direct, key), "n"); n != 2 || err != nil {
			t.Errorf("n is %d, %v; want what was saved last", n, err)
		}
	})
}

// TestCreationThatWasGivenUpLeavesNoRow does the same for a new session.
func TestCreationThatWasGivenUpLeavesNoRow(t *testing.T) {
	t.Parallel()
	onEachWire(t, func(t *testing.T, w *wired) {
		s := w.through.New()
		s.Set("_auth_user_id", "1")
		if err := s.Save(w.givenUpAt(t, "INSERT")); !errors.Is(err, context.Canceled) || s.Key() != "" {
			t.Fatalf("error %v, want Canceled", err)
		}
		w.deliver(t)
		if keys := w.stored(t); len(keys) != 0 {
			t.Errorf("%d rows, want none", len(keys))
		}
	})
}

// saysUnknown reports whether a call could not find out what happened to its COMMIT.
func saysUnknown(err error) bool {
	return err != nil && strings.Contains(err.Error(), "it is unknown whether")
}

// untilKnown runs a function until its error does not say that the outcome is unknown,
// and deletes all sessions after it. A busy machine may need longer than a call takes to
// find out.
func (w *wired) untilKnown(t *testing.T, run func() error) {
	t.Helper()
	for range 5 {
		err := run()
		for _, key := range w.stored(t) {
			if err := w.direct.Delete(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		}
		if !saysUnknown(err) {
			return
		}
		t.Logf("again, because of %v", err)
	}
	t.Error("no call found out what happened")
}

// TestLostAnswerToACommit breaks the connection around a COMMIT. The result of the call
// is what happened.
func TestLostAnswerToACommit(t *testing.T) {
	t.Parallel()
	onEachWire(t, func(t *testing.T, w *wired) {
		for name, c := range map[string]struct {
			fate   fate
			merged bool
			done   bool
		}{
			"the request is lost": {fate: lostRequest},
			"the answer is lost":  {fate: lostAnswer, done: true},
			"merged, the request": {fate: lostRequest, merged: true},
			"merged, the answer":  {fate: lostAnswer, merged: true, done: true},
		} {
			w.through = newManager(t, w.engine, w.direct.Settings(), djangosession.Options{MergeSaves: c.merged})
			w.untilKnown(t, func() error {
				key := w.visitor(t)
				mine := loadFrom(t, w.through, key)
				mine.Set("n", 1)
				w.arm("COMMIT", c.fate)
				err := mine.CycleKey(t.Context())
				if saysUnknown(err) {
					return err
				}
				if (err == nil) != c.done || (mine.Key() != key) != c.done {
					t.Errorf("%s: error %v, new key %v", name, err, mine.Key() != key)
				}
				if keys := w.stored(t); len(keys) != 1 || keys[0] != mine.Key() {
					t.Errorf("%s: %d rows, or another than the session's", name, len(keys))
				}
				save(t, mine)
				if n, err := djangosession.Value[int](loadFrom(t, w.direct, mine.Key()), "n"); n != 1 || err != nil {
					t.Errorf("%s: n is %d, %v", name, n, err)
				}
				if err := mine.Flush(t.Context()); err != nil {
					t.Error(err)
				}
				return nil
			})
			w.untilKnown(t, func() error {
				fresh := w.through.New()
				fresh.Set("_auth_user_id", "1")
				w.arm("COMMIT", c.fate)
				err := fresh.Save(t.Context())
				if saysUnknown(err) {
					return err
				}
				if (err == nil) != c.done || len(w.stored(t)) == 1 != c.done {
					t.Errorf("%s: creating: %v", name, err)
				}
				if err := fresh.Flush(t.Context()); err != nil {
					t.Error(err)
				}
				return nil
			})
		}
	})
}

// TestUnknownChangeOfKeyRevivesNothing stops the server after it changed the key and
// before it could answer.
func TestUnknownChangeOfKeyRevivesNothing(t *testing.T) {
	t.Parallel()
	onEachWire(t, func(t *testing.T, w *wired) {
		key := w.visitor(t)
		mine := loadFrom(t, w.through, key)
		w.arm("COMMIT", lostAnswer)
		w.mu.Lock()
		w.downAfter = true
		w.mu.Unlock()
		if err := mine.CycleKey(t.Context()); err == nil || mine.Key() != key || mine.Modified() {
			t.Errorf("error %v, new key %v", err, mine.Key() != key)
		}
		w.mu.Lock()
		w.down, w.downAfter = false, false
		w.mu.Unlock()
		if keys := w.stored(t); len(keys) != 1 || keys[0] == key {
			t.Fatal("the test has shown nothing")
		}
		mine.Set("n", 1)
		if err := mine.Save(t.Context()); !errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("saving: %v, want ErrSessionGone", err)
		}
		if err := mine.CycleKey(t.Context()); !errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("changing the key: %v, want ErrSessionGone", err)
		}
		if err := mine.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		if keys := w.stored(t); len(keys) != 0 {
			t.Errorf("%d rows after the logout", len(keys))
		}
	})
}
