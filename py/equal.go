package py

import (
	"bytes"
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
	case *Tuple:
		b, ok := Resolve(b).(*Tuple)
		return ok && len(a.Items) == len(b.Items) && (c.enter(a, b) || c.equalItems(a.Items, b.Items))
	case *Set:
		b, ok := Resolve(b).(*Set)
		return ok && equalSets(a, b)
	case *FrozenSet:
		b, ok := Resolve(b).(*FrozenSet)
		return ok && equalSets(&a.Set, &b.Set)
	case *ByteArray:
		b, ok := Resolve(b).(*ByteArray)
		return ok && bytes.Equal(a.Bytes, b.Bytes)
	case *Global:
		b, ok := Resolve(b).(*Global)
		return ok && *a == *b
	case *Object:
		b, ok := Resolve(b).(*Object)
		return ok && (c.enter(a, b) || c.equalObjects(a, b))
	case complex128:
		b, ok := Resolve(b).(complex128)
		return ok && c.equal(real(a), real(b)) && c.equal(imag(a), imag(b))
	default:
		b := Resolve(b)
		switch b.(type) {
		case bool, int64, string, Bytes, Str2:
			return a == b
		}
		return false
	}
}

// equalSets compares members whatever their order, which in Python depends on the run of the program.
func equalSets(a, b *Set) bool {
	if a.Len() != b.Len() {
		return false
	}
	for item := range a.All() {
		if !b.Has(item) {
			return false
		}
	}
	return true
}

func (c comparer) equalObjects(a, b *Object) bool {
	if a.Making != b.Making || a.HasState != b.HasState || (a.Kwargs == nil) != (b.Kwargs == nil) ||
		len(a.Pairs) != len(b.Pairs) || len(a.Items) != len(b.Items) {
		return false
	}
	if !c.equal(a.Callable, b.Callable) || !c.equal(a.Args, b.Args) || a.Kwargs != nil && !c.equal(a.Kwargs, b.Kwargs) ||
		!c.equal(a.State, b.State) || !c.equalItems(a.Items, b.Items) {
		return false
	}
	for i, p := range a.Pairs {
		if !c.equal(p.Key, b.Pairs[i].Key) || !c.equal(p.Value, b.Pairs[i].Value) {
			return false
		}
	}
	return true
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
