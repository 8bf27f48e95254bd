package pickle

import (
	"slices"

	"github.com/djangobridge/djangobridge/py"
)

func (m *machine) newDict() {
	m.containers++
	m.used += sizeDict
	m.push(&py.Dict{})
}

func (m *machine) newList(items []any) {
	m.containers++
	m.used += 24 + sizeAny*len(items)
	m.push(&py.List{Items: items})
}

func (m *machine) newSet() {
	m.containers++
	m.used += sizeDict
	m.push(&py.Set{})
}

// emptyTuple returns (), which is one object in Python.
func (m *machine) emptyTuple() *py.Tuple {
	if m.empty == nil {
		m.empty = &py.Tuple{}
	}
	return m.empty
}

// tuple makes a tuple of the last n values.
func (m *machine) tuple(n int) string {
	if len(m.stack)-m.fence < n {
		return noValue
	}
	m.pushTuple(n)
	return ""
}

func (m *machine) pushTuple(n int) {
	if n == 0 {
		m.push(m.emptyTuple())
		return
	}
	m.containers++
	if !m.charge(24 + sizeAny*n) {
		return
	}
	t := &py.Tuple{Items: slices.Clone(m.stack[len(m.stack)-n:])}
	m.drop(n)
	m.push(t)
}

func (m *machine) tupleToMark() string {
	items, ok := m.popMark()
	if !ok {
		return noMark
	}
	m.pushTuple(len(items))
	return ""
}

func (m *machine) listToMark() string {
	items, ok := m.popMark()
	if !ok {
		return noMark
	}
	if m.used+sizeAny*len(items) > m.maxUsed {
		return tooLarge
	}
	list := slices.Clone(items)
	m.drop(len(items))
	m.newList(list)
	return ""
}

func (m *machine) dictToMark() string {
	items, ok := m.popMark()
	if !ok {
		return noMark
	}
	d := &py.Dict{}
	if problem := m.fill(d, items); problem != "" {
		return problem
	}
	m.drop(len(items))
	m.containers++
	m.used += sizeDict
	m.push(d)
	return ""
}

// fill sets the keys and values that stand in turn in items.
func (m *machine) fill(d *py.Dict, items []any) string {
	if len(items)%2 != 0 {
		return oddPairs
	}
	if d.Len() == 0 && len(items) > 0 {
		if m.used+len(items)/2*sizeEntry > m.maxUsed {
			return tooLarge
		}
		*d = *py.NewDict(len(items) / 2)
	}
	for i := 0; i < len(items); i += 2 {
		if problem := m.setKey(d, items[i], items[i+1]); problem != "" {
			return problem
		}
	}
	return ""
}

func (m *machine) frozenSetToMark() string {
	items, ok := m.popMark()
	if !ok {
		return noMark
	}
	s := &py.FrozenSet{}
	for _, item := range items {
		if problem := m.add(&s.Set, item); problem != "" {
			return problem
		}
	}
	m.drop(len(items))
	m.containers++
	m.used += sizeDict
	m.push(s)
	return ""
}

// append adds the topmost value to the list or object below it.
func (m *machine) append() string {
	n := len(m.stack) - 1
	if n-1 < m.fence {
		return noValue
	}
	problem := m.extend(m.stack[n-1], m.stack[n:])
	m.drop(1)
	return problem
}

func (m *machine) appends() string {
	items, ok := m.popMark()
	if !ok {
		return noMark
	}
	below := len(m.stack) - len(items) - 1
	if below < m.fence {
		return noValue
	}
	problem := m.extend(m.stack[below], items)
	m.drop(len(items))
	return problem
}

func (m *machine) extend(target any, items []any) string {
	var list *[]any
	switch v := target.(type) {
	case *py.List:
		list = &v.Items
	case *py.Object:
		list = &v.Items
	default:
		return noTarget
	}
	if need := len(*list) + len(items); need > cap(*list) {
		grown := need
		if len(*list) > 0 {
			grown = max(need, 2*len(*list))
		}
		if !m.charge((grown - cap(*list)) * sizeAny) {
			return tooLarge
		}
		*list = append(make([]any, 0, grown), *list...)
	}
	*list = append(*list, items...)
	return ""
}

// setItem gives the two topmost values, key and value, to the dict or object below them.
func (m *machine) setItem() string {
	n := len(m.stack) - 2
	if n-1 < m.fence {
		return noValue
	}
	problem := m.setPairs(m.stack[n-1], m.stack[n:])
	m.drop(2)
	return problem
}

func (m *machine) setItems() string {
	items, ok := m.popMark()
	if !ok {
		return noMark
	}
	below := len(m.stack) - len(items) - 1
	if below < m.fence {
		return noValue
	}
	problem := m.setPairs(m.stack[below], items)
	m.drop(len(items))
	return problem
}

func (m *machine) setPairs(target any, items []any) string {
	switch v := target.(type) {
	case *py.Dict:
		return m.fill(v, items)
	case *py.Object:
		if len(items)%2 != 0 {
			return oddPairs
		}
		if !m.charge(3 * sizeAny * len(items)) {
			return tooLarge
		}
		for i := 0; i < len(items); i += 2 {
			v.Pairs = append(v.Pairs, py.Pair{Key: items[i], Value: items[i+1]})
		}
		return ""
	}
	return noTarget
}

func (m *machine) addItems() string {
	items, ok := m.popMark()
	if !ok {
		return noMark
	}
	below := len(m.stack) - len(items) - 1
	if below < m.fence {
		return noValue
	}
	s, ok := m.stack[below].(*py.Set)
	if !ok {
		return noTarget
	}
	for _, item := range items {
		if problem := m.add(s, item); problem != "" {
			return problem
		}
	}
	m.drop(len(items))
	return ""
}
