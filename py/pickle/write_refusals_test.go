package pickle

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

// A value that cannot be pickled is refused wherever it is, and the error shows the path
// to it.
func TestValuesThatCannotBePickledAreRefusedEverywhere(t *testing.T) {
	t.Parallel()
	bad := make(chan int)
	object := func(change func(o *py.Object)) *py.Object {
		o := &py.Object{Callable: &py.Global{Module: "m", Name: "C"}, Args: py.NewTuple(), Extra: &py.Extra{}}
		change(o)
		return o
	}
	several := func(v any) []any { return []any{int64(1), v} }
	pairs := func(key, value any) func(o *py.Object) {
		return func(o *py.Object) { o.Extra.Pairs = []py.Pair{{Key: key, Value: value}, {Key: "k", Value: "v"}} }
	}
	kwargs := func(v any) *py.Dict {
		d := py.NewDict(1)
		d.Set("k", v)
		return d
	}
	for where, v := range map[string]any{
		"callable":              object(func(o *py.Object) { o.Callable = bad }),
		"callable of new":       object(func(o *py.Object) { o.Construction, o.Callable = py.ConstructNew, bad }),
		"callable of old-style": object(func(o *py.Object) { o.Construction, o.Callable = py.ConstructInstance, bad }),
		"args":                  object(func(o *py.Object) { o.Args = py.NewTuple(bad) }),
		"args of new":           object(func(o *py.Object) { o.Construction, o.Args = py.ConstructNew, py.NewTuple(bad) }),
		"args of old-style":     object(func(o *py.Object) { o.Construction, o.Args = py.ConstructInstance, py.NewTuple(bad) }),
		"args with kwargs":      object(func(o *py.Object) { o.Construction, o.Args = py.ConstructNewEx, py.NewTuple(bad) }),
		"kwargs":                object(func(o *py.Object) { o.Construction, o.Extra.Kwargs = py.ConstructNewEx, kwargs(bad) }),
		"state":                 object(func(o *py.Object) { o.Extra.HasState, o.Extra.State = true, bad }),
		"state with a setter": object(func(o *py.Object) {
			o.Extra.HasState, o.Extra.Setter, o.Extra.State = true, &py.Global{Module: "m", Name: "f"}, bad
		}),
		"setter":               object(func(o *py.Object) { o.Extra.HasState, o.Extra.Setter = true, bad }),
		"one item":             object(func(o *py.Object) { o.Extra.Items = []any{bad} }),
		"item":                 object(func(o *py.Object) { o.Extra.Items = several(bad) }),
		"key":                  object(pairs(bad, 1)),
		"value":                object(pairs("a", bad)),
		"persistent id":        object(func(o *py.Object) { o.Construction, o.Args = py.ConstructPersistent, py.NewTuple(bad) }),
		"two persistent ids":   object(func(o *py.Object) { o.Construction, o.Args = py.ConstructPersistent, py.NewTuple("a", "b") }),
		"unhashable key":       kwargs(py.NewFrozenSet(py.NewTuple(py.NewList()))),
		"list":                 py.NewList(bad),
		"longer list":          py.NewList(several(bad)...),
		"tuple":                py.NewTuple(bad),
		"longer tuple":         py.NewTuple(1, 2, 3, bad),
		"dict value":           kwargs(bad),
		"set":                  py.NewSet(bad),
		"frozenset":            py.NewFrozenSet(bad, 1),
		"tzinfo":               py.Time{TZInfo: object(func(o *py.Object) { o.Args = py.NewTuple(bad) })},
		"module not UTF-8":     &py.Global{Module: "\xff", Name: "C"},
		"name not UTF-8":       &py.Global{Module: "m", Name: "\xff"},
		"outer name not UTF-8": &py.Global{Module: "m", Name: "\xff.C"},
		"inner name not UTF-8": &py.Global{Module: "m", Name: "C.\xff"},
		"no module":            &py.Global{Name: "C"},
		"no name":              &py.Global{Module: "m"},
		"str not UTF-8":        "\xff",
		"class of an object":   &py.Object{Callable: &py.Global{Module: "m", Name: "\xff"}, Args: py.NewTuple()},
	} {
		for protocol := 2; protocol <= 5; protocol++ {
			for _, v := range []any{v, py.NewList(1, v)} {
				if data, err := Dumps(v, protocol); err == nil || data != nil {
					t.Errorf("%s: protocol %d: %q, %v", where, protocol, data, err)
				}
			}
		}
	}
	for _, name := range []string{"a\nb", "\n", "é"} {
		for _, g := range []*py.Global{{Module: name, Name: "C"}, {Module: "m", Name: name}, {Module: "m", Name: "C." + name}} {
			data, err := Dumps(g, 2)
			if nested := g.Name[0] == 'C' && len(g.Name) > 1; err == nil && !nested {
				t.Errorf("%v: %q", g, data)
			}
		}
	}
}

// A truncated pickle has no STOP.
func TestCutPicklesAreRefused(t *testing.T) {
	t.Parallel()
	cut := 0
	for _, c := range legacyCases(t) {
		data, _ := hex.DecodeString(c.Pickle)
		if _, err := Loads(data); err != nil {
			continue
		}
		for n := range data {
			if v, err := Loads(data[:n]); err == nil || v != nil {
				t.Errorf("%q: %v, %v", data[:n], v, err)
			}
		}
		cut++
	}
	for _, c := range readCases(t) {
		data, _ := hex.DecodeString(c.Pickle)
		if len(data) > 200 {
			continue
		}
		for n := range data {
			if v, err := Loads(data[:n]); err == nil || v != nil {
				t.Errorf("%q: %v, %v", data[:n], v, err)
			}
		}
		cut++
	}
	if cut < 300 {
		t.Errorf("only %d pickles cut", cut)
	}
	for what, data := range map[string]string{
		"half a frame's length": "\x80\x04\x95\x05\x00\x00\x00.", "a frame without a length": "\x80\x04\x95", "a frame of nothing": "\x80\x04\x95.",
		"a frame that is longer than the rest": "\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00N.", "a huge frame": "\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xffN.",
		"text without its end": "Vabc.", "str without its end": "S'a'.", "a class without its name": "cm\n.", "an instance without its class": "(im\n.",
		"int without its end": "I1.", "long without its end": "L1L.", "float without its end": "F1.", "memo number without its end": "Np0.", "get without its end": "Np0\ng0.",
		"persistent id without its end": "Pid.",
	} {
		if v, err := Loads([]byte(data)); err == nil {
			t.Errorf("%s: %v", what, v)
		}
	}
}

// CPython 3.11 writes this for an object without keyword arguments:
// copyreg.__newobj_ex__(C, (1,), {}).
func TestObjectsWithoutKeywordArguments(t *testing.T) {
	t.Parallel()
	for protocol := 2; protocol <= 5; protocol++ {
		o := func(kwargs *py.Dict) *py.Object {
			return &py.Object{Construction: py.ConstructNewEx, Callable: &py.Global{Module: "m", Name: "C"}, Args: py.NewTuple(int64(1)), Extra: &py.Extra{Kwargs: kwargs}}
		}
		want, err1 := Dumps(o(&py.Dict{}), protocol)
		got, err2 := Dumps(o(nil), protocol)
		if err1 != nil || err2 != nil || !bytes.Equal(got, want) {
			t.Errorf("protocol %d: %q, %v; with an empty dict %q, %v", protocol, got, err2, want, err1)
		}
	}
}
