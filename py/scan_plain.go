package py

import (
	"math/big"

	"github.com/djangobridge/djangobridge/internal/pynum"
)

// plain returns v in the types that Go programs use for data without a schema. It returns
// false if v is nested too deeply.
func (s scanner) plain(v any) (any, bool) {
	if s.depth++; s.depth > maxDepth || !s.budget.Spend(partsOf(v)) {
		return nil, false
	}
	v = native(Resolve(v))
	if v != nil && isNil(v) { // not a Python value
		return v, true
	}
	switch v := v.(type) {
	case *big.Int:
		return pynum.Int(new(big.Int).Set(v)), true
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

// plainDict returns the entries of d as a map, or v if a key is not a str or two keys are
// the same text.
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
	if len(m) < d.Len() {
		return v, true
	}
	return m, true
}

// plainObject returns the data of o, or o itself if the data may not be all of it: if o
// also has attributes, or if its class may be either a namedtuple of one field or a kind
// of number.
func (s scanner) plainObject(o *Object) (any, bool) {
	if o.Extras().HasState {
		return o, true
	}
	if text, ok := o.AsText(); ok {
		return text, true
	}
	if d, ok := o.AsDict(); ok {
		return s.plainDict(d, o)
	}
	if list, ok := o.AsList(); ok && !o.mayBeNumber() {
		return s.plainItems(list.Items)
	}
	return o, true
}
