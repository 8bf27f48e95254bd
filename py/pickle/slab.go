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
	if s.n == len(s.items) {
		return nil
	}
	s.n++
	return &s.items[s.n-1]
}

// first allocates more and returns a new T, nil when there is no memory for it.
func first[T any](m *machine, s *slab[T]) *T {
	if !refill(m, s, 1, m.src[m.op:m.op+1]) {
		return nil
	}
	return s.take()
}

// slice returns a slice of n values, which has no room for more; nil when there is no memory for it. Others of this size are
// expected for each opcode op that comes.
func slice[T any](m *machine, s *slab[T], n int, op string) []T {
	if len(s.items)-s.n < n && !refill(m, s, n, op) {
		return nil
	}
	values := s.items[s.n : s.n+n : s.n+n]
	s.n += n
	return values
}

// refill allocates n values, and as many for each byte to come that may be the opcode op. Most that are, are: nearly all opcodes
// that make something are rare in text.
func refill[T any](m *machine, s *slab[T], n int, op string) bool {
	rest := m.src[m.pos:min(m.pos+ahead, len(m.src))]
	size := max(n, min(n+n*strings.Count(rest, op), maxSlab))
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
