package pickle

// marks are the fences from before each mark that is on the stack: where the mark below it stands, 0 for the lowest.
type marks struct {
	n    int
	few  [16]int // the first of them, so that nothing is allocated for most pickles
	more []int   // the others
}

// mark puts a mark on the stack.
func (m *machine) mark() string {
	k := &m.marks
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
	m.fence = m.stack.n
	return ""
}

// pop takes the topmost mark, of which there must be one, and returns the fence from before.
func (k *marks) pop() int {
	k.n--
	if k.n < len(k.few) {
		return k.few[k.n]
	}
	return k.more[k.n-len(k.few)]
}
