package enginetest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/djangosession"
)

func cycleTests() []test {
	return []test{
		{"a new key takes the session along", needStore, testCycle},
		{"a new key takes along what others stored, where saves are merged", needMerge, testCycleMerged},
		{"a new key does not undo a deletion", needStore, testCycleGone},
		{"all sessions are listed that have not expired", needList, testRecords},
	}
}

// plain hides the Merge method of an engine.
type plain struct{ djangosession.Engine }

func testCycle(t *testing.T, s *suite) {
	for _, engine := range []djangosession.Engine{s.Engine, plain{s.Engine}} {
		sessions := s.newManager(t, engine, djangosession.Options{})
		key := s.created(t, map[string]any{"a": 1}).Key()
		mine, err := sessions.Load(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		mine.Set("b", 2)
		if err := mine.CycleKey(t.Context()); err != nil {
			t.Fatal(err)
		}
		if mine.Key() == key || !mine.Modified() {
			t.Error("the key is the same, or the session not modified")
		}
		s.wantMissing(t, key)
		s.wantValues(t, mine.Key(), map[string]any{"a": 1, "b": 2})
		fresh := sessions.New()
		fresh.Set("a", 1)
		if err := fresh.CycleKey(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.wantValues(t, fresh.Key(), map[string]any{"a": 1})
		if err := sessions.Open(key).CycleKey(t.Context()); !errors.Is(err, djangosession.ErrNotLoaded) {
			t.Errorf("a session that is not loaded: %v", err)
		}
	}
}

func testCycleMerged(t *testing.T, s *suite) {
	s.merging(t)
	key := s.created(t, map[string]any{"kept": 1, "deleted": 1, "changed": 1, "theirs": 1, "gone": 1}).Key()
	mine, theirs := s.loaded(t, key), s.loaded(t, key)
	theirs.Set("theirs", 2)
	theirs.Set("changed", 2)
	theirs.Set("new", 2)
	theirs.PopDefault("gone", nil)
	if err := theirs.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	mine.Set("changed", 3)
	mine.PopDefault("deleted", nil)
	if err := mine.CycleKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.wantMissing(t, key)
	want := map[string]any{"kept": 1, "changed": 3, "theirs": 2, "new": 2}
	s.wantValues(t, mine.Key(), want) // without another save
	if v, _ := mine.Get("theirs"); v != int64(2) || mine.Contains("gone") {
		t.Error("the session does not have the values that it was merged with")
	}
	if err := mine.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.wantValues(t, mine.Key(), want)

	mine.Clear()
	mine.Set("only", 1)
	if err := errors.Join(mine.CycleKey(t.Context()), mine.Save(t.Context())); err != nil {
		t.Fatal(err)
	}
	s.wantValues(t, mine.Key(), map[string]any{"only": 1})
}

func testCycleGone(t *testing.T, s *suite) {
	for _, engine := range []djangosession.Engine{s.Engine, plain{s.Engine}} {
		_, merges := engine.(djangosession.Merger)
		sessions := s.newManager(t, engine, djangosession.Options{MergeSaves: merges})
		key := s.created(t, map[string]any{"a": 1}).Key()
		mine, err := sessions.Load(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.loaded(t, key).Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		before := s.count(t)
		if err := mine.CycleKey(t.Context()); !errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("error %v, want ErrSessionGone", err)
		}
		if mine.Key() != key || mine.Modified() || s.count(t) != before {
			t.Error("something was changed")
		}
		mine.Set("b", 1)
		if err := mine.Save(t.Context()); !errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("saving: %v", err)
		}
		if err := mine.Create(t.Context()); err != nil { // like Django's cycle_key
			t.Errorf("Create: %v", err)
		}
		s.wantValues(t, mine.Key(), map[string]any{"a": 1, "b": 1})
		s.wantMissing(t, key)
	}
}

// count returns the number of listed sessions; 0 for an engine that cannot list them.
func (s *suite) count(t *testing.T) int {
	t.Helper()
	n := 0
	for _, err := range s.sessions.Records(t.Context()) {
		if errors.Is(err, djangosession.ErrNoList) {
			return 0
		}
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

func testRecords(t *testing.T, s *suite) {
	lister, ok := s.Engine.(djangosession.Lister)
	if !ok {
		t.Fatal("the engine is not a Lister")
	}
	ended := s.ending(t, s.clock.Now().Add(-time.Minute))
	want := []string{}
	for i := range 5 {
		want = append(want, s.created(t, map[string]any{"n": i}).Key())
	}
	garbage := "garbage0000000000000000000000000"
	switch {
	case s.SetUnknown != nil:
		s.SetUnknown(t, garbage)
		want = append(want, garbage)
	case s.SetRow != nil && s.setRow(t, garbage, "garbage"):
		want = append(want, garbage)
	}
	var got []string
	for r, err := range lister.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if (r.Data == nil) != (r.Key == garbage) || (r.Err != nil) != (r.Key == garbage) {
			t.Errorf("data %v, error %v", r.Data, r.Err)
		}
		if r.Data != nil && !s.Lacks.ExpireDate && !r.ExpireDate.Time.After(s.clock.Now().Add(-24*time.Hour)) {
			t.Errorf("date %v", r.ExpireDate)
		}
		got = append(got, r.Key)
		if err := s.Engine.Delete(t.Context(), r.Key); err != nil { // the loop may use the engine
			t.Error(err)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("listed %d, want %d", len(got), len(want))
	}
	if there, err := s.Engine.Exists(t.Context(), ended[0]); err != nil || there == s.Lacks.Expired {
		t.Errorf("the expired one: %v, %v", there, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.created(t, map[string]any{})
	cancel()
	for _, err := range lister.Records(ctx) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want the context's", err)
		}
	}
}
