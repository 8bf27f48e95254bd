package py_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// Keys of Go maps become what Python can hash, or are refused.
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
