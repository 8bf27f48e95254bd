package pickle

// growing is a slice whose first items are in the value itself. Where a machine is in the memory of a goroutine, they are too:
// nothing is allocated for a small pickle, and the garbage collector has nothing to do with what is stored there.
type growing[T any] struct {
	n    int
	few  [128]T
	more []T // instead of few, once these do not suffice; its length is its capacity
}

// all returns the items. It is valid until the next push.
func (g *growing[T]) all() []T {
	if g.more != nil {
		return g.more[:g.n]
	}
	return g.few[:g.n]
}

// push appends v. It returns false, and does nothing, when there is no room; see grow.
func (g *growing[T]) push(v T) bool { return g.set(g.n, v) }

// set is push for a caller who knows that there are n items.
func (g *growing[T]) set(n int, v T) bool {
	switch i := uint(n); { // the compiler need not see that n is not negative
	case g.more == nil && i < uint(len(g.few)):
		g.few[i] = v
	case i < uint(len(g.more)):
		g.more[i] = v
	default:
		return false
	}
	g.n = n + 1
	return true
}

// grow makes room for more items: at least for as many as there are, and for those of the rest of the input if that goes on
// as it began, but no more than one for each byte. It reports whether that is within the limit.
func grow[T any](m *machine, g *growing[T]) bool {
	grown := g.n + min(max(g.n, g.n*m.left()/m.pos), m.left()) + 16
	if !m.pass(grown * sizeAny) {
		return false
	}
	m.passing -= int64(len(g.more)) * sizeAny
	more := make([]T, grown)
	copy(more, g.all())
	g.more = more
	return true
}
