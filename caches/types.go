package caches

import (
	"math/big"

	"github.com/djangobridge/djangobridge/py"
	"github.com/djangobridge/djangobridge/py/pyjson"
)

// typed returns what the cache keeps of a session that is stored in the database as d. In
// Django, the cache has the types of Python that the serializer of the database loses: a
// tuple and not a list, an int as a key and not text. Values that are the same to the
// serializer keep the types that the old copy has. Others get those that the serializer
// returns.
func (e *CachedDB) typed(d *py.Dict, old *Item) *py.Dict {
	if !isPlain(d, maxPlainDepth) {
		if again := e.roundTrip(d); again != nil {
			d = again
		}
	}
	if old == nil || old.Value == nil || isPlain(old.Value, maxPlainDepth) {
		return d
	}
	was := e.roundTrip(old.Value)
	if was == nil || was.Len() != old.Value.Len() { // for example, if it has the names 1 and "1"
		return d
	}
	kept := make(map[any]py.Pair, was.Len())
	names := was.Keys()
	i := 0
	for name, v := range old.Value.All() {
		if text, ok := names[i].(string); ok {
			kept[text] = py.Pair{Key: name, Value: v}
		}
		i++
	}
	result := py.NewDict(d.Len())
	for name, v := range d.All() {
		before, ok := was.Get(name)
		if pair, known := kept[name]; ok && known && py.Equal(before, v) {
			name, v = pair.Key, pair.Value
		}
		result.Set(name, v)
	}
	return result
}

// roundTrip returns what the serializer of the database makes of d; nil if it cannot
// store it.
func (e *CachedDB) roundTrip(d *py.Dict) *py.Dict {
	codec := e.db.Codec()
	text, err := codec.EncodeUncompressed(d)
	if err != nil {
		return nil
	}
	again, err := codec.Decode(text)
	if err != nil {
		return nil
	}
	return again
}

// maxPlainDepth limits isPlain, because a value may contain itself.
const maxPlainDepth = 64

// isPlain reports whether JSON keeps all types in v.
func isPlain(v any, depth int) bool {
	if depth == 0 {
		return false
	}
	switch v := v.(type) {
	case nil, bool, int64, float64, string, *big.Int, pyjson.Raw:
		return true
	case *py.List:
		for _, item := range v.Items {
			if !isPlain(item, depth-1) {
				return false
			}
		}
		return true
	case *py.Dict:
		for name, item := range v.All() {
			if _, ok := name.(string); !ok || !isPlain(item, depth-1) {
				return false
			}
		}
		return true
	}
	return false
}
