package enginetest

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

func unknownTests() []test {
	return []test{
		{"a value in an unknown format is reported and stays as it is", needStore | needUnknown, testUnknown},
		{"a value in an unknown format is not moved or merged", needStore | needUnknown, testUnknownChanges},
		{"a value in an unknown format can be deleted", needStore | needUnknown, testUnknownDeleted},
	}
}

// unknown stores a value in an unknown format and returns its key.
func (s *suite) unknown(t *testing.T) string {
	t.Helper()
	key := djangosession.NewKey()
	s.SetUnknown(t, key)
	return key
}

// wantUnknown fails unless the value is still in an unknown format.
func (s *suite) wantUnknown(t *testing.T, key string) {
	t.Helper()
	if _, err := s.Engine.Load(t.Context(), key); !errors.Is(err, djangosession.ErrUnknownFormat) {
		t.Errorf("error %v, want ErrUnknownFormat", err)
	}
	if exists, err := s.Engine.Exists(t.Context(), key); err != nil || !exists {
		t.Errorf("exists: %v, %v", exists, err)
	}
}

func testUnknown(t *testing.T, s *suite) {
	key := s.unknown(t)
	s.wantUnknown(t, key)
	var reported error
	s.use(t, djangosession.Options{
		Logger:      slog.New(slog.DiscardHandler),
		OnLoadError: func(_ context.Context, err error) { reported = err },
	})
	session := s.loaded(t, key)
	if session.Key() != key || len(session.Keys()) != 0 || session.Modified() {
		t.Error("not an empty session with its key")
	}
	if !errors.Is(reported, djangosession.ErrUnknownFormat) {
		t.Errorf("reported %v", reported)
	}
	session.Set("a", 1)
	if err := session.Save(t.Context()); !errors.Is(err, djangosession.ErrOutdatedSettings) {
		t.Errorf("saving: error %v, want ErrOutdatedSettings", err)
	}
	if err := session.CycleKey(t.Context()); !errors.Is(err, djangosession.ErrOutdatedSettings) {
		t.Errorf("CycleKey: error %v, want ErrOutdatedSettings", err)
	}
	if err := s.Engine.Create(t.Context(), s.record(key, nil)); !errors.Is(err, djangosession.ErrKeyTaken) {
		t.Errorf("Create: error %v, want ErrKeyTaken", err)
	}
	s.wantUnknown(t, key)
}

func testUnknownChanges(t *testing.T, s *suite) {
	key := s.unknown(t)
	refused := func(r *djangosession.Record) error {
		if r.Data != nil {
			t.Error("the record has data")
		}
		return r.Err
	}
	if err := s.Engine.Cycle(t.Context(), key, refused); !errors.Is(err, djangosession.ErrUnknownFormat) {
		t.Errorf("Cycle: error %v, want ErrUnknownFormat", err)
	}
	merger, ok := s.Engine.(djangosession.Merger)
	if ok {
		if err := merger.Merge(t.Context(), key, refused); !errors.Is(err, djangosession.ErrUnknownFormat) {
			t.Errorf("Merge: error %v, want ErrUnknownFormat", err)
		}
	}
	s.wantUnknown(t, key)
	moved := djangosession.NewKey()
	if err := s.Engine.Cycle(t.Context(), key, s.renamed(moved, map[string]any{"a": 1})); err != nil {
		t.Errorf("Cycle with new data: %v", err)
	}
	s.wantMissing(t, key)
	s.wantValues(t, moved, map[string]any{"a": 1})
	if ok {
		key = s.unknown(t)
		if err := merger.Merge(t.Context(), key, s.renamed(key, map[string]any{"b": 2})); err != nil {
			t.Errorf("Merge with new data: %v", err)
		}
		s.wantValues(t, key, map[string]any{"b": 2})
	}
}

func testUnknownDeleted(t *testing.T, s *suite) {
	s.use(t, djangosession.Options{Logger: slog.New(slog.DiscardHandler)})
	key := s.unknown(t)
	if err := s.loaded(t, key).Flush(t.Context()); err != nil {
		t.Error(err)
	}
	s.wantMissing(t, key)
}
