package memcached

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/py"
)

// Get implements [caches.Cache]. If the value is not in the format of the settings, it
// also returns an item, so that [Cache.Swap] can replace or remove the value.
func (c *Cache) Get(ctx context.Context, key string) (*caches.Item, error) {
	it, err := c.get(ctx, key)
	if err != nil {
		return nil, err
	}
	item := &caches.Item{Version: it.CasID}
	item.Value, err = c.value(it)
	return item, err
}

// Exists implements [caches.Cache]. Like Django, it reads the value.
func (c *Cache) Exists(ctx context.Context, key string) (bool, error) {
	switch _, err := c.get(ctx, key); {
	case errors.Is(err, caches.ErrMiss):
		return false, nil
	default:
		return err == nil, err
	}
}

func (c *Cache) get(ctx context.Context, key string) (*memcache.Item, error) {
	if err := c.CheckKey(key); err != nil {
		return nil, err
	}
	wire := c.site.prefix + key
	var it *memcache.Item
	err := c.pool(key).do(ctx, "get", func(l *link) (err error) {
		if it, err = l.client.Get(wire); err == nil && it.Key != wire {
			l.drop()
			err = errWrongKey
		}
		return err
	})
	return it, err
}

// Add implements [caches.Cache].
func (c *Cache) Add(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error {
	it, err := c.item(key, value, timeout)
	if err != nil {
		return err
	}
	return c.add(ctx, key, it)
}

func (c *Cache) add(ctx context.Context, key string, it *memcache.Item) error {
	err := c.pool(key).do(ctx, "add", func(l *link) error { return l.client.Add(it) })
	if errors.Is(err, memcache.ErrNotStored) {
		return caches.ErrExists
	}
	return err
}

// Replace implements [caches.Cache].
func (c *Cache) Replace(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error {
	it, err := c.item(key, value, timeout)
	if err != nil {
		return err
	}
	return c.replace(ctx, key, it)
}

func (c *Cache) replace(ctx context.Context, key string, it *memcache.Item) error {
	err := c.pool(key).do(ctx, "replace", func(l *link) error { return l.client.Replace(it) })
	if errors.Is(err, memcache.ErrNotStored) {
		return caches.ErrMiss
	}
	return err
}

// Set implements [caches.Cache]. It replaces the value, or adds one if the key is new. If
// the server cannot store a value, its command "set" removes the old one, but these two
// do not. So values are refused by the server's own limit, without a loss.
func (c *Cache) Set(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error {
	it, err := c.item(key, value, timeout)
	if err != nil {
		return err
	}
	for range setTries {
		if err = c.replace(ctx, key, it); !errors.Is(err, caches.ErrMiss) {
			return err
		}
		if err = c.add(ctx, key, it); !errors.Is(err, caches.ErrExists) {
			return err
		}
	}
	return errBusy
}

// setTries is how often Set tries while others create and remove the key.
const setTries = 100

// Swap implements [caches.Cache].
func (c *Cache) Swap(ctx context.Context, key string, old *caches.Item, value *py.Dict, timeout time.Duration) error {
	var it *memcache.Item
	var err error
	if value == nil {
		// The client has no command that removes one version of a value. This one
		// replaces it by one that has expired.
		err = c.CheckKey(key)
		it = &memcache.Item{Key: c.site.prefix + key, Expiration: expired}
	} else {
		it, err = c.item(key, value, timeout)
	}
	if err != nil {
		return err
	}
	version, ok := old.Version.(uint64)
	if !ok {
		return errForeignItem
	}
	it.CasID = version
	err = c.pool(key).do(ctx, "swap", func(l *link) error { return l.client.CompareAndSwap(it) })
	if errors.Is(err, memcache.ErrCASConflict) {
		return caches.ErrChanged
	}
	return err
}

// Delete implements [caches.Cache].
func (c *Cache) Delete(ctx context.Context, key string) error {
	if err := c.CheckKey(key); err != nil {
		return err
	}
	wire := c.site.prefix + key
	err := c.pool(key).do(ctx, "delete", func(l *link) error { return l.client.Delete(wire) })
	if errors.Is(err, caches.ErrMiss) {
		return nil
	}
	return err
}

// item returns what is sent to the server.
func (c *Cache) item(key string, value *py.Dict, timeout time.Duration) (*memcache.Item, error) {
	if err := c.CheckKey(key); err != nil {
		return nil, err
	}
	data, err := c.pickle.Dumps(value)
	if err != nil {
		return nil, err
	}
	return &memcache.Item{Key: c.site.prefix + key, Value: data, Flags: flagPickle, Expiration: c.expiration(timeout)}, nil
}

const (
	// expired is an expiration in the past.
	expired = -1
	// maxRelative is the longest expiration, in seconds, that the server does not take
	// for a Unix time.
	maxRelative = 30 * 24 * 60 * 60
)

// expiration returns whole seconds, like Django, or a Unix time if they are too many.
// memcached has no time after 2038-01-19 03:14:07 UTC, and considers values of Django
// with such a time expired; here, the values expire at that time.
func (c *Cache) expiration(timeout time.Duration) int32 {
	seconds := int64(timeout / time.Second)
	if timeout > maxRelative*time.Second {
		seconds += c.now().Unix()
	}
	switch {
	case seconds <= 0:
		return expired
	case seconds > math.MaxInt32:
		return math.MaxInt32
	}
	return int32(seconds)
}
