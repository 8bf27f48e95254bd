package enginetest

import (
	"errors"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

func keyTests() []test {
	return []test{
		{"keys that no session has are not found", needStore, testHostileKeys},
		{"a key that looks like another is a different key", needStore, testSimilarKeys},
		{"keys that cannot be kept are refused", needStore, testBadKeys},
		{"a key of 40 characters can be kept", needStore, testLongestKey},
	}
}

func hostileKeys() []string {
	return []string{
		"", " ", "short", "'; DROP TABLE django_session; --", "%", "________________________________", strings.Repeat("k", 41),
		strings.Repeat("k", 1<<20), "null\x00byte-in-the-key", "\xff\xfe\xfd\xfc not utf-8", "\xed\xa0\x80 lone surrogate",
		"ключ-сессии-из-букв", "../../../../etc/passwd", "key\nwith\nlines", "\u202ereversed-key",
	}
}

func testHostileKeys(t *testing.T, s *suite) {
	witness := s.created(t, map[string]any{"a": 1}).Key()
	for _, key := range hostileKeys() {
		if _, err := s.Engine.Load(t.Context(), key); !errors.Is(err, djangosession.ErrNoSession) {
			t.Errorf("Load(%.20q): error %v, want ErrNoSession", key, err)
		}
		if ok, err := s.Engine.Exists(t.Context(), key); ok || err != nil {
			t.Errorf("Exists(%.20q): %v, %v", key, ok, err)
		}
		if err := s.Engine.Save(t.Context(), s.record(key, nil)); !errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("Save(%.20q): error %v, want ErrSessionGone", key, err)
		}
		if err := s.Engine.Delete(t.Context(), key); err != nil {
			t.Errorf("Delete(%.20q): %v", key, err)
		}
		if session := s.loaded(t, key); session.Key() != "" {
			t.Errorf("Manager.Load(%.20q) keeps the key", key)
		}
	}
	s.wantValues(t, witness, map[string]any{"a": 1})
}

// similarKeys returns keys that some collation considers equal to this one: without
// regard to case, accents, width, ignorable characters, or trailing spaces.
func similarKeys(key string) []string {
	return []string{
		strings.ToUpper(key), key + " ", key + "  ", " " + key, "á" + key[1:], "ａ" + key[1:], key + "\u00ad", "\u200b" + key,
		strings.Replace(key, "s", "ſ", 1), strings.Replace(key, "k", "\u212a", 1), key[:31], key + "\x00", key + "\t", key + "\n",
	}
}

func testSimilarKeys(t *testing.T, s *suite) {
	const key = "abcdefghijklmnopqrstuvwxyz012345"
	if err := s.Engine.Create(t.Context(), s.record(key, map[string]any{"a": 1})); err != nil {
		t.Fatal(err)
	}
	never := func(*djangosession.Record) error {
		t.Error("the session was given away")
		return nil
	}
	for _, other := range similarKeys(key) {
		if _, err := s.Engine.Load(t.Context(), other); !errors.Is(err, djangosession.ErrNoSession) {
			t.Errorf("Load(%q): error %v, want ErrNoSession", other, err)
		}
		if ok, err := s.Engine.Exists(t.Context(), other); ok || err != nil {
			t.Errorf("Exists(%q): %v, %v", other, ok, err)
		}
		if err := s.Engine.Save(t.Context(), s.record(other, nil)); !errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("Save(%q): error %v, want ErrSessionGone", other, err)
		}
		if err := s.Engine.Delete(t.Context(), other); err != nil {
			t.Errorf("Delete(%q): %v", other, err)
		}
		if merger, ok := s.Engine.(djangosession.Merger); ok {
			if err := merger.Merge(t.Context(), other, never); !errors.Is(err, djangosession.ErrSessionGone) {
				t.Errorf("Merge(%q): error %v, want ErrSessionGone", other, err)
			}
		}
		if err := s.Engine.Cycle(t.Context(), other, never); !errors.Is(err, djangosession.ErrSessionGone) {
			t.Errorf("Cycle(%q): error %v, want ErrSessionGone", other, err)
		}
		// A store may refuse such a key beside the other one, but it must store the key
		// unchanged or not at all.
		err := s.Engine.Create(t.Context(), s.record(other, map[string]any{"b": 2}))
		switch {
		case err == nil:
			s.wantValues(t, other, map[string]any{"b": 2})
			if err := s.Engine.Delete(t.Context(), other); err != nil {
				t.Errorf("Delete(%q): %v", other, err)
			}
		case !errors.Is(err, djangosession.ErrKeyTaken) && !errors.Is(err, djangosession.ErrBadKey):
			t.Errorf("Create(%q): error %v, want ErrKeyTaken or ErrBadKey", other, err)
		}
	}
	s.wantValues(t, key, map[string]any{"a": 1})
}

func testBadKeys(t *testing.T, s *suite) {
	for _, key := range []string{
		"", strings.Repeat("k", 41), strings.Repeat("k", 1<<20), "null\x00byte-in-the-key", "\xff\xfe\xfd\xfc not utf-8",
	} {
		if err := s.Engine.Create(t.Context(), s.record(key, nil)); !errors.Is(err, djangosession.ErrBadKey) {
			t.Errorf("Create(%.20q): error %v, want ErrBadKey", key, err)
		}
		s.wantMissing(t, key)
	}
	s.wantMissing(t, strings.Repeat("k", 40)) // an engine might truncate a longer key
}

func testLongestKey(t *testing.T, s *suite) {
	key := strings.Repeat("0123456789", 4)
	if err := s.Engine.Create(t.Context(), s.record(key, map[string]any{"a": 1})); err != nil {
		t.Fatal(err)
	}
	s.wantValues(t, key, map[string]any{"a": 1})
}
