package py

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"iter"
	"strconv"
)

// A Tuple is a Python tuple. It is a pointer type in use (*Tuple), because a tuple may contain itself by way of a list, and
// because pickle tells apart whether two places hold one tuple or two equal ones. It must not be changed once others have
// it.
type Tuple struct {
	Items []any
}

// NewTuple returns a tuple of the given values.
func NewTuple(items ...any) *Tuple { return &Tuple{Items: items} }

// PyType implements [Typed].
func (*Tuple) PyType() string { return "tuple" }

// HashKey implements [Hashable]: tuples are equal when their items are. It looks at all items, of items that are tuples too,
// as Python's hash does.
func (t *Tuple) HashKey() any {
	h := sha256.New()
	for _, item := range t.Items {
		digest := keyDigest(item)
		h.Write(digest[:])
	}
	return tupleKey(h.Sum(nil))
}

type (
	tupleKey  [sha256.Size]byte
	frozenKey [sha256.Size]byte
)

// keyDigest is the same for two values just when they are one key.
func keyDigest(v any) [sha256.Size]byte {
	switch k := hashKey(v).(type) {
	case string:
		return sha256.Sum256([]byte("s" + k))
	case int64:
		return sha256.Sum256([]byte("i" + strconv.FormatInt(k, 10)))
	case Bytes:
		return sha256.Sum256([]byte("b" + string(k)))
	case tupleKey:
		return sha256.Sum256(append([]byte("t"), k[:]...))
	case frozenKey:
		return sha256.Sum256(append([]byte("f"), k[:]...))
	case uniqueKey: // not its address, which something else may have later
		var digest [sha256.Size]byte
		_, _ = rand.Read(digest[:]) // it never fails
		return digest
	case *List, *Dict, *Object:
		return sha256.Sum256(fmt.Appendf(nil, "p%p", k)) // themselves alone
	default:
		return sha256.Sum256(fmt.Appendf(nil, "%T %#v", k, k))
	}
}

// ClonePy implements [Cloner].
func (t *Tuple) ClonePy(seen func(any), clone func(any) any) any {
	c := &Tuple{Items: make([]any, len(t.Items))}
	seen(c)
	for i, item := range t.Items {
		c.Items[i] = clone(item)
	}
	return c
}

// A Set is a Python set, in the order in which it was read or filled. The zero Set is empty and ready for use.
type Set struct {
	members Dict
}

// NewSet returns a set of the given values.
func NewSet(items ...any) *Set {
	s := &Set{}
	for _, item := range items {
		s.Add(item)
	}
	return s
}

// PyType implements [Typed].
func (*Set) PyType() string { return "set" }

// Len is the number of members.
func (s *Set) Len() int { return s.members.Len() }

// Grow makes room for n more members, as [Dict.Grow] does.
func (s *Set) Grow(n int) { s.members.Grow(n) }

// Add adds a member, if none is equal to it.
func (s *Set) Add(item any) {
	if s.members.find(item) < 0 {
		s.members.insert(item, nil)
	}
}

// Has reports whether a member is equal to item.
func (s *Set) Has(item any) bool {
	_, ok := s.members.Get(item)
	return ok
}

// Remove removes a member and reports whether there was one.
func (s *Set) Remove(item any) bool { return s.members.Delete(item) }

// All yields the members in order.
func (s *Set) All() iter.Seq[any] {
	return func(yield func(any) bool) {
		for item := range s.members.All() {
			if !yield(item) {
				return
			}
		}
	}
}

// A FrozenSet is a Python frozenset. Like a [Tuple] it must not be changed once others have it.
type FrozenSet struct {
	Set
}

// NewFrozenSet returns a frozenset of the given values.
func NewFrozenSet(items ...any) *FrozenSet { return &FrozenSet{Set: *NewSet(items...)} }

// PyType implements [Typed].
func (*FrozenSet) PyType() string { return "frozenset" }

// HashKey implements [Hashable]: frozensets are equal when they have the same members, in any order.
func (s *FrozenSet) HashKey() any {
	var key frozenKey
	for item := range s.All() {
		for i, b := range keyDigest(item) {
			key[i] ^= b
		}
	}
	return key
}

// A ByteArray is a Python bytearray.
type ByteArray struct {
	Bytes []byte
}

// PyType implements [Typed].
func (*ByteArray) PyType() string { return "bytearray" }

// ClonePy implements [Cloner].
func (b *ByteArray) ClonePy(seen func(any), _ func(any) any) any {
	c := &ByteArray{Bytes: append([]byte{}, b.Bytes...)}
	seen(c)
	return c
}
