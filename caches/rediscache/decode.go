package rediscache

import (
	"errors"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/py"
)

var _ caches.Decoder = (*Cache)(nil)

// Decode implements [caches.Decoder].
func (c *Cache) Decode(value []byte) (*py.Dict, error) {
	d, err := c.format.decode(value)
	if errors.Is(err, errEnded) {
		err = caches.UnknownFormat(err)
	}
	return d, err
}
