package caches_test

import (
	"testing"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// copyOf returns the values of the copy of a session in the cache.
func (s *cachedSite) copyOf(t *testing.T, key string) *py.Dict {
	t.Helper()
	item, err := s.memory.Get(t.Context(), cachedPrefix+key)
	if err != nil {
		t.Fatal(err)
	}
	return item.Value
}

// djangos is a copy that Django has made, with types that JSON does not have.
func djangos(t *testing.T, s *cachedSite) *py.Dict {
	t.Helper()
	numbers := py.NewDict(1)
	numbers.Set(int64(1), "one")
	d := py.NewDict(0)
	d.Set("tuple", py.NewTuple(int64(1), int64(2)))
	d.Set("changed", py.NewTuple(int64(1)))
	d.Set("numbers", numbers)
	d.Set(int64(7), "a name that is a number")
	d.Set("plain", "text")
	d.Set("removed", py.NewTuple())
	if err := s.memory.Set(t.Context(), cachedPrefix+kkkk, d, 1<<40); err != nil {
		t.Fatal(err)
	}
	return d
}

// stored is the session of djangos as the database has it.
func stored() *py.Dict {
	numbers := py.NewDict(1)
	numbers.Set("1", "one")
	d := py.NewDict(0)
	d.Set("tuple", py.NewList(int64(1), int64(2)))
	d.Set("changed", py.NewList(int64(1)))
	d.Set("numbers", numbers)
	d.Set("7", "a name that is a number")
	d.Set("plain", "text")
	d.Set("removed", py.NewList())
	return d
}

func TestUnchangedValuesKeepTheTypesOfTheCopy(t *testing.T) {
	t.Parallel()
	for name, write := range map[string]func(s *cachedSite) (key string, err error){
		"Merge": func(s *cachedSite) (string, error) {
			return kkkk, s.engine.Merge(t.Context(), kkkk, func(r *djangosession.Record) error {
				r.Data.Set("changed", py.NewList(int64(2)))
				r.Data.Delete("removed")
				r.ExpireAge = 1 << 40
				return nil
			})
		},
		"Save": func(s *cachedSite) (string, error) {
			r, err := s.engine.Load(t.Context(), kkkk)
			if err != nil {
				return "", err
			}
			r.ExpireDate, r.ExpireAge = record(s.settings, kkkk, "a", nil).ExpireDate, 1<<40
			r.Data.Set("changed", py.NewTuple(int64(2))) // which JSON makes a list
			r.Data.Delete("removed")
			return kkkk, s.engine.Save(t.Context(), r)
		},
		"Cycle": func(s *cachedSite) (string, error) {
			return keyOf("n"), s.engine.Cycle(t.Context(), kkkk, func(r *djangosession.Record) error {
				r.Key = keyOf("n")
				r.Data.Set("changed", py.NewList(int64(2)))
				r.Data.Delete("removed")
				r.ExpireAge = 1 << 40
				return nil
			})
		},
	} {
		s := newSite(t, caches.Options{})
		first := record(s.settings, kkkk, "a", nil)
		first.Data = stored()
		if err := s.engine.Create(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		want := djangos(t, s)
		want.Set("changed", py.NewList(int64(2)))
		want.Delete("removed")
		key, err := write(s)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := s.copyOf(t, key); !py.Equal(got, want) {
			t.Errorf("%s: the copy has %v", name, py.Native(got))
		}
	}
}

func TestNewValuesGetTheTypesOfTheSerializer(t *testing.T) {
	t.Parallel()
	s := newSite(t, caches.Options{})
	r := record(s.settings, kkkk, "a", nil)
	numbers := py.NewDict(1)
	numbers.Set(int64(1), py.NewTuple("deep"))
	r.Data.Set("list", py.NewList(numbers))
	if err := s.engine.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	text := py.NewDict(1)
	text.Set("1", py.NewList("deep"))
	want := py.NewDict(2)
	want.Set("a", nil)
	want.Set("list", py.NewList(text))
	if got := s.copyOf(t, kkkk); !py.Equal(got, want) {
		t.Errorf("the copy has %v", py.Native(got))
	}
}

func TestNamesThatAreTheSameInJSONDoNotConfuse(t *testing.T) {
	t.Parallel()
	s := newSite(t, caches.Options{})
	s.create(t, int64(1))
	both := py.NewDict(2)
	both.Set(int64(1), "number")
	both.Set("1", "text")
	if err := s.memory.Set(t.Context(), cachedPrefix+kkkk, both, 1<<40); err != nil {
		t.Fatal(err)
	}
	if err := s.engine.Save(t.Context(), record(s.settings, kkkk, "1", "text")); err != nil {
		t.Fatal(err)
	}
	if got := s.copyOf(t, kkkk); !py.Equal(got, record(s.settings, kkkk, "1", "text").Data) {
		t.Errorf("the copy has %v", py.Native(got))
	}
}

func TestCopyThatTheSerializerCannotStoreIsReplaced(t *testing.T) {
	t.Parallel()
	s := newSite(t, caches.Options{})
	s.create(t, int64(1))
	bad := record(s.settings, kkkk, "a", py.Bytes("no JSON")).Data
	if err := s.memory.Set(t.Context(), cachedPrefix+kkkk, bad, 1<<40); err != nil {
		t.Fatal(err)
	}
	if err := s.engine.Save(t.Context(), record(s.settings, kkkk, "a", int64(2))); err != nil {
		t.Fatal(err)
	}
	s.want(t, "Save", kkkk, int64(2), int64(2))
}
