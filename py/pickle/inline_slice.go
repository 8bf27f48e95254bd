package pickle

// An inlineSlice is a slice whose first items are in the value itself. If the machine is
// on the stack of a goroutine, so are they: a small pickle needs no allocation, and the
// garbage collector has nothing to do with what is stored there.
type inlineSlice[T any] struct {
	n    int
	few  [128]T
	more []T // replaces few once that is full; its length is its capacity
}

// all returns the items. It is valid until the next push.
func (s *inlineSlice[T]) all() []T {
	if s.more != nil {
		return s.more[:s.n]
	}
	return s.few[:s.n]
}

// push appends v. It returns false and does nothing if there is no room; see grow.
func (s *inlineSlice[T]) push(v T) bool { return s.set(s.n, v) }

// set is push for a caller that knows that there are n items.
func (s *inlineSlice[T]) set(n int, v T) bool {
	switch i := uint(n); { // saves the compiler a check for negative n
	case s.more == nil && i < uint(len(s.few)):
		s.few[i] = v
	case i < uint(len(s.more)):
		s.more[i] = v
	default:
		return false
	}
	s.n = n + 1
	return true
}

// grow makes room for more items: for at least as many as there are, and for those of the
// rest of the input if it continues as it began, but for no more than one per byte. It
// reports whether that is within the limit.
func grow[T any](m *machine, s *inlineSlice[T]) bool {
	grown := s.n + min(max(s.n, s.n*m.left()/m.pos), m.left()) + 16
	if !m.chargeTemporary(grown * sizeAny) {
		return false
	}
	m.temporary -= int64(len(s.more)) * sizeAny
	more := make([]T, grown)
	copy(more, s.all())
	s.more = more
	return true
}
