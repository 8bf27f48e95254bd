package pickle

// readMemo keeps the values that a pickle uses in several places. Picklers number them from 0 or 1 on, so they stand in a slice;
// only numbers far from those need a map.
type readMemo struct {
	dense  []any
	sparse map[int64]any
	count  int // of values, which is the number that MEMOIZE gives the next
}

// unset stands in the slice for a number that was left out. It is no Python value.
type unset struct{}

func (m *machine) put(index int64, v any) string {
	if m.memo.count >= m.opts.MaxMemo {
		return "has too many values in the memo"
	}
	dense := m.memo.dense
	switch n := int64(len(dense)); {
	case index < 0:
		return "a negative memo number"
	case index < n:
		if _, ok := dense[index].(unset); ok {
			m.memo.count++
		}
		dense[index] = v
	case index <= n+1:
		if len(dense)+2 > cap(dense) && !m.growMemo() {
			return tooLarge
		}
		if index > n {
			m.memo.dense = append(m.memo.dense, unset{})
		}
		m.memo.dense = append(m.memo.dense, v)
		m.memo.count++
	default:
		if m.memo.sparse == nil {
			m.memo.sparse = map[int64]any{}
		}
		if _, ok := m.memo.sparse[index]; !ok {
			m.memo.count++
			m.used += 64
		}
		m.memo.sparse[index] = v
	}
	return ""
}

// growMemo doubles the slice, or less if the rest of the input cannot fill that.
func (m *machine) growMemo() bool {
	old := len(m.memo.dense)
	grown := min(2*old, old+len(m.src)-m.pos) + 4
	if !m.charge(grown * sizeAny) {
		return false
	}
	dense := make([]any, old, grown)
	copy(dense, m.memo.dense)
	m.memo.dense = dense
	m.used -= old * sizeAny
	return true
}

func (m *machine) get(index int64) string {
	var v any
	ok := 0 <= index && index < int64(len(m.memo.dense))
	if ok {
		v = m.memo.dense[index]
		_, missing := v.(unset)
		ok = !missing
	}
	if !ok {
		if v, ok = m.memo.sparse[index]; !ok {
			return "a memo number that has no value"
		}
	}
	m.push(v)
	return ""
}

// memoize keeps the value on top of the stack.
func (m *machine) memoize(index int64) string {
	v, ok := m.top()
	if !ok {
		return noValue
	}
	return m.put(index, v)
}
