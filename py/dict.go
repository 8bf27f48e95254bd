package py

import (
	"iter"
	"math"
	"math/big"
	"slices"
)

// A Dict is a Python dict. It keeps its keys in order of insertion, and setting an
// existing key keeps its place. Keys are equal if they are equal in Python: 1, 1.0 and
// true are one key, and a NaN is not equal to any key, not even itself. The zero Dict is
// empty and ready for use. Concurrent use is safe only while no goroutine changes the
// Dict.
type Dict struct {
	entries []Pair
	index   *dictIndex // nil while the dict is small
}

// A dictIndex finds the entries of a dict that is not small.
type dictIndex struct {
	places map[any]int // from hashKey to an index in the entries
	dead   int         // deleted entries that are still in the slice
}

// A deadKey replaces the key of a deleted entry.
type deadKey struct{}

func (p *Pair) dead() bool {
	_, dead := p.Key.(deadKey)
	return dead
}

// smallDict is the size up to which a linear search is faster than a map.
const smallDict = 8

// NewDict returns an empty dict with room for n entries.
func NewDict(n int) *Dict { return &Dict{entries: make([]Pair, 0, n)} }

// UseEntries gives an empty dict its entries. The dict keeps the memory of entries, which
// nothing else may use afterwards, and appends further entries to it while there is room.
// The keys must be at most eight distinct strings. UseEntries serves readers that know
// this; all other code should use [Dict.Set].
func (d *Dict) UseEntries(entries []Pair) {
	if len(d.entries) == 0 && len(entries) <= smallDict {
		d.entries = entries
	}
}

// Grow makes room for n more entries, so that setting them does not allocate while the
// dict is small.
func (d *Dict) Grow(n int) { d.entries = slices.Grow(d.entries, n) }

// Len returns the number of entries.
func (d *Dict) Len() int {
	if d.index == nil {
		return len(d.entries)
	}
	return len(d.entries) - d.index.dead
}

// Get returns the value of key and reports whether it is present.
func (d *Dict) Get(key any) (any, bool) {
	if i := d.find(key); i >= 0 {
		return d.entries[i].Value, true
	}
	return nil, false
}

// Set stores value under key, which must be hashable in Python. An unhashable key, such
// as a list or a dict, is equal only to itself.
func (d *Dict) Set(key, value any) {
	if i := d.find(key); i >= 0 {
		d.entries[i].Value = value
		return
	}
	d.insert(key, value)
}

// insert stores value under a key that is not present.
func (d *Dict) insert(key, value any) {
	if n, ok := key.(int); ok {
		key = int64(n)
	}
	d.entries = append(d.entries, Pair{Key: key, Value: value})
	if d.index != nil {
		d.index.places[hashKey(key)] = len(d.entries) - 1
	} else if len(d.entries) > smallDict {
		d.reindex()
	}
}

// Delete removes key and reports whether it was present.
func (d *Dict) Delete(key any) bool {
	i := d.find(key)
	if i < 0 {
		return false
	}
	if d.index == nil {
		d.entries = slices.Concat(d.entries[:i], d.entries[i+1:])
		return true
	}
	delete(d.index.places, hashKey(key))
	d.entries[i] = Pair{Key: deadKey{}}
	if d.index.dead++; d.index.dead > len(d.entries)/2 {
		d.compact()
	}
	return true
}

// Clear removes all entries.
func (d *Dict) Clear() { *d = Dict{} }

// All yields the entries in order. Until it is done, the dict must not be changed, except
// by setting existing keys.
func (d *Dict) All() iter.Seq2[any, any] {
	return func(yield func(any, any) bool) {
		entries := d.entries
		for i := range entries {
			if e := &entries[i]; !e.dead() && !yield(e.Key, e.Value) {
				return
			}
		}
	}
}

// Keys returns the keys of d in order.
func (d *Dict) Keys() []any {
	keys := make([]any, 0, d.Len())
	for k := range d.All() {
		keys = append(keys, k)
	}
	return keys
}

// Copy returns a shallow copy, as Python's dict.copy does. For a deep copy, see [Clone].
func (d *Dict) Copy() *Dict {
	c := NewDict(d.Len())
	for i := range d.entries {
		if e := &d.entries[i]; !e.dead() {
			c.entries = append(c.entries, *e)
		}
	}
	if len(c.entries) > smallDict {
		c.reindex()
	}
	return c
}

func (d *Dict) find(key any) int {
	if d.index != nil {
		if i, ok := d.index.places[hashKey(key)]; ok {
			return i
		}
		return -1
	}
	if s, ok := key.(string); ok { // most keys
		for i := range d.entries {
			switch k := d.entries[i].Key.(type) {
			case string:
				if k == s {
					return i
				}
			case Str2: // the only other type that may equal a string
				if string(k) == s && k.HashKey() == s {
					return i
				}
			}
		}
		return -1
	}
	h := hashKey(key)
	for i := range d.entries {
		if hashKey(d.entries[i].Key) == h {
			return i
		}
	}
	return -1
}

// compact moves the remaining entries to new memory.
func (d *Dict) compact() {
	left := make([]Pair, 0, d.Len())
	for i := range d.entries {
		if e := &d.entries[i]; !e.dead() {
			left = append(left, *e)
		}
	}
	d.entries = left
	d.reindex()
}

// reindex rebuilds the index. The entries must not include deleted ones.
func (d *Dict) reindex() {
	if len(d.entries) <= smallDict {
		d.index = nil
		return
	}
	places := make(map[any]int, len(d.entries)+1)
	for i := range d.entries {
		places[hashKey(d.entries[i].Key)] = i
	}
	d.index = &dictIndex{places: places}
}

// A Hashable is a Python value outside the basic types that may be a dict key. HashKey
// returns a comparable Go value that is the same for two keys if and only if they are
// equal in Python. For a key that is not equal to any, it returns a new value each time.
type Hashable interface {
	HashKey() any
}

// Unhashable reports whether Python cannot hash v itself: a list, dict, set or bytearray,
// or a signaling NaN. It does not look into tuples and frozensets.
func Unhashable(v any) bool {
	switch v := v.(type) {
	case *List, *Dict, *Set, *ByteArray:
		return true
	case Decimal:
		return v.form == signalingNaN
	}
	return false
}

type (
	bigKey   string // an int outside int64
	floatKey uint64 // a float that is not an int64
	noneKey  struct{}

	complexKey struct{ re, im uint64 }
)

// hashKey maps keys that are equal in Python to equal Go values. It returns a comparable
// value for every input.
func hashKey(key any) any {
	switch k := key.(type) {
	case string, int64, Bytes:
		return k
	case int:
		return int64(k)
	case bool:
		if k {
			return int64(1)
		}
		return int64(0)
	case nil:
		return noneKey{}
	case float64:
		return hashFloat(k)
	case *big.Int:
		if k == nil {
			return newKey() // not a Python value
		}
		if k.IsInt64() {
			return k.Int64()
		}
		if f, accuracy := k.Float64(); accuracy == big.Exact {
			return floatKey(math.Float64bits(f))
		}
		return bigKey(k.Text(16)) // decimal takes quadratic time
	case complex128:
		if math.IsNaN(real(k)) || math.IsNaN(imag(k)) {
			return newKey()
		}
		if imag(k) == 0 {
			return hashFloat(real(k))
		}
		return complexKey{math.Float64bits(real(k) + 0), math.Float64bits(imag(k))} // turns -0.0 into 0.0
	case Hashable:
		if isNil(k) {
			return newKey() // not a Python value
		}
		return k.HashKey()
	case *List, *Dict:
		return k
	default:
		return newKey() // not a Python value
	}
}

// A uniqueKey represents a key that is not equal to any other. Python compares NaN by
// identity, and every load of a pickle makes a new object.
type uniqueKey *byte

func newKey() uniqueKey { return new(byte) }

func hashFloat(f float64) any {
	if f != f {
		return newKey()
	}
	if f == math.Trunc(f) && -1<<63 <= f && f < 1<<63 {
		return int64(f)
	}
	return floatKey(math.Float64bits(f)) // an int may equal a larger float too
}
