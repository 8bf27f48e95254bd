package memcached

import (
	"github.com/bradfitz/gomemcache/memcache"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/py"
)

var _ caches.Decoder = (*Cache)(nil)

// Decode implements [caches.Decoder]. It takes the value of a dict, and recognizes a
// compressed one by its beginning, because the flags of the item are not part of it.
func (c *Cache) Decode(value []byte) (*py.Dict, error) {
	flags := uint32(flagPickle)
	if isZlib(value) {
		flags |= flagZlib
	}
	return c.value(&memcache.Item{Value: value, Flags: flags})
}

// isZlib reports whether data begins as compressed data does. Pickles begin with other
// bytes.
func isZlib(data []byte) bool {
	const deflate, windowBits = 0x78, 31
	return len(data) > 1 && data[0] == deflate && (int(data[0])<<8+int(data[1]))%windowBits == 0
}
