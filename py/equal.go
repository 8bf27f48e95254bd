package py

import (
	"math"
	"math/big"
)

// Equal reports whether a and b are the same value: the same types all the way down, the same order of dict keys, the
// same float bits (so NaN equals NaN, and 0.0 is not -0.0), the same sharing aside. It is stricter than Python's ==, for
// which 1 and 1.0 are equal. [Lazy] values are resolved. Recursive values are compared to their first repetition.
func Equal(a, b any) bool { return comparer{}.equal(a, b) }

type pair struct{ a, b any }

type comparer map[pair]bool

func (c comparer) equal(a, b any) bool {
	switch a := Resolve(a).(type) {
	case nil:
		return Resolve(b) == nil
	case float64:
		b, ok := Resolve(b).(float64)
		return ok && (math.Float64bits(a) == math.Float64bits(b) || a != a && b != b)
	case *big.Int:
		b, ok := Resolve(b).(*big.Int)
		return ok && a.Cmp(b) == 0
	case DateTime:
		b, ok := Resolve(b).(DateTime)
		return ok && a.Naive == b.Naive && a.Fold == b.Fold && a.ISOFormat() == b.ISOFormat()
	case *List:
		b, ok := Resolve(b).(*List)
		if !ok || len(a.Items) != len(b.Items) {
			return false
		}
		return c.enter(a, b) || c.equalItems(a.Items, b.Items)
	case *Dict:
		b, ok := Resolve(b).(*Dict)
		if !ok || a.Len() != b.Len() {
			return false
		}
		return c.enter(a, b) || c.equalEntries(a, b)
	default:
		b := Resolve(b)
		switch b.(type) {
		case bool, int64, string, Bytes:
			return a == b
		}
		e, ok := a.(interface{ EqualPy(b any) bool })
		return ok && e.EqualPy(b)
	}
}

// enter reports whether a and b are being compared already: then they are equal if nothing else differs.
func (c comparer) enter(a, b any) bool {
	p := pair{a, b}
	if c[p] {
		return true
	}
	c[p] = true
	return false
}

func (c comparer) equalItems(a, b []any) bool {
	for i := range a {
		if !c.equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func (c comparer) equalEntries(a, b *Dict) bool {
	var keys, values []any
	for k, v := range b.All() {
		keys, values = append(keys, k), append(values, v)
	}
	i := 0
	for k, v := range a.All() {
		if !c.equal(k, keys[i]) || !c.equal(v, values[i]) {
			return false
		}
		i++
	}
	return true
}
