package py_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// Keys of Go maps become hashable Python values or are refused.
func TestKeysOfMapsAreHashable(t *testing.T) {
	t.Parallel()
	type point struct{ X, Y int }
	board := map[[2]int]string{{1, 2}: "a", {0, 5}: "b"}
	v, err := py.From(board)
	d, _ := v.(*py.Dict)
	if err != nil || d == nil || d.Len() != 2 {
		t.Fatalf("%T, %v", v, err)
	}
	for _, key := range d.Keys() {
		if _, ok := key.(*py.Tuple); !ok {
			t.Errorf("a key is %T", key)
		}
	}
	if a, _ := d.Get(py.NewTuple(int64(1), int64(2))); a != "a" {
		t.Errorf("board[1, 2] is %v", a)
	}
	var back map[[2]int]string
	if err := py.Scan(v, &back, time.UTC); err != nil || len(back) != 2 || back[[2]int{0, 5}] != "b" {
		t.Errorf("%v, %v", back, err)
	}
	nested := map[any]int{[1][2]string{{"a", "b"}}: 1}
	v, err = py.From(nested)
	d, _ = v.(*py.Dict)
	if err != nil || d == nil {
		t.Fatalf("%T, %v", v, err)
	}
	if n, _ := d.Get(py.NewTuple(py.NewTuple("a", "b"))); n != int64(1) {
		t.Errorf("nested: %v", n)
	}
	for name, v := range map[string]any{
		"a struct":           map[point]bool{{1, 2}: true},
		"a struct in arrays": map[[1]point]bool{{{1, 2}}: true},
		"a list":             map[*py.List]bool{py.NewList(): true},
		"a set":              map[any]bool{py.NewSet(): true},
	} {
		_, err := py.From(v)
		if _, ok := errors.AsType[*py.TypeError](err); !ok || !strings.Contains(err.Error(), "cannot be a key") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// If two keys became one, a value would be lost.
func TestKeysThatAreOneAreRefused(t *testing.T) {
	t.Parallel()
	moment := time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC)
	for name, v := range map[string]any{
		"1 and 1.0":   map[any]any{1: "a", 1.0: "b"},
		"1 and true":  map[any]any{1: "a", true: "b"},
		"one instant": map[time.Time]int{moment: 1, moment.In(time.FixedZone("", 3600)): 2},
	} {
		_, err := py.From(v)
		if _, ok := errors.AsType[*py.TypeError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	dict := func(pairs ...any) *py.Dict {
		d := &py.Dict{}
		for i := 0; i < len(pairs); i += 2 {
			d.Set(pairs[i], pairs[i+1])
		}
		return d
	}
	var numbers map[int]string
	var texts map[string]string
	for name, c := range map[string]struct {
		d   *py.Dict
		dst any
	}{
		"1 and its text":    {dict(int64(1), "a", "1", "b"), &numbers},
		"str and bytes":     {dict("a", "x", py.Bytes("a"), "y"), &texts},
		"str of Python 2":   {dict("\xe9", "x", py.Str2("\xe9"), "y"), &texts},
		"1 in two writings": {dict("1", "a", "01", "b"), &numbers},
	} {
		err := py.Scan(c.d, c.dst, time.UTC)
		if _, ok := errors.AsType[*py.ScanError](err); !ok {
			t.Errorf("%s: %v into %v, %v", name, c.d, c.dst, err)
		}
	}
	var members map[string]bool
	err := py.Scan(py.NewSet("a", py.Bytes("a")), &members, time.UTC)
	if _, ok := errors.AsType[*py.ScanError](err); !ok {
		t.Errorf("a set: %v, %v", members, err)
	}
	var plain any
	if err := py.Scan(dict("\xe9", "x", py.Str2("\xe9"), "y"), &plain, time.UTC); err != nil {
		t.Error(err)
	}
	if d, ok := plain.(*py.Dict); !ok || d.Len() != 2 {
		t.Errorf("without a schema: %T %v", plain, plain)
	}
	if !py.Equal(py.NewList(1), py.NewList(int64(1))) {
		t.Error("int is not int64")
	}
}
