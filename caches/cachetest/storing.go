package cachetest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

func storingTests() []test {
	return []test{
		{"a key without a value is a miss", testMiss},
		{"Add stores only under a new key", testAdd},
		{"Replace stores only in place of a value", testReplace},
		{"Set stores always", testSet},
		{"Delete removes, and is repeatable", testDelete},
		{"values come back as they were", testValues},
		{"large values come back as they were", testLarge},
		{"the cache keeps nothing of the value that it is given", testCopies},
		{"keys are listed by their exact prefix", testKeys},
	}
}

func wantError(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v, want %v", what, err, want)
	}
}

func testMiss(t *testing.T, s *suite) {
	s.want(t, nil)
	wantError(t, "Replace", s.Cache.Replace(t.Context(), s.key, dict("a", int64(1)), time.Hour), caches.ErrMiss)
	wantError(t, "Swap", s.Cache.Swap(t.Context(), s.key, s.other(t), dict("a", int64(1)), time.Hour), caches.ErrMiss)
	wantError(t, "Swap", s.Cache.Swap(t.Context(), s.key, s.other(t), nil, 0), caches.ErrMiss)
	if err := s.Cache.Delete(t.Context(), s.key); err != nil {
		t.Errorf("Delete: %v", err)
	}
	s.want(t, nil)
}

// other returns an item that is no longer under the key of the test.
func (s *suite) other(t *testing.T) *caches.Item {
	t.Helper()
	s.add(t, dict("old", int64(0)))
	item := s.get(t)
	if err := s.Cache.Delete(t.Context(), s.key); err != nil {
		t.Fatal(err)
	}
	return item
}

func testAdd(t *testing.T, s *suite) {
	s.add(t, dict("a", int64(1)))
	wantError(t, "Add", s.Cache.Add(t.Context(), s.key, dict("a", int64(2)), time.Hour), caches.ErrExists)
	s.want(t, dict("a", int64(1)))
}

func testReplace(t *testing.T, s *suite) {
	s.add(t, dict("a", int64(1)))
	if err := s.Cache.Replace(t.Context(), s.key, dict("a", int64(2)), time.Hour); err != nil {
		t.Error(err)
	}
	s.want(t, dict("a", int64(2)))
	if err := s.Cache.Replace(t.Context(), s.key, dict("a", int64(2)), time.Hour); err != nil { // with the same
		t.Error(err)
	}
	s.want(t, dict("a", int64(2)))
}

func testSet(t *testing.T, s *suite) {
	for i := range int64(2) {
		if err := s.Cache.Set(t.Context(), s.key, dict("a", i), time.Hour); err != nil {
			t.Error(err)
		}
		s.want(t, dict("a", i))
	}
}

func testDelete(t *testing.T, s *suite) {
	s.add(t, dict("a", int64(1)))
	for range 2 {
		if err := s.Cache.Delete(t.Context(), s.key); err != nil {
			t.Error(err)
		}
		s.want(t, nil)
	}
	s.add(t, dict("b", int64(2)))
	s.want(t, dict("b", int64(2)))
}

// values are values that every format of a cache can store.
func values() *py.Dict {
	d := py.NewDict(0)
	for name, v := range map[string]any{
		"int": int64(1<<53 + 1), "float": 1.5, "text": "hé☃😀\x00\u007f<&>", "none": nil, "true": true, "empty": "",
		"list": py.NewList(py.NewList(), dict("x", "y"), int64(-1)), "_session_expiry": int64(3600),
	} {
		d.Set(name, v)
	}
	return d
}

func testValues(t *testing.T, s *suite) {
	for _, value := range []*py.Dict{py.NewDict(0), dict("a", int64(1)), values()} {
		if err := s.Cache.Set(t.Context(), s.key, value, time.Hour); err != nil {
			t.Error(err)
		}
		s.want(t, value)
	}
}

func testLarge(t *testing.T, s *suite) {
	value := dict("large", strings.Repeat("0123456789abcdef", 1<<14)) // 256 KiB
	if s.Limit > 0 && s.Limit <= 1<<18 {
		value = dict("large", strings.Repeat("x", s.Limit/2))
	}
	s.add(t, value)
	s.want(t, value)
}

func testCopies(t *testing.T, s *suite) {
	value := dict("a", int64(1))
	s.add(t, value)
	value.Set("b", int64(2))
	s.want(t, dict("a", int64(1)))
	s.get(t).Value.Set("c", int64(3))
	s.want(t, dict("a", int64(1)))
}

func testKeys(t *testing.T, s *suite) {
	lister, ok := s.Cache.(caches.Lister)
	if !ok {
		t.Skip("the cache is not a Lister")
	}
	const marks = "*?[^]\\%_'{}"
	prefix := "list" + djangosession.NewKey() + marks
	want := []string{prefix + "one", prefix + "two"}
	others := []string{"list" + djangosession.NewKey() + marks + "one", strings.ToUpper(prefix) + "one", "x" + prefix + "one"}
	for _, key := range append(others, want...) {
		if err := s.Cache.Set(t.Context(), key, dict("a", int64(1)), time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	if got := listed(t, lister, prefix); !slices.Equal(got, want) {
		t.Errorf("listed %d keys, want %d", len(got), len(want))
	}
	if got := listed(t, lister, prefix+"none"); len(got) != 0 {
		t.Errorf("listed %d keys, want none", len(got))
	}
	for _, err := range lister.Keys(t.Context(), prefix) {
		if err != nil {
			t.Error(err)
		}
		break // it must not yield again
	}
	if err := s.Cache.Delete(t.Context(), want[0]); err != nil {
		t.Error(err)
	}
	if got := listed(t, lister, prefix); !slices.Equal(got, want[1:]) {
		t.Errorf("listed %d keys after a deletion, want 1", len(got))
	}
}

// listed returns the keys with a prefix, sorted and each once.
func listed(t *testing.T, lister caches.Lister, prefix string) []string {
	t.Helper()
	keys := []string{}
	for key, err := range lister.Keys(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
