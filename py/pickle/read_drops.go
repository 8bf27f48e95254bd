package pickle

import (
	"slices"

	"github.com/djangobridge/djangobridge/py"
)

const dropped = "drops an object or a container that it makes"

// popValues pops the topmost value or mark, and those of the POPs that follow.
func (m *machine) popValues() string {
	var lost bool
	for first := true; first || m.pos < len(m.src) && m.src[m.pos] == opPop; first = false {
		if !first {
			m.pos++
		}
		if m.marks.n > 0 && m.fence == m.stack.n {
			_, _ = m.popMark()
			continue
		}
		v, ok := m.pop()
		if !ok {
			return noValue
		}
		sets := first && m.last == opReduce && m.setState(v)
		lost = lost || !sets && isContainer(v)
	}
	return m.mayDrop(lost)
}

// popToMark drops the topmost mark and the values above it.
func (m *machine) popToMark() string {
	items, ok := m.popMark()
	if !ok {
		return noMark
	}
	m.drop(len(items))
	return m.mayDrop(anyContainer(items))
}

// mayDrop refuses to lose data. Picklers drop a container or an object that turns out to
// contain itself and fetch it from the memo next. For the other case, see setState.
func (m *machine) mayDrop(lost bool) string {
	if !lost {
		return ""
	}
	if m.pos < len(m.src) {
		switch m.src[m.pos] {
		case opGet, opBinGet, opLongBinGet:
			return ""
		}
	}
	return dropped
}

// anyContainer reports whether there is a container among the values.
func anyContainer(values []any) bool { return slices.ContainsFunc(values, isContainer) }

// isContainer reports whether v contains other values. Objects do.
func isContainer(v any) bool {
	switch v.(type) {
	case *py.List, *py.Dict, *py.Tuple, *py.Object, *py.Set, *py.FrozenSet:
		return true
	}
	return false
}

// setState sets the state and the setter of the object on top of the stack from the
// dropped result of a call setter(object, state). It reports whether the result was such
// a call.
func (m *machine) setState(dropped any) bool {
	call, _ := dropped.(*py.Object)
	top, _ := m.top()
	o, ok := top.(*py.Object)
	if !ok || call == nil || !m.setting || len(call.Args.Items) != 2 || call.Args.Items[0] != top ||
		o.Extras().HasState {
		return false
	}
	if x := m.extra(o); x != nil { // otherwise memory is exhausted, which the loop notices
		x.State, x.Setter, x.HasState = call.Args.Items[1], call.Callable, true
	}
	return true
}
