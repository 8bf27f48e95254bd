package caches

import (
	"time"

	"github.com/djangobridge/djangobridge/py"
)

var _ Decoder = (*FileBased)(nil)

// Decode implements [Decoder]. It takes the content of a file, even if the value has
// expired.
func (c *FileBased) Decode(value []byte) (*py.Dict, error) {
	_, rest, err := c.format.left(value, time.Unix(0, 0)) // at which nothing has expired
	if err != nil {
		return nil, err
	}
	return c.format.value(rest)
}
