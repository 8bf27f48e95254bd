package py_test

import (
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

func TestCloneIsDeepAndKeepsSharing(t *testing.T) {
	t.Parallel()
	inner := py.NewList("x")
	outer := py.NewList(inner, inner)
	outer.Items = append(outer.Items, outer)
	c, ok := py.Clone(outer).(*py.List)
	if !ok || c == outer || c.Items[0] == any(inner) || c.Items[0] != c.Items[1] || c.Items[2] != any(c) {
		t.Errorf("clone %#v", c)
	}
	if !py.Equal(outer, c) {
		t.Error("the clone is not equal")
	}
	var d py.Dict
	d.Set("l", inner)
	e, _ := py.Clone(&d).(*py.Dict)
	inner.Items[0] = "y"
	if l, _ := e.Get("l"); !py.Equal(l, py.NewList("x")) {
		t.Error("the clone changed with the original")
	}
}

func TestEqualTellsTypesApart(t *testing.T) {
	t.Parallel()
	values := []any{
		nil, false, true, int64(0), int64(1), 0.0, math.Copysign(0, -1), 1.0, math.NaN(), "", "1", py.Bytes("1"),
		py.NewList(), py.NewList(int64(1)), py.NewList(1.0), py.NewDict(0), dict("a", 1), dict("a", 1, "b", 2), dict("b", 2, "a", 1),
		new(big.Int).Lsh(big.NewInt(1), 70),
		py.DateTime{Time: time.Unix(0, 0).UTC()},
		py.DateTime{Time: time.Unix(0, 0).UTC(), Naive: true},
	}
	for i, a := range values {
		for j, b := range values {
			if got := py.Equal(a, py.Clone(b)); got != (i == j) {
				t.Errorf("Equal(%#v, %#v) = %v", a, b, got)
			}
		}
	}
}

func TestObjectsAreCopiedAndComparedWhole(t *testing.T) {
	t.Parallel()
	o := &py.Object{
		Construction: py.ConstructNewEx, Callable: &py.Global{Module: "shop", Name: "Cart"}, Args: py.NewTuple("x"),
		Extra: &py.Extra{
			Kwargs: dict("k", 1), State: dict("a", 1), HasState: true,
			Items: []any{"i"}, Pairs: []py.Pair{{Key: "k", Value: py.NewList()}},
		},
	}
	c, ok := py.Clone(o).(*py.Object)
	if !ok || c == o || !py.Equal(o, c) || py.TypeName(o) != "Cart" || o.Class() != "shop.Cart" {
		t.Errorf("clone %+v", c)
	}
	for name, change := range map[string]func(){
		"construction": func() { c.Construction = py.ConstructNew }, "class": func() { c.Callable = &py.Global{Module: "shop", Name: "Bag"} },
		"arguments": func() { c.Args = py.NewTuple() }, "keywords": func() { c.Extra.Kwargs = nil },
		"state": func() { c.Extra.State = nil }, "no state": func() { c.Extra.HasState = false },
		"items": func() { c.Extra.Items = nil }, "pairs": func() { c.Extra.Pairs = []py.Pair{{Key: "k", Value: nil}} },
	} {
		c, _ = py.Clone(o).(*py.Object)
		change()
		if py.Equal(o, c) {
			t.Errorf("another %s passes as equal", name)
		}
	}
}
