package enginetest

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

func lifecycleTests() []test {
	return []test{
		{"a session lives from its creation to its deletion", needStore, testLife},
		{"values come back as they were", needStore, testFidelity},
		{"creating under a taken key changes nothing", needStore, testTakenKey},
		{"saving does not bring a deleted session back", needStore, testNoResurrection},
		{"saving does not create", needStore, testSaveNeedsRow},
		{"cycling the key moves the values", needStore, testCycleKey},
		{"flushing leaves nothing", needStore, testFlush},
		{"deleting a missing session is not an error", needStore, testDeleteMissing},
		{"the engine keeps nothing of the record it was given", needStore, testRecordIsCopied},
	}
}

func testLife(t *testing.T, s *suite) {
	session := s.created(t, map[string]any{"a": 1})
	key := session.Key()
	s.wantValues(t, key, map[string]any{"a": 1})
	again := s.loaded(t, key)
	again.Set("b", "two")
	if err := again.Delete("a"); err != nil {
		t.Error(err)
	}
	if err := again.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.wantValues(t, key, map[string]any{"b": "two"})
	again.Clear()
	if err := again.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.wantValues(t, key, map[string]any{})
	if err := s.sessions.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	s.wantMissing(t, key)
	if gone := s.loaded(t, key); gone.Key() != "" || !gone.IsEmpty() {
		t.Error("a deleted session loads with its key")
	}
}

// hugeInt is an integer of more than 64 bits.
func hugeInt() *big.Int { return new(big.Int).Lsh(big.NewInt(123456789), 100) }

func testFidelity(t *testing.T, s *suite) {
	values := map[string]any{
		"int": int64(1<<53 + 1), "float": 1.0, "small": 5e-324, "text": "hé☃😀\x00\u007f<&>", "none": nil, "true": true,
		"nested": map[string]any{"": []any{[]any{}, map[string]any{}, "x"}}, "large": strings.Repeat("0123456789abcdef", 20000),
	}
	if !s.Lacks.HugeInts {
		values["huge"] = hugeInt()
	}
	session := s.created(t, values)
	s.wantValues(t, session.Key(), values)
}

func testTakenKey(t *testing.T, s *suite) {
	session := s.created(t, map[string]any{"mine": true})
	key := session.Key()
	if err := s.Engine.Create(t.Context(), s.record(key, map[string]any{"other": 1})); !errors.Is(err, djangosession.ErrKeyTaken) {
		t.Errorf("error %v, want ErrKeyTaken", err)
	}
	s.wantValues(t, key, map[string]any{"mine": true})
	again := s.sessions.Open(key)
	if err := again.SaveMustCreate(t.Context()); !errors.Is(err, djangosession.ErrKeyTaken) {
		t.Errorf("SaveMustCreate: error %v, want ErrKeyTaken", err)
	}
	s.wantValues(t, key, map[string]any{"mine": true})
}

func testNoResurrection(t *testing.T, s *suite) {
	key := s.created(t, map[string]any{"user": 1}).Key()
	here, elsewhere := s.loaded(t, key), s.loaded(t, key)
	if err := elsewhere.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	here.Set("cart", 2)
	if err := here.Save(t.Context()); !errors.Is(err, djangosession.ErrSessionGone) {
		t.Errorf("error %v, want ErrSessionGone", err)
	}
	s.wantMissing(t, key)
}

func testSaveNeedsRow(t *testing.T, s *suite) {
	key := djangosession.NewKey()
	if err := s.Engine.Save(t.Context(), s.record(key, nil)); !errors.Is(err, djangosession.ErrSessionGone) {
		t.Errorf("error %v, want ErrSessionGone", err)
	}
	s.wantMissing(t, key)
}

func testCycleKey(t *testing.T, s *suite) {
	session := s.created(t, map[string]any{"cart": 3})
	old := session.Key()
	if err := session.CycleKey(t.Context()); err != nil {
		t.Fatal(err)
	}
	if session.Key() == old {
		t.Error("the key is the same")
	}
	s.wantMissing(t, old)
	s.wantValues(t, session.Key(), map[string]any{"cart": 3})
}

func testFlush(t *testing.T, s *suite) {
	session := s.created(t, map[string]any{"cart": 3})
	old := session.Key()
	if err := session.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.wantMissing(t, old)
	if !session.IsEmpty() || session.Key() != "" {
		t.Error("the session is not empty")
	}
	session.Set("new", 1)
	if err := session.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	if session.Key() == old {
		t.Error("the old key is used again")
	}
	s.wantValues(t, session.Key(), map[string]any{"new": 1})
}

func testDeleteMissing(t *testing.T, s *suite) {
	if err := s.Engine.Delete(t.Context(), djangosession.NewKey()); err != nil {
		t.Error(err)
	}
}

func testRecordIsCopied(t *testing.T, s *suite) {
	r := s.record(djangosession.NewKey(), map[string]any{"a": 1})
	if err := s.Engine.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	r.Data.Set("b", int64(2))
	s.wantValues(t, r.Key, map[string]any{"a": 1})
	loaded, err := s.Engine.Load(t.Context(), r.Key)
	if err != nil {
		t.Fatal(err)
	}
	loaded.Data.Set("c", int64(3))
	s.wantValues(t, r.Key, map[string]any{"a": 1})
}
