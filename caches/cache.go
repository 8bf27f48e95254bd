package caches

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/djangobridge/djangobridge/py"
)

// Errors that callers of a [Cache] check for. Any other error means that the cache was
// not reached or has refused, and says nothing about the value.
var (
	// ErrMiss reports that the cache has no value under the key.
	ErrMiss = errors.New("caches: no such key")
	// ErrExists reports that the cache already has a value under the key.
	ErrExists = errors.New("caches: the key exists")
	// ErrChanged reports that the value is no longer the one that was read.
	ErrChanged = errors.New("caches: the value has changed")
	// ErrTooLarge reports a value that the cache cannot store. The old value is
	// unchanged. Caches wrap it with the limit and the setting that raises it.
	ErrTooLarge = errors.New("caches: the value is too large for the cache")
)

// A Cache is one of the caches in CACHES. Keys are complete: they contain KEY_PREFIX and
// VERSION; see [Key]. Values are the dicts of sessions; a cache neither keeps nor changes
// those that it is given. A timeout that is not positive means that the value has expired
// already: nothing is stored, and a value that would be replaced is removed.
//
// All methods are safe for concurrent use, and return the context's error, wrapped, when
// it ends. They read what was written before by any process, so they do not read from
// replicas.
type Cache interface {
	// Get returns the value under a key, or [ErrMiss]. If the value is not a dict in the
	// format of the settings, it returns an item without a Value and the error of
	// [UnknownFormat].
	Get(ctx context.Context, key string) (*Item, error)
	// Exists reports whether the cache has a value under the key.
	Exists(ctx context.Context, key string) (bool, error)
	// Add stores a value under a new key. It returns [ErrExists] if the key exists.
	Add(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error
	// Replace stores a value in place of another. It returns [ErrMiss] if the key does
	// not exist, and never creates it, not even if another process removes it at that
	// time.
	Replace(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error
	// Set stores a value, whether the key exists or not.
	Set(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error
	// Swap stores a value in place of the one that was read, or removes the key if value
	// is nil. It returns [ErrMiss] if there is no value any more, and [ErrChanged] if it
	// was replaced; nothing is changed then.
	Swap(ctx context.Context, key string, old *Item, value *py.Dict, timeout time.Duration) error
	// Delete removes the value under a key, if there is one.
	Delete(ctx context.Context, key string) error
	// Check reports whether the cache can be reached, and whether its settings permit
	// sessions to be kept in it. It writes nothing.
	Check(ctx context.Context) error
	// CheckKey reports a key that the cache, or Django before it, refuses. The error
	// wraps [djangosession.ErrBadKey].
	CheckKey(key string) error
}

// A Lister is a [Cache] that can list its keys.
type Lister interface {
	Cache
	// Keys yields the keys that begin with prefix. An error ends it and comes last. Keys
	// that are created or removed during the loop may or may not be included, and a key
	// may come twice.
	Keys(ctx context.Context, prefix string) iter.Seq2[string, error]
}

// An Item is a value that was read from a cache.
type Item struct {
	// Value is the value. The caller owns it. It is nil if the value is not in the format
	// of the settings; Swap can still remove or replace it.
	Value *py.Dict
	// Version identifies the value for Swap. It belongs to the cache.
	Version any
	// Left is the time until the value expires, if the cache is a [Timer].
	Left time.Duration
}

// A Timer is a [Cache] that can say how long its values have left.
type Timer interface {
	Cache
	// TimesLeft reports whether Get sets Item.Left.
	TimesLeft() bool
}
