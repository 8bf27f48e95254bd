package py

import "math/big"

// plain returns v in the types that Go programs use for data without a schema; not if it is nested too deeply.
func (s scanner) plain(v any) (any, bool) {
	if s.depth++; s.depth > maxDepth || !s.left.take() {
		return nil, false
	}
	switch v := natural(Resolve(v)).(type) {
	case *big.Int:
		return new(big.Int).Set(v), true
	case Bytes:
		return []byte(v), true
	case *ByteArray:
		return append([]byte{}, v.Bytes...), true
	case Str2:
		if text, ok := textOf(v); ok {
			return text, true
		}
		return []byte(v), true
	case DateTime:
		return v.In(s.loc), true
	case TimeDelta:
		if d, ok := v.Duration(); ok {
			return d, true
		}
		return v, true
	case *List, *Tuple, *Set, *FrozenSet:
		items, _ := itemsOf(v)
		return s.plainItems(items)
	case *Dict:
		return s.plainDict(v, v)
	case *Object:
		return s.plainObject(v)
	default:
		return v, true
	}
}

func (s scanner) plainItems(items []any) (any, bool) {
	all := make([]any, len(items))
	for i, item := range items {
		p, ok := s.plain(item)
		if !ok {
			return nil, false
		}
		all[i] = p
	}
	return all, true
}

// plainDict returns the entries of d as a map, or v if some key is no str.
func (s scanner) plainDict(d *Dict, v any) (any, bool) {
	m := make(map[string]any, d.Len())
	for k, item := range d.All() {
		name, isStr := textOf(k)
		if !isStr {
			return v, true
		}
		p, ok := s.plain(item)
		if !ok {
			return nil, false
		}
		m[name] = p
	}
	return m, true
}

func (s scanner) plainObject(o *Object) (any, bool) {
	if text, ok := o.AsText(); ok {
		return text, true
	}
	if d, ok := o.AsDict(); ok {
		return s.plainDict(d, o)
	}
	if list, ok := o.AsList(); ok {
		return s.plainItems(list.Items)
	}
	return o, true
}

// An allowance is what bounds the work on values that stand in very many places: a list of the same list twice, thirty levels
// of it, would be a thousand million values.
type allowance struct {
	root  any
	used  int
	limit int
}

const (
	freely   = 1 << 20 // values that are allowed without looking
	repeated = 16      // how often each may stand in the whole, on average
)

// take counts one value, and reports whether it is allowed.
func (a *allowance) take() bool {
	a.used++
	if a.used > freely && a.limit == 0 {
		a.limit = freely + repeated*countDistinct(a.root)
	}
	return a.used <= freely || a.used <= a.limit
}

// countDistinct returns how many values there are in v, each container counted once with what stands in it.
func countDistinct(v any) int {
	n, seen := 0, map[any]bool{}
	for open := []any{v}; len(open) > 0; {
		v = Resolve(open[len(open)-1])
		open = open[:len(open)-1]
		n++
		switch v.(type) {
		case *List, *Dict, *Tuple, *Set, *FrozenSet, *Object:
		default:
			continue
		}
		if seen[v] {
			continue
		}
		seen[v] = true
		if items, ok := itemsOf(v); ok {
			open = append(open, items...)
		}
		switch v := v.(type) {
		case *Dict:
			for k, item := range v.All() {
				open = append(open, k, item)
			}
		case *Object:
			open = append(open, v.Args, v.State)
			open = append(open, v.Items...)
			for _, p := range v.Pairs {
				open = append(open, p.Key, p.Value)
			}
		}
	}
	return n
}
