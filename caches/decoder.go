package caches

import "github.com/djangobridge/djangobridge/py"

// A Decoder is a [Cache] that can read values outside it, such as the output of a client
// program. Reading them does not use the server.
type Decoder interface {
	Cache
	// Decode returns the dict in a value as the server stores it. The error is that of
	// [UnknownFormat].
	Decode(value []byte) (*py.Dict, error)
}
