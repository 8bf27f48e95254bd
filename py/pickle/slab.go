package pickle

import "unsafe"

// A slab gives out values one by one of memory that is allocated for many: a session has dozens of small values, and they
// live and die together.
type slab[T any] struct {
	free []T
	size int // of the last piece
}

// maxSlab is how many values a piece has at most.
const maxSlab = 64

// next returns a new T, nil when there is no memory for it.
func next[T any](m *machine, s *slab[T]) *T {
	if len(s.free) == 0 && !refill(m, s, 1) {
		return nil
	}
	t := &s.free[0]
	s.free = s.free[1:]
	return t
}

// refill allocates n values, and more to have: twice as many as the last time, but fewer towards the end of the input,
// which will not need them.
func refill[T any](m *machine, s *slab[T], n int) bool {
	s.size = max(n, min(2*s.size+1, maxSlab, 1+m.left()/16))
	var t T
	if !m.charge(s.size * int(unsafe.Sizeof(t))) {
		return false
	}
	s.free = make([]T, s.size)
	return true
}

// slice returns a slice of n values, which has no room for more; nil when there is no memory for it.
func slice[T any](m *machine, s *slab[T], n int) []T {
	if len(s.free) < n && !refill(m, s, n) {
		return nil
	}
	values := s.free[:n:n]
	s.free = s.free[n:]
	return values
}

// box returns *p as an interface value that holds p itself. The conversion that the language has would allocate a copy.
// T must not be a pointer. It relies on how gc lays out such values: a word for the type and one for the address.
func box[T any](p *T) (v any) {
	var zero T
	v = zero
	(*[2]unsafe.Pointer)(unsafe.Pointer(&v))[1] = unsafe.Pointer(p) //nolint:gosec // see above
	return v
}
