package py

import (
	"bytes"
	"math"
	"math/big"
	"reflect"
)

// Equal reports whether a and b are the same value: the same types all the way down, the same order of dict keys, the
// same float bits (so NaN equals NaN, and 0.0 is not -0.0), the same sharing aside. It is stricter than Python's ==, for
// which 1 and 1.0 are equal. [Lazy] values are resolved, and an [*Object] is equal to what [Native] makes of it. Recursive
// values are compared to their first repetition. Values that go on for more than 200,000 levels count as different.
func Equal(a, b any) bool {
	c := comparer{}
	return c.equal(a, b)
}

// maxCompared bounds the nesting, which two values that contain themselves can have together though neither has it alone.
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

// canonical is the form in which values are compared.
func canonical(v any) any {
	v = native(Resolve(v))
	switch n := v.(type) {
	case int:
		return int64(n)
	case *big.Int:
		if n != nil && n.IsInt64() { // a long of Python 2 equals the int of its value
			return n.Int64()
		}
	}
	if v != nil && isNil(v) {
		return nilPointer{reflect.TypeOf(v)}
	}
	return v
}

// A nilPointer is what nil pointers of one type are compared as.
type nilPointer struct{ reflect.Type }

// equalSets compares members whatever their order, which in Python depends on the run of the program.
func (c *comparer) equalSets(a, b *Set) bool {
	// Most members are found by their hash. Objects are not, as it is their own.
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

// without returns the members of a of which the hash finds none in b that is equal.
func (c *comparer) without(a, b *Set) []any {
	var left []any
	var members map[any]any // of b by what they are hashed by, made when it is needed
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

// take removes the first of the items that is equal to v, in equal sets mostly the very first, and reports whether there is
// one.
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

// tryEqual is equal where the answer no is not the end: what follows from it is forgotten.
// If it took long, the answer is kept: sets in sets would be compared again and again.
func (c *comparer) tryEqual(a, b any) bool {
	pair := [2]any{a, b}
	known := isKeyContainer(a) && isKeyContainer(b) // others need not be comparable in Go
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

// manySteps is what it costs to remember an answer.
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
