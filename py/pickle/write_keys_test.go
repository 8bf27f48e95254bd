package pickle

import (
	"errors"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

// Python cannot load a pickle with a key that it cannot hash, so all other data would be
// lost as well.
func TestKeysThatPythonCannotHashAreNotWritten(t *testing.T) {
	t.Parallel()
	snan, _ := py.ParseDecimal("sNaN")
	nan, _ := py.ParseDecimal("NaN")
	doubled := py.NewTuple("a")
	for range 60 { // 2 to the power of 60 paths
		doubled = &py.Tuple{Items: []any{doubled, doubled}}
	}
	for name, key := range map[string]any{
		"a list": py.NewList(), "a dict": &py.Dict{}, "a set": py.NewSet(), "a bytearray": &py.ByteArray{}, "sNaN": snan,
		"a list in a tuple": py.NewTuple(1, py.NewTuple(py.NewList())), "a dict in a tuple": py.NewTuple(&py.Dict{}),
		"a list in a frozenset": py.NewTuple(py.NewFrozenSet(py.NewList())), "sNaN in a tuple": py.NewTuple(snan),
	} {
		d := py.NewDict(2)
		d.Set("cart", int64(1))
		d.Set(key, "value")
		for where, v := range map[string]any{"dict": d, "set": py.NewSet(key), "frozenset": py.NewFrozenSet(key), "in a list": py.NewList(d)} {
			for protocol := 2; protocol <= maxProtocol; protocol++ {
				data, err := Dumps(v, protocol)
				if refused, ok := errors.AsType[*UnsupportedError](err); !ok || data != nil || !strings.Contains(refused.Problem, "cannot be a key") {
					t.Errorf("%s in a %s, protocol %d: %q, %v", name, where, protocol, data, err)
				}
			}
		}
	}
	for name, key := range map[string]any{
		"a tuple": py.NewTuple(1, py.NewTuple("a", nil)), "a frozenset": py.NewFrozenSet(py.NewFrozenSet(), py.NewTuple()), "NaN": nan,
		"bytes": py.Bytes("a"), "a class": &py.Global{Module: "m", Name: "C"},
		"an object": &py.Object{Construction: py.ConstructNew, Callable: &py.Global{Module: "m", Name: "C"}, Args: py.NewTuple()},
	} {
		d := &py.Dict{}
		d.Set(key, "value")
		for protocol := 2; protocol <= maxProtocol; protocol++ {
			for where, v := range map[string]any{"dict": d, "set": py.NewSet(key)} {
				if _, err := Dumps(v, protocol); err != nil {
					t.Errorf("%s in a %s, protocol %d: %v", name, where, protocol, err)
				}
			}
		}
	}
	if !isHashable(doubled) { // quickly
		t.Error("a tuple of tuples of text")
	}
}
