package pickle

import (
	"strings"
	"unsafe"
)

// A slab hands out values from memory that is allocated for many at once. A session has
// dozens of small values that live and die together.
type slab[T any] struct {
	items []T // the last allocation
	n     int // how many of them are used
}

const (
	maxSlab = 64   // maximum number of values per allocation, except for the items of one container
	ahead   = 2048 // bytes of the input searched to estimate how many to allocate
)

// take returns a new T, or nil if none are left; use first then. It is small so that it
// is inlined.
func (s *slab[T]) take() *T {
	i := uint(s.n)
	if i >= uint(len(s.items)) {
		return nil
	}
	s.n++
	return &s.items[i]
}

// first allocates more and returns a new T, or nil if there is not enough memory. It
// expects one more value for each opcode op ahead.
func first[T any](m *machine, s *slab[T], op string) *T {
	if !refill(m, s, 1, m.expected(op)) {
		return nil
	}
	return s.take()
}

// firstOfFew is first for types of which most sessions have at most one. It allocates the
// first one alone.
func firstOfFew[T any](m *machine, s *slab[T], op string) *T {
	if s.items != nil {
		return first(m, s, op)
	}
	if !refill(m, s, 1, 0) {
		return nil
	}
	return s.take()
}

// slice returns a slice of n values without spare capacity, or nil if there is not enough
// memory. It expects the given number of other slices of the same size.
func slice[T any](m *machine, s *slab[T], n, others int) []T {
	if len(s.items)-s.n < n && !refill(m, s, n, others) {
		return nil
	}
	values := s.items[s.n : s.n+n : s.n+n]
	s.n += n
	return values
}

// left returns the number of unused values.
func (s *slab[T]) left() int { return len(s.items) - s.n }

// expected estimates how often the opcode op will occur by counting its byte. Most such
// bytes are the opcode, because nearly all opcodes that make values are rare in text.
func (m *machine) expected(op string) int {
	return strings.Count(m.src[m.pos:min(m.pos+ahead, len(m.src))], op)
}

// refill allocates n values, n for each of the other slices, and a few more for those
// that were not counted.
func refill[T any](m *machine, s *slab[T], n, others int) bool {
	size := max(n, min(n+n*others+others/32, maxSlab))
	var t T
	if !m.charge(size * int(unsafe.Sizeof(t))) {
		return false
	}
	s.items, s.n = make([]T, size), 0
	return true
}

// box returns *p as an interface value that refers to p itself, with the type of like,
// which is any value of type T. The conversion in the language would allocate a copy. T
// must not be a pointer. It depends on the layout of interface values in gc: a word for
// the type and a word for the address.
func box[T any](like any, p *T) any {
	(*[2]unsafe.Pointer)(unsafe.Pointer(&like))[1] = unsafe.Pointer(p) //nolint:gosec // see above
	return like
}
