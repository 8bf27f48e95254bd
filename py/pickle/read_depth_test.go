package pickle

import (
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

// Options.Persistent may return the same containers again, containers within each other,
// or deep ones.
func TestPersistentValuesCountForDepth(t *testing.T) {
	t.Parallel()
	doubled := &py.List{}
	for range 50 { // 2 to the power of 50 paths
		doubled = py.NewList(doubled, doubled)
	}
	recursive := &py.List{}
	recursive.Items = []any{recursive, py.NewTuple(recursive)}
	deep := py.NewTuple(nil)
	for range 100 {
		deep = py.NewTuple(deep)
	}
	for name, c := range map[string]struct {
		pickle string
		value  func(id any) any
		ok     bool
	}{
		"doubled":     {"Pid\n" + strings.Repeat("\x85", 40) + ".", func(any) any { return doubled }, true},
		"recursive":   {"Pid\n" + strings.Repeat("\x85", 40) + ".", func(any) any { return recursive }, true},
		"deep":        {"Pid\n.", func(any) any { return deep }, false},
		"ids in ids":  {"Pid\n" + strings.Repeat("Q", 100) + ".", func(id any) any { return py.NewTuple(id) }, false},
		"few in each": {"Pid\n" + strings.Repeat("Q", 40) + ".", func(id any) any { return &py.Object{Construction: py.ConstructPersistent, Extra: &py.Extra{State: id}} }, true},
	} {
		o := Options{MaxDepth: 95, Persistent: func(id any) (any, error) { return c.value(id), nil }}
		if v, err := o.Loads([]byte(c.pickle)); (err == nil) != c.ok {
			t.Errorf("%s: %T, %v", name, v, err)
		}
	}
}
