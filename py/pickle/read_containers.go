package pickle

import (
	"slices"
	"unsafe"

	"github.com/djangobridge/djangobridge/py"
)

func (m *machine) dict() (v any, problem string) {
	m.containers++
	d := m.dicts.take()
	if d == nil {
		if d = m.firstDict(); d == nil {
			return nil, tooLarge
		}
	}
	return d, ""
}

func (m *machine) firstDict() *py.Dict {
	if m.dicts.items != nil || len(m.src) > shortPickle {
		return first(m, &m.dicts, "}")
	}
	if !m.charge(int(unsafe.Sizeof(shortDict{}))) {
		return nil
	}
	s := &shortDict{}
	m.dicts.items, m.dicts.n = s.dict[:], 0
	m.pairs.items, m.pairs.n = s.pairs[:], 0
	m.strings.items, m.strings.n = s.strings[:], 0
	return m.dicts.take()
}

// A shortDict is the memory for a short pickle, such as that of a login, which is
// allocated at once.
type shortDict struct {
	dict    [1]py.Dict
	pairs   [4]py.Pair
	strings [8]string
}

// shortPickle is the length up to which a pickle is expected to fit into a shortDict, in
// bytes.
const shortPickle = 320

func (m *machine) newList(items []any) string {
	return m.pushContainer(&py.List{Items: items}, sizeList)
}

func (m *machine) newSet() string { return m.pushContainer(&py.Set{}, sizeDict) }

// pushContainer pushes a new container and charges its size in bytes.
func (m *machine) pushContainer(v any, size int) string {
	m.containers++
	m.used += int64(size)
	return m.push(v)
}

// tuple pushes a tuple of the last n values.
func (m *machine) tuple(n int) string {
	if m.stack.n-m.fence < n {
		return noValue
	}
	return m.pushTuple(n)
}

// pushTuple is tuple for values that are known to exist.
func (m *machine) pushTuple(n int) string {
	t, problem := m.popTuple(n)
	if problem != "" {
		return problem
	}
	return m.push(t)
}

// popTuple pops the last n values and returns a tuple of them. Python has only one empty
// tuple.
func (m *machine) popTuple(n int) (t *py.Tuple, problem string) {
	if n == 0 {
		if m.empty == nil {
			m.empty = &py.Tuple{}
		}
		return m.empty, ""
	}
	m.containers++
	if t = m.tuples.take(); t == nil {
		if t = firstOfFew(m, &m.tuples, m.src[m.op:m.op+1]); t == nil {
			return nil, tooLarge
		}
	}
	items := slice(m, &m.items, n, m.tuples.left()) // later tuples probably have the same length
	if items == nil {
		return nil, tooLarge
	}
	t.Items = items
	copy(items, m.stack.all()[m.stack.n-n:])
	m.drop(n)
	return t, ""
}

// A single is a tuple of one value.
type single struct {
	tuple py.Tuple
	items [1]any
}

// popSingle is popTuple for one value.
func (m *machine) popSingle() (t *py.Tuple, problem string) {
	v, ok := m.pop()
	if !ok {
		return nil, noValue
	}
	m.containers++
	s := m.singles.take()
	if s == nil {
		if s = first(m, &m.singles, "\x85"); s == nil {
			return nil, tooLarge
		}
	}
	s.items[0] = v
	s.tuple.Items = s.items[:]
	return &s.tuple, ""
}

func (m *machine) tupleToMark() string {
	items, ok := m.popMark()
	if !ok {
		return noMark
	}
	return m.pushTuple(len(items))
}

func (m *machine) listToMark() string {
	items, ok := m.popMark()
	if !ok {
		return noMark
	}
	if !m.charge(sizeAny * len(items)) {
		return tooLarge
	}
	list := slices.Clone(items)
	m.drop(len(items))
	return m.newList(list)
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
	return m.pushContainer(d, sizeDict)
}

// fill sets the alternating keys and values of items.
func (m *machine) fill(d *py.Dict, items []any) string {
	if len(items)%2 != 0 {
		return oddPairs
	}
	if d.Len() == 0 && len(items) > 0 {
		room := slice(m, &m.pairs, len(items)/2, m.dicts.left()) // later dicts probably have as many
		if room == nil {
			return tooLarge
		}
		n := m.fillDistinct(room, items)
		d.UseEntries(room[:n])
		items = items[2*n:]
	}
	for i := 0; i < len(items); i += 2 {
		if problem := m.setKey(d, items[i], items[i+1]); problem != "" {
			return problem
		}
	}
	if m.work > m.maxWork {
		return tooSlow
	}
	return ""
}

// fillDistinct stores the first items in room and returns how many keys it stored. It
// stores all of them if they are few distinct strings, as in most dicts.
func (m *machine) fillDistinct(room []py.Pair, items []any) int {
	for n := range min(len(room), fewKeys) {
		key, ok := items[2*n].(string)
		if !ok {
			return n
		}
		m.work += int64(len(key)) >> 2
		for i := range room[:n] {
			if room[i].Key.(string) == key { //nolint:forcetypeassert // only strings come this far
				return n
			}
		}
		room[n] = py.Pair{Key: items[2*n], Value: items[2*n+1]}
	}
	return min(len(room), fewKeys)
}

// fewKeys is the number of keys up to which a dict compares instead of hashing.
const fewKeys = 8

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
	return m.pushContainer(s, sizeDict)
}

// append adds the topmost value to the list or object below it.
func (m *machine) append() string {
	n := m.stack.n - 1
	if n-1 < m.fence {
		return noValue
	}
	problem := m.extend(m.stack.all()[n-1], m.stack.all()[n:])
	m.drop(1)
	return problem
}

func (m *machine) appends() string {
	items, ok := m.popMark()
	if !ok {
		return noMark
	}
	below := m.stack.n - len(items) - 1
	if below < m.fence {
		return noValue
	}
	problem := m.extend(m.stack.all()[below], items)
	m.drop(len(items))
	return problem
}

func (m *machine) extend(target any, items []any) string {
	var list *[]any
	switch v := target.(type) {
	case *py.List:
		list = &v.Items
	case *py.Object:
		x := m.extra(v)
		if x == nil {
			return tooLarge
		}
		if x.HasState || x.Pairs != nil {
			return outOfOrder
		}
		list = &x.Items
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
		if grown == len(items) {
			*list = slices.Clone(items)
			return ""
		}
		*list = append(make([]any, 0, grown), *list...)
	}
	*list = append(*list, items...)
	return ""
}

// setItem sets the two topmost values, key and value, in the dict or object below them.
func (m *machine) setItem() string {
	n := m.stack.n - 2
	if n-1 < m.fence {
		return noValue
	}
	problem := m.setPairs(m.stack.all()[n-1], m.stack.all()[n:])
	m.drop(2)
	return problem
}

func (m *machine) setItems() string {
	items, ok := m.popMark()
	if !ok {
		return noMark
	}
	n := m.stack.n - len(items)
	if n-1 < m.fence {
		return noValue
	}
	target := m.stack.all()[n-1]
	m.drop(len(items))
	if d, ok := target.(*py.Dict); ok {
		return m.fill(d, items)
	}
	return m.setPairs(target, items)
}

func (m *machine) setPairs(target any, items []any) string {
	switch v := target.(type) {
	case *py.Dict:
		return m.fill(v, items)
	case *py.Object:
		x := m.extra(v)
		if x == nil {
			return tooLarge
		}
		if x.HasState {
			return outOfOrder
		}
		if len(items)%2 != 0 {
			return oddPairs
		}
		if !m.charge(3 * sizeAny * len(items)) {
			return tooLarge
		}
		for i := 0; i < len(items); i += 2 {
			x.Pairs = append(x.Pairs, py.Pair{Key: items[i], Value: items[i+1]})
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
	below := m.stack.n - len(items) - 1
	if below < m.fence {
		return noValue
	}
	s, ok := m.stack.all()[below].(*py.Set)
	if !ok {
		return noTarget
	}
	if len(items) <= fewKeys {
		if !m.charge(sizePair * len(items)) {
			return tooLarge
		}
		s.Grow(len(items))
	}
	for _, item := range items {
		if problem := m.add(s, item); problem != "" {
			return problem
		}
	}
	m.drop(len(items))
	return ""
}
