package py

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
)

type (
	tupleKey  [sha256.Size]byte
	frozenKey [sha256.Size]byte
)

// HashKey implements [Hashable]: tuples are equal when their items are. It looks at all
// items, of items that are tuples too, as Python's hash does.
func (t *Tuple) HashKey() any { return (&hasher{}).key(t) }

// HashKey implements [Hashable]: frozensets are equal when they have the same members, in
// any order.
func (s *FrozenSet) HashKey() any { return (&hasher{}).key(s) }

// A hasher hashes each tuple and frozenset once, in however many places it is: a tuple of
// the same tuple twice, thirty levels of it, has a thousand million items.
type hasher struct {
	keys map[any]any // of the tuples and frozensets that have others in them
}

// key is hashKey with what the hasher knows.
func (h *hasher) key(v any) any {
	switch v := v.(type) {
	case *Tuple:
		if v != nil {
			return h.tuple(v)
		}
	case *FrozenSet:
		if v != nil {
			return h.frozenSet(v)
		}
	}
	return hashKey(v)
}

func (h *hasher) tuple(t *Tuple) any {
	keep := len(t.Items) > manyItems || slices.ContainsFunc(t.Items, isKeyContainer)
	if keep {
		if key, ok := h.known(t); ok {
			return key
		}
	}
	sum := sha256.New()
	for _, item := range t.Items {
		digest := h.digest(item)
		sum.Write(digest[:])
	}
	key := tupleKey(sum.Sum(nil))
	if keep {
		h.keys[t] = key
	}
	return key
}

func (h *hasher) frozenSet(s *FrozenSet) any {
	keep := s.Len() > manyItems
	for item := range s.All() {
		keep = keep || isKeyContainer(item)
	}
	if keep {
		if key, ok := h.known(s); ok {
			return key
		}
	}
	var key frozenKey
	for item := range s.All() {
		for i, b := range h.digest(item) {
			key[i] ^= b
		}
	}
	if keep {
		h.keys[s] = key
	}
	return key
}

// manyItems is how many items take longer to hash again than to remember.
const manyItems = 64

// known returns the key of a container that was hashed already. One that is in itself, as
// none in Python is, is its own key there.
func (h *hasher) known(v any) (key any, ok bool) {
	if key, ok = h.keys[v]; ok {
		return key, true
	}
	if h.keys == nil {
		h.keys = map[any]any{}
	}
	h.keys[v] = v
	return nil, false
}

// isKeyContainer reports whether v may be a key and has others in it.
func isKeyContainer(v any) bool {
	switch v.(type) {
	case *Tuple, *FrozenSet:
		return true
	}
	return false
}

// digest is the same for two values just when they are one key.
func (h *hasher) digest(v any) [sha256.Size]byte {
	switch k := h.key(v).(type) {
	case string:
		return sha256.Sum256([]byte("s" + k))
	case int64:
		return sha256.Sum256([]byte("i" + strconv.FormatInt(k, 10)))
	case Bytes:
		return sha256.Sum256([]byte("b" + string(k)))
	case tupleKey:
		return sha256.Sum256(append([]byte("t"), k[:]...))
	case frozenKey:
		return sha256.Sum256(append([]byte("f"), k[:]...))
	case uniqueKey: // not its address, which something else may have later
		var digest [sha256.Size]byte
		_, _ = rand.Read(digest[:]) // it never fails
		return digest
	case *List, *Dict, *Object, *Tuple, *FrozenSet:
		return sha256.Sum256(fmt.Appendf(nil, "p%p", k)) // themselves alone
	default:
		return sha256.Sum256(fmt.Appendf(nil, "%T %#v", k, k))
	}
}
