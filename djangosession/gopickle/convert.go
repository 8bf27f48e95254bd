package gopickle

import (
	"math/big"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/djangobridge/djangobridge/py"
)

// A converter turns what the library made into values of package py. Its entries are what it has made of pointers, so
// that what was shared stays shared.
type converter map[any]any

func (c converter) value(v any) any {
	switch v := v.(type) {
	case int:
		return int64(v)
	case []byte:
		return py.Bytes(v)
	case *big.Int:
		return py.Int(v)
	case *unknown:
		return v.name
	case *types.List, *types.Tuple, *types.Dict, *types.Set, *types.FrozenSet, *types.ByteArray, *types.GenericClass,
		*types.GenericObject, *object:
		if made, ok := c[v]; ok {
			return made
		}
		return c.container(v)
	}
	return v
}

func (c converter) container(v any) any {
	switch v := v.(type) {
	case *types.List:
		made := &py.List{}
		c[v] = made
		made.Items = c.values(*v)
		return made
	case *types.Tuple:
		made := &py.Tuple{}
		c[v] = made
		made.Items = c.values(*v)
		return made
	case *types.Dict:
		made := py.NewDict(len(*v))
		c[v] = made
		for _, e := range *v {
			made.Set(c.value(e.Key), c.value(e.Value))
		}
		return made
	case *types.Set:
		made := &py.Set{}
		c[v] = made
		for item := range *v {
			made.Add(c.value(item))
		}
		return made
	case *types.FrozenSet:
		made := &py.FrozenSet{}
		c[v] = made
		for item := range *v {
			made.Add(c.value(item))
		}
		return made
	case *types.ByteArray:
		c[v] = &py.ByteArray{Bytes: *v}
	case *types.GenericClass:
		c[v] = &py.Global{Module: v.Module, Name: v.Name}
	case *types.GenericObject:
		made := &py.Object{Making: py.New}
		c[v] = made
		made.Callable, made.Args = c.value(v.Class), py.NewTuple(c.values(v.ConstructorArgs)...)
	case *object:
		c.object(v)
	}
	return c[v]
}

func (c converter) object(o *object) {
	made := &py.Object{Making: o.making, Callable: o.class}
	c[o] = made
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

func (c converter) values(items []any) []any {
	if items == nil {
		return nil
	}
	made := make([]any, len(items))
	for i, item := range items {
		made[i] = c.value(item)
	}
	return made
}
