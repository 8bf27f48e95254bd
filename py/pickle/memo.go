package pickle

import (
	"unsafe"

	"github.com/djangobridge/djangobridge/py"
)

// An identity says which values are the same object in Python. It is address and type for
// pointers, address and length for str and bytes, and the contents for values of which
// Python keeps only one (see textIdentity).
type identity struct {
	address unsafe.Pointer
	n       int
}

// The kinds of memoized values. They distinguish a str from bytes at the same address.
const (
	kindStr = iota
	kindBytes
	kindStr2
	kindOther // pointers: an address has one type, unless a struct begins with another
	kindFrozenSet
)

const kindBits = 3

func pointerIdentity[T any](p *T, kind int) identity {
	return identity{unsafe.Pointer(p), kind} //nolint:gosec // compared only, never followed
}

// textIdentity returns the identity of a str or of bytes, which is its memory. CPython
// keeps a single empty str and a single empty bytes. It also keeps one object for most
// strs of one character, but not for all (str(1) makes another), so these have the
// identity with which they were read.
func textIdentity(s string, kind int) identity {
	if s == "" {
		return identity{nil, kind}
	}
	return identity{unsafe.Pointer(unsafe.StringData(s)), len(s)<<kindBits | kind} //nolint:gosec // compared only
}

// zoneIdentity returns the identity of a datetime.timezone. Programs usually keep one per
// offset, and timezone.utc is a single object.
func zoneIdentity(offset int) identity { return identity{nil, -1<<20 + offset} }

// written remembers the values that have been written and their numbers. A login session
// has fewer than fewEntries entries, for which a linear search is faster than hashing.
type written struct {
	entries []memoEntry
	table   []uint32 // indexes in entries plus one, by hash; nil while there are few
	spare   []uint32 // that of an earlier pickle
	globals map[py.Global]uint32
	few     []globalEntry // replaces globals while there are few
	// The strings for these modules with which one of their types was last written; see
	// moduleName.
	builtins, datetime string
	count              uint32 // numbers assigned; may exceed the entries, because values that cannot recur are only counted
}

type memoEntry struct {
	id     identity
	number uint32
}

type globalEntry struct {
	global *py.Global
	number uint32
}

const fewEntries = 16

func (m *written) find(id identity) (uint32, bool) {
	if m.table == nil {
		for i := range m.entries {
			if m.entries[i].id == id {
				return m.entries[i].number, true
			}
		}
		return 0, false
	}
	for i := id.hash(); ; i++ {
		place := m.table[i&uint64(len(m.table)-1)]
		if place == 0 {
			return 0, false
		}
		if e := &m.entries[place-1]; e.id == id {
			return e.number, true
		}
	}
}

func (m *written) add(id identity, number uint32) {
	m.entries = append(m.entries, memoEntry{id, number})
	switch {
	case len(m.entries) <= fewEntries:
	case 2*len(m.entries) > len(m.table):
		m.table = m.newTable(8 * ceilPower(len(m.entries)))
		for i := range m.entries {
			m.place(i)
		}
	default:
		m.place(len(m.entries) - 1)
	}
}

// newTable returns an empty table.
func (m *written) newTable(size int) []uint32 {
	if size > len(m.spare) {
		return make([]uint32, size)
	}
	table := m.spare[:size]
	m.spare = nil
	clear(table)
	return table
}

// place enters entries[at] in the table, which is never more than half full.
func (m *written) place(at int) {
	mask := uint64(len(m.table) - 1)
	i := m.entries[at].id.hash() & mask
	for m.table[i] != 0 {
		i = (i + 1) & mask
	}
	m.table[i] = uint32(at + 1)
}

// hash mixes address and length. Addresses are stable because memoized values are on the
// heap.
func (id identity) hash() uint64 {
	h := (uint64(uintptr(id.address)) ^ uint64(id.n)<<48 ^ uint64(id.n)) * 0x9E3779B97F4A7C15
	return h ^ h>>32
}

func ceilPower(n int) int {
	p := 1
	for p < n {
		p *= 2
	}
	return p
}

func (m *written) findGlobal(g *py.Global) (uint32, bool) {
	if m.globals != nil {
		n, ok := m.globals[*g]
		return n, ok
	}
	for _, e := range m.few {
		if e.global == g || *e.global == *g {
			return e.number, true
		}
	}
	return 0, false
}

func (m *written) addGlobal(g *py.Global, number uint32) {
	if m.globals == nil && len(m.few) < fewEntries {
		m.few = append(m.few, globalEntry{g, number})
		return
	}
	if m.globals == nil {
		m.globals = make(map[py.Global]uint32, 2*fewEntries)
		for _, e := range m.few {
			m.globals[*e.global] = e.number
		}
	}
	m.globals[*g] = number
}

// reset forgets everything but keeps the memory that a session is likely to need again.
func (m *written) reset() {
	clear(m.entries)
	clear(m.few)
	if len(m.table) > len(m.spare) && len(m.table) <= 1024 {
		m.spare = m.table
	}
	entries, few := m.entries[:0], m.few[:0]
	if cap(entries) > 1024 {
		entries = nil
	}
	m.entries, m.few, m.table, m.globals, m.builtins, m.datetime, m.count = entries, few, nil, nil, "", "", 0
}
