package py_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/djangobridge/djangobridge/py"
)

type (
	flag   bool
	count  int16
	letter string
	ratio  float32
)

func TestNamedTypesAreWhatTheyAreMadeOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ v, want any }{
		{flag(true), true}, {flag(false), false}, {count(-7), int64(-7)}, {letter("a"), "a"}, {ratio(0.5), 0.5}, {[]flag{true}, py.NewList(true)}, {[]letter{"a"}, py.NewList("a")},
	} {
		if v, err := py.From(c.v); err != nil || !py.Equal(v, c.want) {
			t.Errorf("%T %v: %v, %v", c.v, c.v, v, err)
		}
	}
}

func TestFloatsAtTheEndOfInt64AreTheirIntegers(t *testing.T) {
	t.Parallel()
	end := new(big.Int).Lsh(big.NewInt(1), 63)
	for _, c := range []struct {
		key, other any
		same       bool
	}{
		{math.Ldexp(1, 63), end, true},
		{math.Ldexp(1, 63), int64(math.MinInt64), false},
		{math.Ldexp(1, 63), int64(math.MaxInt64), false},
		{math.Ldexp(-1, 63), int64(math.MinInt64), true},
		{math.Ldexp(1, 62), int64(1 << 62), true},
		{math.Ldexp(-1, 64), new(big.Int).Lsh(big.NewInt(-1), 64), true},
	} {
		if py.NewSet(c.key).Has(c.other) != c.same || py.NewSet(c.other).Has(c.key) != c.same {
			t.Errorf("%v and %v: %v", c.key, c.other, !c.same)
		}
	}
}

// The state of a date may be a str whose characters are its bytes, and of no others.
func TestStatesOfDatesAreBytes(t *testing.T) {
	t.Parallel()
	date := func(state any) any {
		return py.Native(&py.Object{Callable: &py.Global{Module: "datetime", Name: "date"}, Args: py.NewTuple(state)})
	}
	for _, state := range []any{py.Bytes("\x07\xe8\x02\x1d"), py.Str2("\x07\xe8\x02\x1d"), "\x07\u00e8\x02\x1d"} {
		if got := date(state); got != (py.Date{Year: 2024, Month: 2, Day: 29}) {
			t.Errorf("%q: %v", state, got)
		}
	}
	for _, state := range []any{"\u0107\u00e8\x02\x1d", "\u0100\u0101\x02\x1d", "\x07\u00e8\x02", "\x07\u00e8\x02\x1d\x01", "\x07\u00e8\x02\x1e", py.Bytes("\x00\x00\x01\x01"), int64(7), nil} {
		if _, ok := date(state).(*py.Object); !ok {
			t.Errorf("%q: %v", state, date(state))
		}
	}
}

func TestObjectsThatKeepItemsHaveNoAttributes(t *testing.T) {
	t.Parallel()
	state := dictOf("a", int64(1))
	for name, c := range map[string]struct {
		change func(o *py.Object)
		ok     bool
	}{
		"a state":       {func(o *py.Object) { o.Extra.HasState, o.Extra.State = true, state }, true},
		"one item":      {func(o *py.Object) { o.Extra.HasState, o.Extra.State, o.Extra.Items = true, state, []any{int64(1)} }, false},
		"one pair":      {func(o *py.Object) { o.Extra.HasState, o.Extra.State, o.Extra.Pairs = true, state, []py.Pair{{}} }, false},
		"slots":         {func(o *py.Object) { o.Extra.HasState, o.Extra.State = true, py.NewTuple(nil, state) }, true},
		"dict, slots":   {func(o *py.Object) { o.Extra.HasState, o.Extra.State = true, py.NewTuple(dictOf(), state) }, true},
		"three parts":   {func(o *py.Object) { o.Extra.HasState, o.Extra.State = true, py.NewTuple(nil, state, nil) }, false},
		"no dict":       {func(o *py.Object) { o.Extra.HasState, o.Extra.State = true, py.NewTuple("x", state) }, false},
		"a list":        {func(o *py.Object) { o.Extra.HasState, o.Extra.State = true, py.NewList() }, false},
		"nil":           {func(o *py.Object) { o.Extra.HasState, o.Extra.State = true, (*py.Dict)(nil) }, false},
		"None":          {func(o *py.Object) { o.Extra.HasState = true }, false},
		"nothing":       {func(*py.Object) {}, false},
		"new":           {func(o *py.Object) { o.Construction = py.ConstructNew }, true},
		"new of values": {func(o *py.Object) { o.Construction, o.Args = py.ConstructNew, py.NewTuple("x") }, false},
		"old-style":     {func(o *py.Object) { o.Construction = py.ConstructInstance }, true},
	} {
		d, ok := object(c.change).Attributes()
		if ok != c.ok {
			t.Errorf("%s: %v, %v", name, d, ok)
		}
		if !ok || d.Len() == 0 {
			continue
		}
		if a, _ := d.Get("a"); a != int64(1) {
			t.Errorf("%s: %v", name, d)
		}
	}
}
