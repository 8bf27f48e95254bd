package enginetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

func mergeTests() []test {
	return []test{
		{"merged saves lose nothing of each other", testMergeParallel},
		{"a merged save changes only what the request changed", testMergeChanges},
		{"a merged save replaces all after clearing", testMergeCleared},
		{"a merged save does not bring a deleted session back", testMergeGone},
		{"a merge that is refused changes nothing", testMergeRefused},
	}
}

// merging switches merging on, where the engine can do it.
func (s *suite) merging(t *testing.T) djangosession.Merger {
	t.Helper()
	merger, ok := s.Engine.(djangosession.Merger)
	if !ok {
		t.Skip("the engine is no Merger")
	}
	s.manager.MergeSaves = true
	return merger
}

func testMergeParallel(t *testing.T, s *suite) {
	s.merging(t)
	const rounds = 10
	key := s.created(t, map[string]any{"before": 0}).Key()
	parallel(func(i int) {
		for round := range rounds {
			session, err := s.manager.Load(t.Context(), key)
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
		t.Error("the session does not know what it was merged with")
	}
	theirs.Set("theirs", 4) // what was saved is no change any more
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
	session.Set("a", []byte("not in JSON"))
	if err := session.Save(t.Context()); err == nil {
		t.Error("no error")
	}
	s.wantValues(t, key, map[string]any{"a": 1})
}
