package pickle

import (
	"iter"
	"math/big"
	"slices"

	"github.com/djangobridge/djangobridge/py"
)

// The limits that stand where [Options] has 0.
const (
	// MaxDepth is how many containers and objects may stand within each other. CPython's picklers give up near 1000 levels
	// up to Python 3.11, and far below this limit later.
	MaxDepth = 10_000

	// MaxMemo is how many values the memo may keep, for use in other places of the pickle.
	MaxMemo = 1 << 28

	// MaxSize is the length of the longest pickle in bytes.
	MaxSize = 1 << 30

	// MaxIntDigits is how many decimal digits an integer may have that is written as text, as protocol 0 has it. Python
	// reads 4300 by default, and more in old releases. Binary integers have no limit but the size of the pickle.
	MaxIntDigits = 50_000
)

const (
	// What may be allocated: memoryFactor bytes for each byte of input, and memoryBase more. It is below what the package
	// comment says, because the charges are estimates.
	memoryFactor = 60
	memoryBase   = 1 << 19

	// What may be spent on hashing keys, in steps of about 1 ns. A key that stands in many places is hashed in each, so
	// this is not in proportion to the input by itself.
	workFactor = 1024
	workBase   = 1 << 22

	maxKeyDepth = 500 // tuples and frozensets within each other in one key
)

// The sizes of what is allocated, in bytes, as charged.
const (
	sizeAny     = 16
	sizePair    = 32
	sizeList    = 24  // tuples too
	sizeDict    = 32  // sets too
	sizeEntry   = 60  // of a dict up to eight entries
	sizeIndexed = 50  // what an entry needs besides in a larger one
	sizeDigest  = 32  // of a key with others in it
	sizeExtra   = 112 // of an object
	sizeGlobal  = 32
	sizeLong    = 56 // of a word
)

// charge counts n bytes as allocated and reports whether that is within the limit.
func (m *machine) charge(n int) bool {
	m.used += int64(n)
	return m.used <= m.maxUsed
}

// chargeTemporary counts n bytes that are needed only during the reading, as charge does
// for bytes that are kept. The limit is the same, so the total may be twice what is kept.
func (m *machine) chargeTemporary(n int) bool {
	m.temporary += int64(n)
	return m.temporary <= m.maxUsed
}

// keyProblem returns why v cannot be a dict key or a member of a set, "" if it can, and counts the cost of hashing it.
func (m *machine) keyProblem(v any) string {
	switch v := v.(type) {
	case string:
		m.work += int64(len(v)) >> 2
	case int64, bool, nil:
		m.work += 8
	case *py.Tuple, *py.FrozenSet: // of which a digest is kept
		text, problem := m.keyText(v, 0)
		if problem != "" {
			return problem
		}
		if !m.chargeTemporary(text) || !m.charge(sizeDigest) {
			return tooLarge
		}
	default:
		text, problem := m.keyText(v, 0)
		if problem != "" {
			return problem
		}
		if !m.charge(text) {
			return tooLarge
		}
	}
	if m.work > m.maxWork {
		return tooSlow
	}
	return ""
}

// keyText counts the cost of hashing v and returns the length of the text that package py makes of it as a key.
func (m *machine) keyText(v any, depth int) (n int, problem string) {
	switch v := v.(type) {
	case *py.Tuple:
		return m.itemsText(slices.Values(v.Items), depth)
	case *py.FrozenSet:
		return m.itemsText(v.All(), depth)
	case string:
		n = len(v)
	case py.Bytes:
		n = len(v)
	case py.Str2:
		n = len(v)
	case *big.Int:
		size := v.BitLen() / 8
		m.work += 4 * int64(size)
		n = 12 * size // hexadecimal digits, which are made several times
	default:
		if py.Unhashable(v) {
			return 0, unhashable
		}
	}
	m.work += 16 + int64(n)
	return n, ""
}

// itemsText is keyText for a tuple or a frozenset of these items.
func (m *machine) itemsText(items iter.Seq[any], depth int) (n int, problem string) {
	m.work += 300
	for item := range items {
		m.work += 300
		switch {
		case depth > maxKeyDepth:
			return 0, tooDeep
		case m.work > m.maxWork:
			return 0, tooSlow
		}
		size, problem := m.keyText(item, depth+1)
		if problem != "" {
			return 0, problem
		}
		n += size + 24
	}
	m.work += int64(n) * 8
	return n + 8, ""
}

// setKey stores value under key and counts what that costs.
func (m *machine) setKey(d *py.Dict, key, value any) string {
	if problem := m.keyProblem(key); problem != "" {
		return problem
	}
	if _, ok := key.(string); !ok && d.Len() <= 9 { // a small dict hashes the keys it has for each it gets
		for k := range d.All() {
			if problem := m.rehash(k); problem != "" {
				return problem
			}
		}
	}
	before := d.Len()
	d.Set(key, value)
	m.chargeEntry(before, d.Len())
	return ""
}

// add adds a member to a set and counts what that costs.
func (m *machine) add(s *py.Set, item any) string {
	if problem := m.keyProblem(item); problem != "" {
		return problem
	}
	if _, ok := item.(string); !ok && s.Len() <= 9 {
		for k := range s.All() {
			if problem := m.rehash(k); problem != "" {
				return problem
			}
		}
	}
	before := s.Len()
	s.Add(item)
	m.chargeEntry(before, s.Len())
	return ""
}

// rehash counts the cost of hashing a key again.
func (m *machine) rehash(key any) string {
	_, problem := m.keyText(key, 0)
	if m.work > m.maxWork {
		return tooSlow
	}
	return problem
}

func (m *machine) chargeEntry(before, after int) {
	switch {
	case after == before:
	case after > 8:
		m.used += sizeEntry + sizeIndexed
	default:
		m.used += sizeEntry
	}
}
