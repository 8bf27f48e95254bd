package py

import (
	"math/big"
	"reflect"
)

// Clone returns a deep copy of v: the containers are new, and what v shared or contained recursively the copy does
// too. Values that cannot change are not copied, [Lazy] ones among them. Matches copy.deepcopy.
func Clone(v any) any {
	switch v.(type) {
	case *List, *Dict, *Set, *FrozenSet, *big.Int, Cloner:
		return newCloner(false).all(v)
	default:
		return v
	}
}

// A Cloner is a mutable value outside this file that [Clone] copies. It registers its copy with seen before it clones
// what it contains, so that recursion ends.
type Cloner interface {
	ClonePy(seen func(dup any), clone func(any) any) any
}

type cloner struct {
	done   map[any]any // from the pointer of an original to its copy
	dicts  []*Dict     // copies that need an index
	native bool
	zones  zones
}

func newCloner(native bool) *cloner { return &cloner{done: map[any]any{}, native: native} }

// all clones v and what it contains.
func (c *cloner) all(v any) any {
	v = c.clone(v)
	for _, d := range c.dicts {
		d.reindex()
	}
	return v
}

func (c *cloner) clone(v any) any {
	switch v.(type) {
	case *List, *Dict, *Set, *FrozenSet, *big.Int, Cloner:
	default:
		return v
	}
	if isNil(v) {
		return v
	}
	if done, ok := c.done[v]; ok {
		return done
	}
	return c.copy(v)
}

// isNil reports whether v is a nil pointer, which is no Python value.
func isNil(v any) bool {
	switch v := v.(type) {
	case *List:
		return v == nil
	case *Dict:
		return v == nil
	case *big.Int:
		return v == nil
	case *Tuple:
		return v == nil
	case *Set:
		return v == nil
	case *FrozenSet:
		return v == nil
	case *ByteArray:
		return v == nil
	case *Object:
		return v == nil
	}
	rv := reflect.ValueOf(v)
	return rv.Kind() == reflect.Pointer && rv.IsNil()
}

func (c *cloner) copy(v any) any {
	switch v := v.(type) {
	case *List:
		l := &List{Items: make([]any, len(v.Items))}
		c.done[v] = l
		for i, item := range v.Items {
			l.Items[i] = c.clone(item)
		}
		return l
	case *Dict:
		d := &Dict{}
		c.done[v] = d
		c.entries(d, v)
		return d
	case *Set:
		s := &Set{}
		c.done[v] = s
		c.entries(&s.members, &v.members)
		return s
	case *FrozenSet:
		s := &FrozenSet{}
		c.done[v] = s
		c.entries(&s.members, &v.members)
		return s
	case *big.Int: // Go's can be changed in place
		if c.native && v.IsInt64() { // a long of Python 2
			return v.Int64()
		}
		n := new(big.Int).Set(v)
		c.done[v] = n
		return n
	case *Object:
		if c.native {
			if c.zones == nil {
				c.zones = zones{}
			}
			if form, ok := v.form(c.zones); ok {
				c.done[v] = form
				return form
			}
		}
	}
	if cloner, ok := v.(Cloner); ok {
		return cloner.ClonePy(func(dup any) { c.done[v] = dup }, c.clone)
	}
	return v
}

// entries copies what is in from. No key is hashed: one that has the dict itself in it is not complete yet, and two that have
// one form in Go are two still.
func (c *cloner) entries(to, from *Dict) {
	to.entries = make([]Pair, 0, from.Len())
	for k, v := range from.All() {
		if _, isText := k.(string); !isText {
			k = c.clone(k)
		}
		to.entries = append(to.entries, Pair{k, c.clone(v)})
	}
	if len(to.entries) > smallDict {
		c.dicts = append(c.dicts, to)
	}
}
