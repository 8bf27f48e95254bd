package py

import (
	"math/big"
	"reflect"
)

// Clone returns a deep copy of v. The containers are new, and the copy shares and
// contains itself where v does. Immutable values, including [Lazy] ones, are not copied.
// Matches copy.deepcopy.
func Clone(v any) any {
	switch v.(type) {
	case *List, *Dict, *Set, *FrozenSet, *big.Int, Cloner:
		return newCloner(false).all(v)
	default:
		return v
	}
}

// A Cloner is a mutable value that [Clone] copies through this method. It passes its copy
// to seen before it clones its contents, so that recursion ends.
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

// all clones v and its contents.
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

// isNil reports whether v is a nil pointer, which is not a Python value.
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
	case *big.Int: // mutable in Go
		if c.native && v.IsInt64() { // a Python 2 long
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

// entries copies the entries of from. It hashes no key: a key that contains the dict
// itself is not complete yet, and two keys with the same native form remain two keys.
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
