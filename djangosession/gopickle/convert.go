package gopickle

import (
	"math/big"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/djangobridge/djangobridge/internal/pynum"
	"github.com/djangobridge/djangobridge/py"
)

// convert turns a value of the library into a value of package py.
func convert(v any) any {
	c := &converter{made: map[any]any{}}
	v = c.value(v)
	for _, fill := range append(c.frozen, c.others...) {
		fill()
	}
	return v
}

// A converter is one conversion in progress. It hashes keys when they are complete, which
// may be after everything else. Keys that are frozensets come first, the innermost before
// the others.
type converter struct {
	made           map[any]any // by pointer, so that shared values stay shared
	frozen, others []func()    // functions that fill the containers with keys
}

func (c *converter) value(v any) any {
	switch v := v.(type) {
	case int:
		return int64(v)
	case []byte:
		return py.Bytes(v)
	case *big.Int:
		return pynum.Int(v)
	case *unknown:
		return v.name
	case *types.List, *types.Tuple, *types.Dict, *types.Set, *types.FrozenSet, *types.ByteArray, *types.GenericClass,
		*types.GenericObject, *object:
		if made, ok := c.made[v]; ok {
			return made
		}
		return c.container(v)
	}
	return v
}

func (c *converter) container(v any) any {
	switch v := v.(type) {
	case *types.List:
		made := &py.List{}
		c.made[v] = made
		made.Items = c.values(*v)
		return made
	case *types.Tuple:
		made := &py.Tuple{}
		c.made[v] = made
		made.Items = c.values(*v)
		return made
	case *types.Dict:
		made := py.NewDict(len(*v))
		c.made[v] = made
		pairs := make([]py.Pair, 0, len(*v))
		for _, e := range *v {
			pairs = append(pairs, py.Pair{Key: c.value(e.Key), Value: c.value(e.Value)})
		}
		c.others = append(c.others, func() {
			for _, p := range pairs {
				made.Set(p.Key, p.Value)
			}
		})
		return made
	case *types.Set:
		made := &py.Set{}
		c.made[v] = made
		items := make([]any, 0, len(*v))
		for item := range *v {
			items = append(items, c.value(item))
		}
		c.others = append(c.others, func() { add(made, items) })
		return made
	case *types.FrozenSet:
		made := &py.FrozenSet{}
		c.made[v] = made
		items := make([]any, 0, len(*v))
		for item := range *v {
			items = append(items, c.value(item))
		}
		c.frozen = append(c.frozen, func() { add(&made.Set, items) })
		return made
	case *types.ByteArray:
		c.made[v] = &py.ByteArray{Bytes: *v}
	case *types.GenericClass:
		c.made[v] = &py.Global{Module: v.Module, Name: v.Name}
	case *types.GenericObject:
		made := &py.Object{Construction: py.ConstructNew}
		c.made[v] = made
		made.Callable, made.Args = c.value(v.Class), py.NewTuple(c.values(v.ConstructorArgs)...)
	case *object:
		c.object(v)
	}
	return c.made[v]
}

func add(s *py.Set, items []any) {
	for _, item := range items {
		s.Add(item)
	}
}

func (c *converter) object(o *object) {
	made := &py.Object{Construction: o.construction, Callable: o.class}
	c.made[o] = made
	made.Args = py.NewTuple(c.values(o.args)...)
	if !o.hasState && len(o.items)+len(o.pairs) == 0 {
		return
	}
	x := &py.Extra{HasState: o.hasState}
	made.Extra = x
	x.State = c.value(o.state)
	x.Items = c.values(o.items)
	for _, p := range o.pairs {
		x.Pairs = append(x.Pairs, py.Pair{Key: c.value(p.Key), Value: c.value(p.Value)})
	}
}

func (c *converter) values(items []any) []any {
	if items == nil {
		return nil
	}
	made := make([]any, len(items))
	for i, item := range items {
		made[i] = c.value(item)
	}
	return made
}
