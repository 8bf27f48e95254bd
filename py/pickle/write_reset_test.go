package pickle

import (
	"reflect"
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

// TestWritersForgetTheirPickle fills all fields. The next pickle sets those that are kept.
func TestWritersForgetTheirPickle(t *testing.T) {
	t.Parallel()
	w := &writer{
		buf: []byte("secret"), depth: 3, steps: []any{"secret"}, within: map[*py.Object]int{nil: 1},
		timeZone: func(int) *py.Object { return nil }, zones: map[int]*py.Object{1: nil},
	}
	for i := range 100 {
		w.memo.add(identity{nil, i}, uint32(i))
	}
	w.memo.builtins, w.memo.datetime, w.memo.count = "a", "b", 1
	w.reset()
	wantEmpty(t, reflect.ValueOf(*w), "buf", "memo", "protocol", "frameStart")
	wantEmpty(t, reflect.ValueOf(w.memo), "entries", "few", "spare")
	if len(w.buf) != 0 || len(w.memo.entries) != 0 || len(w.memo.few) != 0 {
		t.Errorf("%d bytes, %d values and %d globals are left", len(w.buf), len(w.memo.entries), len(w.memo.few))
	}
}

// wantEmpty expects the zero value of each field of a struct that is not named.
func wantEmpty(t *testing.T, v reflect.Value, kept ...string) {
	t.Helper()
	names := map[string]bool{}
	for _, name := range kept {
		names[name] = true
	}
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; !names[name] && !v.Field(i).IsZero() {
			t.Errorf("%s is left", name)
		}
	}
}
