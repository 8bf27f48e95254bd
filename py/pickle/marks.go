package pickle

// marks contains, for each mark on the stack, the fence before it: the position of the
// mark below, or 0 for the lowest.
type marks struct {
	n    int
	few  [16]int // the first ones, so that most pickles need no allocation
	more []int   // the others
}

// mark pushes a mark.
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

// pop removes the topmost mark, which must exist, and returns the previous fence.
func (k *marks) pop() int {
	k.n--
	if k.n < len(k.few) {
		return k.few[k.n]
	}
	return k.more[k.n-len(k.few)]
}
