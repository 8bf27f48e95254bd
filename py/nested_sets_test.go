package py_test

import (
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// inSets returns a tuple with nested frozensets. At each level, two frozensets have the
// same two members. At the bottom are objects, which have unique hashes.
func inSets(levels int, last int64) *py.FrozenSet {
	leaf := func(n int64) any {
		return &py.Object{Callable: &py.Global{Module: "m", Name: "C"}, Args: py.NewTuple(n)}
	}
	f, g := py.NewFrozenSet(leaf(1), leaf(2)), py.NewFrozenSet(leaf(1), leaf(last))
	for range levels {
		f, g = py.NewFrozenSet(f, g), py.NewFrozenSet(g, f, py.NewTuple(f, g))
	}
	return py.NewFrozenSet(f, g)
}

func TestSetsInSetsAreComparedInTime(t *testing.T) {
	t.Parallel()
	const levels = 40 // visiting two to the power of this many takes years
	done := make(chan bool)
	go func() {
		a := inSets(levels, 3)
		if !py.Equal(a, inSets(levels, 3)) {
			t.Error("equal sets differ")
		}
		if py.Equal(a, inSets(levels, 4)) {
			t.Error("sets that differ at the bottom are equal")
		}
		if !py.Equal(a, py.Native(a)) {
			t.Error("a copy differs")
		}
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("still at it after 20 s")
	}
}

func TestTuplesInTuplesAreHashedInTime(t *testing.T) {
	t.Parallel()
	key := py.NewTuple("a")
	for range 60 {
		key = py.NewTuple(key, key)
	}
	d := &py.Dict{}
	done := make(chan bool)
	go func() {
		d.Set(key, int64(1))
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("still at it after 20 s")
	}
	if v, _ := d.Get(py.Clone(key)); v != int64(1) {
		t.Errorf("its copy is not found: %v", v)
	}
	self := &py.Tuple{}
	self.Items = []any{self, py.NewFrozenSet()}
	d.Set(self, int64(2)) // impossible in Python
	if v, _ := d.Get(self); v != int64(2) {
		t.Errorf("a tuple in itself is not found: %v", v)
	}
}
