package pickle

import (
	"strings"
	"unsafe"
)

// A slab gives out values one by one of memory that is allocated for many: a session has dozens of small values, and they
// live and die together.
type slab[T any] struct {
	items []T // allocated last
	n     int // of them are given out
}

const (
	maxSlab = 64   // values that are allocated at once, but for more of one container
	ahead   = 2048 // bytes of the input that are looked through for how many to allocate
)

// take returns a new T, nil when none are left: then first has one. It is so small that it becomes part of its callers.
func (s *slab[T]) take() *T {
	i := uint(s.n)
	if i >= uint(len(s.items)) {
		return nil
	}
	s.n++
	return &s.items[i]
}

// first allocates more and returns a new T, nil when there is no memory for it. Another is expected for each opcode op that
// comes.
func first[T any](m *machine, s *slab[T], op string) *T {
	if !refill(m, s, 1, m.expected(op)) {
		return nil
	}
	return s.take()
}

// firstOfFew is first for what most sessions have one of, if any: the first is allocated alone.
func firstOfFew[T any](m *machine, s *slab[T], op string) *T {
	if s.items != nil {
		return first(m, s, op)
	}
	if !refill(m, s, 1, 0) {
		return nil
	}
	return s.take()
}

// slice returns a slice of n values, which has no room for more; nil when there is no memory for it. So many others of this size
// are expected.
func slice[T any](m *machine, s *slab[T], n, others int) []T {
	if len(s.items)-s.n < n && !refill(m, s, n, others) {
		return nil
	}
	values := s.items[s.n : s.n+n : s.n+n]
	s.n += n
	return values
}

// left is how many values are not given out.
func (s *slab[T]) left() int { return len(s.items) - s.n }

// expected is how often the opcode op is likely to come: how many bytes that may be it do. Most that may, are: nearly all opcodes
// that make something are rare in text.
func (m *machine) expected(op string) int {
	return strings.Count(m.src[m.pos:min(m.pos+ahead, len(m.src))], op)
}

// refill allocates n values, as many for each of the others, and a few more for what those did not count.
func refill[T any](m *machine, s *slab[T], n, others int) bool {
	size := max(n, min(n+n*others+others/32, maxSlab))
	var t T
	if !m.charge(size * int(unsafe.Sizeof(t))) {
		return false
	}
	s.items, s.n = make([]T, size), 0
	return true
}

// box returns *p as an interface value that holds p itself, of the type of like, which is any value of type T. The conversion
// that the language has would allocate a copy. T must not be a pointer. It relies on how gc lays out such values: a word for the
// type and one for the address.
func box[T any](like any, p *T) any {
	(*[2]unsafe.Pointer)(unsafe.Pointer(&like))[1] = unsafe.Pointer(p) //nolint:gosec // see above
	return like
}
