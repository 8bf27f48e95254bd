package memcached

import (
	"errors"
	"fmt"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/internal/zlib"
	"github.com/djangobridge/djangobridge/py"
)

// Flags of values, which all Python clients share.
const (
	flagPickle = 1 << 0
	flagInt    = 1 << 1
	flagLong   = 1 << 2
	flagZlib   = 1 << 3
	flagText   = 1 << 4
)

var (
	errNoPickle   = errors.New("memcached: the flags of the value are not those of a dict")
	errCompressed = errors.New("memcached: the value is compressed, which the site's client cannot read: " +
		"give the cache the option serde, pymemcache.serde.compressed_serde, if another part of the site has it")
	errInflate = errors.New("memcached: the compressed value is damaged")
)

// value returns the dict in a value, as the clients decide by its flags. They ignore
// flags that they do not know.
func (c *Cache) value(it *memcache.Item) (*py.Dict, error) {
	if it.Flags&flagPickle == 0 || it.Flags&(flagInt|flagLong|flagText) != 0 {
		return nil, caches.UnknownFormat(errNoPickle)
	}
	data := it.Value
	if it.Flags&flagZlib != 0 {
		if !c.site.inflates {
			return nil, caches.UnknownFormat(errCompressed)
		}
		var err error
		if data, err = inflate(data, c.pickle.Limit()); err != nil {
			return nil, caches.UnknownFormat(err)
		}
	}
	return c.pickle.Loads(data)
}

// inflate returns at most limit bytes.
func inflate(data []byte, limit int) ([]byte, error) {
	inflated, err := zlib.Decompress(nil, data, limit)
	switch {
	case errors.Is(err, zlib.ErrTooLarge):
		return nil, fmt.Errorf("memcached: the compressed value has more than %d bytes: raise Settings.MaxInflated", limit)
	case err != nil:
		return nil, errInflate
	}
	return inflated, nil
}
