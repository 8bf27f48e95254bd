package pickle

// marks are the heights of the stack at which marks stand.
type marks struct {
	n    int
	few  [16]int // the first of them, so that nothing is allocated for most pickles
	more []int   // the others
}

// mark puts a mark on the stack.
func (m *machine) mark() string {
	k := &m.marks
	m.fence = m.stack.n
	switch {
	case k.n < len(k.few):
		k.few[k.n] = m.fence
	case k.n-len(k.few) < len(k.more):
		k.more[k.n-len(k.few)] = m.fence
	case !m.charge(4 * 8):
		return tooLarge
	default:
		k.more = append(k.more, m.fence)
	}
	k.n++
	return ""
}

// top is the height at which the topmost mark stands, 0 if there is none.
func (k *marks) top() int {
	switch n := k.n - 1; {
	case n < 0:
		return 0
	case n < len(k.few):
		return k.few[n]
	default:
		return k.more[n-len(k.few)]
	}
}
