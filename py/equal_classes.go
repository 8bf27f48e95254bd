package py

// A comparer keeps track of the containers that are being compared or have been compared:
// they are equal unless something else differs. Values that are equal to the same value
// are equal to each other, so they form classes. Comparing two graphs thus takes at most
// as many steps as they have containers in total, though there may be far more pairs.
type comparer struct {
	above  map[any]any // from a container to another of its class, up to the representative
	sizes  map[any]int // of classes with more than one member, by representative
	joined []any       // the keys of above, in order of insertion
	depth  int

	hasher  hasher
	steps   int             // compared values
	unequal map[[2]any]bool // pairs whose comparison took long, see tryEqual
}

// enter reports whether a and b are known to be equal, and records them as equal.
func (c *comparer) enter(a, b any) bool {
	a, b = c.class(a), c.class(b)
	if a == b {
		return true
	}
	if c.above == nil {
		c.above, c.sizes = map[any]any{}, map[any]int{}
	}
	m, n := max(c.sizes[a], 1), max(c.sizes[b], 1)
	if m > n { // the larger class keeps its representative, so that paths stay short
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

// forget undoes the calls of enter since there were n joined.
func (c *comparer) forget(n int) {
	for i := len(c.joined) - 1; i >= n; i-- {
		a := c.joined[i]
		c.sizes[c.above[a]] -= max(c.sizes[a], 1)
		delete(c.above, a)
	}
	c.joined = c.joined[:n]
}
