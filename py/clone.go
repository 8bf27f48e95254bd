package py

import "math/big"

// Clone returns a deep copy of v: the containers are new, and what v shared or contained recursively the copy does
// too. Values that cannot change are not copied, [Lazy] ones among them. Matches copy.deepcopy.
func Clone(v any) any {
	switch v.(type) {
	case *List, *Dict, *big.Int, Cloner:
		return cloner{}.clone(v)
	default:
		return v
	}
}

// A Cloner is a mutable value outside this file that [Clone] copies. It registers its copy with seen before it clones
// what it contains, so that recursion ends.
type Cloner interface {
	ClonePy(seen func(dup any), clone func(any) any) any
}

type cloner map[any]any // from the pointer of an original to its copy

func (c cloner) clone(v any) any {
	switch v := v.(type) {
	case *List:
		if done, ok := c[v]; ok {
			return done
		}
		l := &List{Items: make([]any, len(v.Items))}
		c[v] = l
		for i, item := range v.Items {
			l.Items[i] = c.clone(item)
		}
		return l
	case *Dict:
		if done, ok := c[v]; ok {
			return done
		}
		d := NewDict(v.Len())
		c[v] = d
		for k, item := range v.All() {
			d.Set(k, c.clone(item))
		}
		return d
	case *big.Int: // Go's can be changed in place
		return new(big.Int).Set(v)
	case Cloner:
		if done, ok := c[v]; ok {
			return done
		}
		return v.ClonePy(func(dup any) { c[v] = dup }, c.clone)
	default:
		return v
	}
}
