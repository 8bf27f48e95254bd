package py

// A comparer knows which containers are being compared, or have been: they are equal if nothing else differs. What is equal
// to the same is equal to each other; so these are classes, and comparing two graphs takes no more steps than they have
// containers together, where there may be far more pairs of them.
type comparer struct {
	above  map[any]any // from a container to another of its class, up to the one that stands for it
	sizes  map[any]int // of the classes, by what stands for them, but for those of one
	joined []any       // what above was given, in order
	depth  int

	hasher  hasher
	steps   int             // values that were compared
	unequal map[[2]any]bool // pairs that took long to be found so, see tryEqual
}

// enter reports whether a and b are known as equal, and makes them so.
func (c *comparer) enter(a, b any) bool {
	a, b = c.class(a), c.class(b)
	if a == b {
		return true
	}
	if c.above == nil {
		c.above, c.sizes = map[any]any{}, map[any]int{}
	}
	m, n := max(c.sizes[a], 1), max(c.sizes[b], 1)
	if m > n { // the larger one stays, so that no way up is long
		a, b = b, a
	}
	c.above[a] = b
	c.sizes[b] = m + n
	c.joined = append(c.joined, a)
	return false
}

func (c *comparer) class(v any) any {
	for {
		above, ok := c.above[v]
		if !ok {
			return v
		}
		v = above
	}
}

// forget undoes what enter has done since there were n joined.
func (c *comparer) forget(n int) {
	for i := len(c.joined) - 1; i >= n; i-- {
		a := c.joined[i]
		c.sizes[c.above[a]] -= max(c.sizes[a], 1)
		delete(c.above, a)
	}
	c.joined = c.joined[:n]
}
