package pickle

import (
	"iter"
	"math/big"
	"slices"

	"github.com/djangobridge/djangobridge/py"
)

// The default limits of [Options].
const (
	// MaxDepth is the maximum nesting of containers and objects. CPython's picklers fail
	// at about 1000 levels up to Python 3.11, and far below this limit in later releases.
	MaxDepth = 10_000

	// MaxMemo is the maximum number of values in the memo, which keeps values that are
	// used in several places of the pickle.
	MaxMemo = 1 << 28

	// MaxSize is the maximum length of a pickle, in bytes.
	MaxSize = 1 << 30

	// MaxIntDigits is the maximum number of decimal digits of an integer written as text,
	// as in protocol 0. Python's default limit is 4300; old releases have none. Binary
	// integers are limited only by the size of the pickle.
	MaxIntDigits = 50_000
)

const (
	// Allocations are limited to memoryFactor bytes per byte of input plus memoryBase.
	// This is less than the package comment says because the charges are estimates.
	memoryFactor = 60
	memoryBase   = 1 << 19

	// Hashing of keys is limited to workFactor steps per byte of input plus workBase. A
	// step takes about 1 ns. A key is hashed in each place that it appears in, so the
	// work is not proportional to the input by itself.
	workFactor = 1024
	workBase   = 1 << 22

	maxKeyDepth = 500 // nesting of tuples and frozensets in one key
)

// The charges for allocations, in bytes.
const (
	sizeAny     = 16
	sizePair    = 32
	sizeList    = 24  // also of a tuple
	sizeDict    = 32  // also of a set
	sizeEntry   = 60  // of a dict of up to eight entries
	sizeIndexed = 50  // additional size of an entry in a larger dict
	sizeDigest  = 32  // of a key that contains others
	sizeExtra   = 112 // of an object
	sizeGlobal  = 32
	sizeLong    = 56 // of one word
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

// keyProblem charges the cost of hashing v. It returns why v cannot be a dict key or a
// member of a set, or "" if it can.
func (m *machine) keyProblem(v any) string {
	switch v := v.(type) {
	case string:
		m.work += int64(len(v)) >> 2
	case int64, bool, nil:
		m.work += 8
	case *py.Tuple, *py.FrozenSet: // a digest of these is kept
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

// keyText charges the cost of hashing v. It returns the length of the text that package
// py makes of v as a key.
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
		n = 12 * size // hexadecimal digits, produced several times
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

// setKey stores value under key and charges the cost.
func (m *machine) setKey(d *py.Dict, key, value any) string {
	if problem := m.keyProblem(key); problem != "" {
		return problem
	}
	if _, ok := key.(string); !ok && d.Len() <= 9 { // a small dict hashes its keys again for each new key
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

// add adds a member to a set and charges the cost.
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

// rehash charges the cost of hashing a key again.
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
