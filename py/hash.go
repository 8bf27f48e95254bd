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

// HashKey implements [Hashable]. Tuples are equal if their items are. It visits all
// items, including those of nested tuples, as Python's hash does.
func (t *Tuple) HashKey() any { return (&hasher{}).key(t) }

// HashKey implements [Hashable]. Frozensets are equal if they have the same members, in
// any order.
func (s *FrozenSet) HashKey() any { return (&hasher{}).key(s) }

// A hasher hashes each tuple and frozenset once, regardless of how many places it appears
// in: a tuple that contains one tuple twice, nested thirty levels deep, has a thousand
// million items.
type hasher struct {
	keys map[any]any // of tuples and frozensets that contain others
}

// key is hashKey, but uses the keys that the hasher remembers.
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

// manyItems is the number of items that take longer to hash again than to remember.
const manyItems = 64

// known returns the key of a container that was hashed before. A container that contains
// itself, which is impossible in Python, is its own key there.
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

// isKeyContainer reports whether v can be a key and contain other keys.
func isKeyContainer(v any) bool {
	switch v.(type) {
	case *Tuple, *FrozenSet:
		return true
	}
	return false
}

// digest is the same for two values if and only if they are the same key.
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
	case uniqueKey: // its address may be reused later
		var digest [sha256.Size]byte
		_, _ = rand.Read(digest[:]) // never fails
		return digest
	case *List, *Dict, *Object, *Tuple, *FrozenSet:
		return sha256.Sum256(fmt.Appendf(nil, "p%p", k)) // equal only to themselves
	default:
		return sha256.Sum256(fmt.Appendf(nil, "%T %#v", k, k))
	}
}
