package py

import (
	"bytes"
	"math"
	"math/big"
	"reflect"
)

// Equal reports whether a and b are the same value: the same types at every level, the
// same order of dict keys, and the same float bits (NaN equals NaN, and 0.0 is not -0.0).
// It ignores sharing. It is stricter than Python's ==, where 1 equals 1.0. [Lazy] values
// are resolved, and an [*Object] equals its [Native] form. Recursive values are compared
// up to their first repetition. Values nested more than 200,000 levels deep are
// different.
func Equal(a, b any) bool {
	c := comparer{}
	return c.equal(a, b)
}

// maxCompared limits the nesting. Two values that contain themselves can reach it
// together though neither does alone.
const maxCompared = 200_000

func (c *comparer) equal(a, b any) bool {
	c.steps++
	if c.depth++; c.depth > maxCompared {
		return false
	}
	same := c.same(a, b)
	c.depth--
	return same
}

func (c *comparer) same(a, b any) bool {
	a, b = canonical(a), canonical(b)
	switch a := a.(type) {
	case nil:
		return b == nil
	case float64:
		b, ok := b.(float64)
		return ok && (math.Float64bits(a) == math.Float64bits(b) || a != a && b != b)
	case *big.Int:
		b, ok := b.(*big.Int)
		return ok && a.Cmp(b) == 0
	case DateTime:
		b, ok := b.(DateTime)
		return ok && a.Naive == b.Naive && a.Fold == b.Fold && a.ISOFormat() == b.ISOFormat() && c.equal(a.TZInfo(), b.TZInfo())
	case Time:
		b, ok := b.(Time)
		return ok && a.sinceMidnight() == b.sinceMidnight() && a.Fold == b.Fold && c.equal(a.TZInfo, b.TZInfo)
	case *List:
		b, ok := b.(*List)
		if !ok || len(a.Items) != len(b.Items) {
			return false
		}
		return c.enter(a, b) || c.equalItems(a.Items, b.Items)
	case *Dict:
		b, ok := b.(*Dict)
		if !ok || a.Len() != b.Len() {
			return false
		}
		return c.enter(a, b) || c.equalEntries(a, b)
	case *Tuple:
		b, ok := b.(*Tuple)
		return ok && len(a.Items) == len(b.Items) && (c.enter(a, b) || c.equalItems(a.Items, b.Items))
	case *Set:
		b, ok := b.(*Set)
		return ok && a.Len() == b.Len() && (c.enter(a, b) || c.equalSets(a, b))
	case *FrozenSet:
		b, ok := b.(*FrozenSet)
		return ok && a.Len() == b.Len() && (c.enter(a, b) || c.equalSets(&a.Set, &b.Set))
	case *ByteArray:
		b, ok := b.(*ByteArray)
		return ok && bytes.Equal(a.Bytes, b.Bytes)
	case *Global:
		b, ok := b.(*Global)
		return ok && *a == *b
	case *Object:
		b, ok := b.(*Object)
		return ok && (c.enter(a, b) || c.equalObjects(a, b))
	case complex128:
		b, ok := b.(complex128)
		return ok && c.equal(real(a), real(b)) && c.equal(imag(a), imag(b))
	default:
		switch b.(type) {
		case bool, int64, string, Bytes, Str2, Decimal, Date, TimeDelta, UUID, nilPointer:
			return a == b
		}
		return false
	}
}

// canonical returns the form of v that is compared.
func canonical(v any) any {
	v = native(Resolve(v))
	switch n := v.(type) {
	case int:
		return int64(n)
	case *big.Int:
		if n != nil && n.IsInt64() { // a Python 2 long equals the int of the same value
			return n.Int64()
		}
	}
	if v != nil && isNil(v) {
		return nilPointer{reflect.TypeOf(v)}
	}
	return v
}

// A nilPointer represents all nil pointers of one type.
type nilPointer struct{ reflect.Type }

// equalSets compares the members in any order, because the order in Python depends on the
// run of the program.
func (c *comparer) equalSets(a, b *Set) bool {
	// Most members are found by their hash. Objects are hashed by identity.
	inA, inB := c.without(a, b), c.without(b, a)
	if len(inA) != len(inB) {
		return false
	}
	for _, item := range inA {
		if !c.take(item, &inB) {
			return false
		}
	}
	return true
}

// without returns the members of a that have no equal member of b with the same hash.
func (c *comparer) without(a, b *Set) []any {
	var left []any
	var members map[any]any // the members of b by their hash; made when needed
	for item := range a.All() {
		var member any
		found := false
		if isKeyContainer(item) {
			if members == nil {
				members = make(map[any]any, b.Len())
				for m := range b.All() {
					members[c.hasher.key(m)] = m
				}
			}
			member, found = members[c.hasher.key(item)]
		} else if i := b.members.find(item); i >= 0 {
			member, found = b.members.entries[i].Key, true
		}
		if !found || !c.tryEqual(item, member) {
			left = append(left, item)
		}
	}
	return left
}

// take removes the first of the items that is equal to v and reports whether there is
// one. In equal sets this is usually the very first item.
func (c *comparer) take(v any, items *[]any) bool {
	for i, item := range *items {
		if c.tryEqual(v, item) {
			(*items)[i] = (*items)[0]
			*items = (*items)[1:]
			return true
		}
	}
	return false
}

// tryEqual is equal for a comparison that may fail without ending everything: after a
// failure it undoes the assumptions made on the way. It remembers a failure that took
// long, because sets within sets would repeat it again and again.
func (c *comparer) tryEqual(a, b any) bool {
	pair := [2]any{a, b}
	known := isKeyContainer(a) && isKeyContainer(b) // other values may not be comparable in Go
	if known && c.unequal[pair] {
		return false
	}
	before, depth, steps := len(c.joined), c.depth, c.steps
	if c.equal(a, b) {
		return true
	}
	c.forget(before)
	c.depth = depth
	if known && c.steps-steps > manySteps {
		if c.unequal == nil {
			c.unequal = map[[2]any]bool{}
		}
		c.unequal[pair] = true
	}
	return false
}

// manySteps is the cost of remembering an answer.
const manySteps = 16

func (c *comparer) equalObjects(a, b *Object) bool {
	if a.Construction != b.Construction || !c.equal(a.Callable, b.Callable) || !c.equal(a.Args, b.Args) {
		return false
	}
	if a.Extra == nil && b.Extra == nil {
		return true
	}
	return c.equalExtras(a.Extras(), b.Extras())
}

func (c *comparer) equalExtras(a, b Extra) bool {
	if a.HasState != b.HasState || (a.Kwargs == nil) != (b.Kwargs == nil) ||
		len(a.Pairs) != len(b.Pairs) || len(a.Items) != len(b.Items) {
		return false
	}
	if a.Kwargs != nil && !c.equal(a.Kwargs, b.Kwargs) || !c.equal(a.State, b.State) || !c.equal(a.Setter, b.Setter) ||
		!c.equalItems(a.Items, b.Items) {
		return false
	}
	for i, p := range a.Pairs {
		if !c.equal(p.Key, b.Pairs[i].Key) || !c.equal(p.Value, b.Pairs[i].Value) {
			return false
		}
	}
	return true
}

func (c *comparer) equalItems(a, b []any) bool {
	for i := range a {
		if !c.equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func (c *comparer) equalEntries(a, b *Dict) bool {
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
