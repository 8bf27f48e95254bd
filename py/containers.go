package py

import "iter"

// A Tuple is a Python tuple. It is used as a pointer (*Tuple) because a tuple may contain
// itself through a list, and because pickle distinguishes one tuple in two places from
// two equal tuples. It must not be changed once it is shared.
type Tuple struct {
	Items []any
}

// NewTuple returns a tuple of the given values.
func NewTuple(items ...any) *Tuple { return &Tuple{Items: items} }

// PyType implements [Typed].
func (*Tuple) PyType() string { return "tuple" }

// ClonePy implements [Cloner].
func (t *Tuple) ClonePy(seen func(any), clone func(any) any) any {
	c := &Tuple{Items: make([]any, len(t.Items))}
	seen(c)
	for i, item := range t.Items {
		c.Items[i] = clone(item)
	}
	return c
}

// A Set is a Python set, in the order in which it was read or filled. The zero Set is
// empty and ready for use.
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

// Len returns the number of members.
func (s *Set) Len() int { return s.members.Len() }

// Grow makes room for n more members, as [Dict.Grow] does.
func (s *Set) Grow(n int) { s.members.Grow(n) }

// Add adds a member unless an equal one is present.
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

// Remove removes a member and reports whether it was present.
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

// A FrozenSet is a Python frozenset. Like a [Tuple], it must not be changed once it is
// shared.
type FrozenSet struct {
	Set
}

// NewFrozenSet returns a frozenset of the given values.
func NewFrozenSet(items ...any) *FrozenSet { return &FrozenSet{Set: *NewSet(items...)} }

// PyType implements [Typed].
func (*FrozenSet) PyType() string { return "frozenset" }

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
