package py_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

func TestObjectsOfTheBuiltInClassesAreLists(t *testing.T) {
	t.Parallel()
	for _, class := range []string{"set", "frozenset", "list", "tuple"} {
		for _, module := range []string{"builtins", "__builtin__"} {
			for n, want := range map[int]int{0: 0, 1: 2, 2: -1} {
				args := []any{py.NewList("a", "b"), py.NewList()}[:n]
				o := &py.Object{Callable: &py.Global{Module: module, Name: class}, Args: py.NewTuple(args...)}
				list, ok := o.AsList()
				if ok != (want >= 0) || ok && len(list.Items) != want {
					t.Errorf("%s.%s of %d: %v, %v", module, class, n, list, ok)
				}
			}
			o := &py.Object{Callable: &py.Global{Module: module, Name: class}, Args: py.NewTuple(int64(1))}
			if list, ok := o.AsList(); ok {
				t.Errorf("%s of 1: %v", class, list)
			}
		}
	}
}

func TestKeysOfPairsAreHashedWithinBounds(t *testing.T) {
	t.Parallel()
	sets := py.NewFrozenSet()
	for range 40 {
		sets = py.NewFrozenSet(sets, py.NewTuple(sets))
	}
	tuples := py.NewTuple()
	for range 40 {
		tuples = py.NewTuple(tuples, tuples)
	}
	numbers, texts := py.NewTuple(), py.NewTuple()
	number, text := new(big.Int).Lsh(big.NewInt(1), 1<<20), strings.Repeat("x", 1<<20)
	for range 100 {
		numbers.Items = append(numbers.Items, number)
		texts.Items = append(texts.Items, text, py.Bytes(text), py.Str2(text))
	}
	for what, key := range map[string]any{"frozensets": sets, "tuples": tuples, "numbers": numbers, "texts": texts} {
		o := &py.Object{Callable: global2("collections.OrderedDict"), Args: py.NewTuple(), Extra: &py.Extra{Pairs: []py.Pair{{Key: key, Value: 1}}}}
		if d, ok := o.AsDict(); ok {
			t.Errorf("%s: %v", what, d)
		}
	}
	o := &py.Object{Callable: global2("collections.OrderedDict"), Args: py.NewTuple(), Extra: &py.Extra{Pairs: []py.Pair{
		{Key: py.NewFrozenSet("a", py.NewTuple("b")), Value: 1}, {Key: py.NewTuple(py.NewFrozenSet("a")), Value: 2},
	}}}
	if d, ok := o.AsDict(); !ok || d.Len() != 2 {
		t.Errorf("%v, %v", d, ok)
	}
}

func TestIntsAreKeysAsInt64(t *testing.T) {
	t.Parallel()
	for _, size := range []int{1, 20} {
		d := &py.Dict{}
		for i := range size {
			d.Set(i, i)
		}
		for i, key := range d.Keys() {
			if key != int64(i) {
				t.Errorf("%T %v", key, key)
			}
		}
	}
}

func TestKeysOfGoMapsAreInOrder(t *testing.T) {
	t.Parallel()
	texts, numbers := map[string]int{}, map[int]int{}
	for i := range 12 {
		texts[strconv.Itoa(i)], numbers[i] = i, i
	}
	for _, c := range []struct {
		given any
		want  string
	}{{texts, "[0 1 10 11 2 3 4 5 6 7 8 9]"}, {numbers, "[0 1 2 3 4 5 6 7 8 9 10 11]"}} {
		v, err := py.From(c.given)
		if d, ok := v.(*py.Dict); !ok || err != nil || fmt.Sprint(d.Keys()) != c.want {
			t.Errorf("%v: %v, %v", c.given, v, err)
		}
	}
}

// encoding/json omits false, 0, nil pointers and interfaces, and empty arrays, slices,
// maps and strings.
func TestOmitEmptyIsThatOfJSON(t *testing.T) {
	t.Parallel()
	type inner struct {
		N int `json:"n"`
	}
	type all struct {
		B  bool           `json:"b,omitempty"`
		I  int            `json:"i,omitempty"`
		U  uint8          `json:"u,omitempty"`
		F  float64        `json:"f,omitempty"`
		S  string         `json:"s,omitempty"`
		P  *int           `json:"p,omitempty"`
		E  any            `json:"e,omitempty"`
		L  []int          `json:"l,omitempty"`
		L0 []int          `json:"l0,omitempty"`
		A0 [0]int         `json:"a0,omitempty"`
		A1 [1]int         `json:"a1,omitempty"`
		M  map[string]int `json:"m,omitempty"`
		St inner          `json:"st,omitempty"` //nolint:modernize // which it is here to show
		Z  inner          `json:"z,omitzero"`
	}
	for _, v := range []all{
		{L0: []int{}}, {B: true, I: 1, U: 1, F: 1, S: "s", P: new(int), E: 1, L: []int{1}, M: map[string]int{"a": 1}, Z: inner{1}},
	} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var want map[string]any
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatal(err)
		}
		got, err := py.From(v)
		d, ok := got.(*py.Dict)
		if err != nil || !ok || d.Len() != len(want) {
			t.Errorf("%v, %v; want %s", got, err, text)
			continue
		}
		for name := range want {
			if _, ok := d.Get(name); !ok {
				t.Errorf("no %s", name)
			}
		}
	}
}

func TestObjectsWithNothingBesidesAreEqual(t *testing.T) {
	t.Parallel()
	object := func(x *py.Extra) *py.Object {
		return &py.Object{Callable: global2("m.C"), Args: py.NewTuple(int64(1)), Extra: x}
	}
	state := func() *py.Extra { return &py.Extra{HasState: true, State: int64(1)} }
	for what, c := range map[string]struct {
		a, b *py.Extra
		same bool
	}{
		"nothing": {nil, nil, true}, "nothing and nothing in it": {nil, &py.Extra{}, true}, "in it twice": {&py.Extra{}, &py.Extra{}, true},
		"a state": {nil, state(), false}, "two": {state(), state(), true}, "None as a state": {nil, &py.Extra{HasState: true}, false},
		"items":  {&py.Extra{Items: []any{int64(1)}}, &py.Extra{Items: []any{int64(2)}}, false},
		"kwargs": {&py.Extra{Kwargs: py.NewDict(0)}, nil, false},
	} {
		if py.Equal(object(c.a), object(c.b)) != c.same || py.Equal(object(c.b), object(c.a)) != c.same {
			t.Errorf("%s: equal: %v", what, !c.same)
		}
	}
}
