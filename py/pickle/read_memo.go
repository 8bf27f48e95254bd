package pickle

import (
	"slices"

	"github.com/djangobridge/djangobridge/py"
)

// A readMemo keeps the values that a pickle uses in several places. Picklers number them
// from 0 or 1, so a slice holds them. Only numbers far from those need a map.
type readMemo struct {
	dense  inlineSlice[any]
	sparse map[int64]any
	others int // values in the map, minus unset numbers in the slice
	quick  int // number of values below which MEMOIZE needs no checks: MaxMemo, or 0 if others is not 0 or the map is not empty
}

// count returns the number of values, which is the number that MEMOIZE assigns next.
func (r *readMemo) count() int { return r.dense.n + r.others }

// unset is in the slice for numbers that were skipped. It is not a Python value.
type unset struct{}

func (m *machine) put(index int64, v any) string {
	if m.memo.count() >= m.opts.MaxMemo {
		return "has too many values in the memo"
	}
	switch n := int64(m.memo.dense.n); {
	case index == n || index == n+1: // picklers number from 0 or 1
		if index > n {
			if problem := m.leaveOut(n); problem != "" {
				return problem
			}
		}
		if !m.remember(v) {
			return tooLarge
		}
		m.forget(index)
	case index < 0:
		return "a negative memo number"
	case index < n:
		dense := m.memo.dense.all()
		if _, ok := dense[index].(unset); ok {
			m.addOther(1)
		}
		dense[index] = v
	default:
		if m.memo.sparse == nil {
			m.memo.sparse = map[int64]any{}
		}
		if _, ok := m.memo.sparse[index]; !ok {
			m.addOther(1)
			m.used += 64
		}
		m.memo.sparse[index] = v
	}
	return ""
}

// leaveOut appends the entry for n, the next number, to the slice: its value from the map
// if there is one, or unset.
func (m *machine) leaveOut(n int64) string {
	v, ok := m.memo.sparse[n]
	if !ok {
		v = unset{}
	}
	if !m.remember(v) {
		return tooLarge
	}
	if ok {
		m.forget(n)
	} else {
		m.addOther(-1)
	}
	return ""
}

// forget removes a number from the map that is now in the slice.
func (m *machine) forget(n int64) {
	if _, ok := m.memo.sparse[n]; ok {
		delete(m.memo.sparse, n)
		m.addOther(-1)
	}
}

// addOther counts n more values that the length of the slice does not include.
func (m *machine) addOther(n int) {
	m.memo.others += n
	if m.memo.quick = 0; m.memo.others == 0 && len(m.memo.sparse) == 0 {
		m.memo.quick = m.opts.MaxMemo
	}
}

// remember appends v to the slice.
func (m *machine) remember(v any) bool {
	return m.memo.dense.push(v) || grow(m, &m.memo.dense) && m.memo.dense.push(v)
}

// get returns the value of a number.
func (m *machine) get(index int64) (v any, problem string) {
	ok := 0 <= index && index < int64(m.memo.dense.n)
	if ok {
		v = m.memo.dense.all()[index]
		_, missing := v.(unset)
		ok = !missing
	}
	if !ok {
		if v, ok = m.memo.sparse[index]; !ok {
			return nil, "a memo number that has no value"
		}
	}
	m.noteShared(v)
	return v, ""
}

// noteShared remembers a container that is used in another place.
func (m *machine) noteShared(v any) {
	if isContainer(v) {
		m.used += 2 * sizeAny
		if n := len(m.shared); n == cap(m.shared) {
			m.shared = slices.Grow(m.shared, min(max(n, 16), m.left()+1)) // doubles, up to what the input may need
		}
		m.shared = append(m.shared, v)
	}
}

// memoize keeps the topmost value.
func (m *machine) memoize(index int64) string {
	v, ok := m.top()
	if !ok {
		return noValue
	}
	return m.put(index, v)
}

// memoizeAt is memoize with a number of n bytes.
func (m *machine) memoizeAt(size int) string {
	u, ok := m.uint(size)
	if !ok {
		return endsTooSoon
	}
	return m.memoize(int64(u))
}

// memoizeLine is memoize with the number on the next line.
func (m *machine) memoizeLine() string {
	n, problem := m.number()
	if problem != "" {
		return problem
	}
	return m.memoize(n)
}

// memoizesAt reports whether the opcode at pos is a MEMOIZE without special effects,
// which may be skipped.
func (m *machine) memoizesAt(pos int) bool {
	return uint(pos) < uint(len(m.src)) && m.src[pos] == opMemoize && m.memo.dense.n < m.memo.quick
}

// peekMemo returns the value whose number is the byte at pos, or nil if it is unset.
func (m *machine) peekMemo(pos int) any {
	if uint(pos) >= uint(len(m.src)) {
		return nil
	}
	values := m.memo.dense.all()
	i := uint(m.src[pos])
	if i >= uint(len(values)) {
		return nil
	}
	return values[i]
}

// isPlain reports whether v is of a type that is fetched most and need not be recorded as
// shared.
func isPlain(v any) bool {
	if _, ok := v.(string); ok {
		return true
	}
	_, ok := v.(*py.Global)
	return ok
}

// getAt is get with a number of n bytes.
func (m *machine) getAt(size int) (v any, problem string) {
	u, ok := m.uint(size)
	if !ok {
		return nil, endsTooSoon
	}
	return m.get(int64(u))
}

// pushLine pushes the value whose number is on the next line.
func (m *machine) pushLine() string {
	n, problem := m.number()
	if problem != "" {
		return problem
	}
	v, problem := m.get(n)
	if problem != "" {
		return problem
	}
	return m.push(v)
}
