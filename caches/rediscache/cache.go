package rediscache

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/py"
)

// A Cache is a cache in Redis, Valkey, or another server with the same protocol. It
// implements [caches.Cache] and [caches.Lister].
//
// A command that was sent is waited for until the deadline of the context or
// SOCKET_TIMEOUT (5 seconds if the site has none), even if the context is canceled.
type Cache struct {
	clients *clients
	format  valueFormat
	// unit is the precision of lifetimes: seconds for Django's own cache, milliseconds
	// for django-redis.
	unit time.Duration
	// checkKey is a key like those of sessions, under which nothing is stored.
	checkKey string
}

// valueFormat is a format of sessions.
type valueFormat interface {
	encode(d *py.Dict) ([]byte, error)
	// decode returns the session in a value, the error of [caches.UnknownFormat], or
	// errEnded.
	decode(data []byte) (*py.Dict, error)
}

var _ caches.Lister = (*Cache)(nil)

// New returns the cache that the settings describe in SessionCache, whose backend must be
// django.core.cache.backends.redis.RedisCache or django_redis.cache.RedisCache. It reads
// certificates, if the settings name files, but connects to no server; call
// [Cache.Check] for that. The caller must close it.
//
// The error is a [*djangosession.SettingError], or that of
// [djangosession.Settings.Check]. New refuses other backends, and serializers,
// compressors, clients and options that it does not know.
func New(s djangosession.Settings, o Options) (*Cache, error) {
	if err := s.Check(); err != nil {
		return nil, err
	}
	t, err := readSite(s, o)
	if err != nil {
		return nil, err
	}
	c := &Cache{
		clients: newClients(t, o.Client), format: t.format, unit: time.Millisecond,
		checkKey: caches.Key(s.SessionStoreClass.CacheKeyPrefix+checkName, s.SessionCache.KeyPrefix, s.SessionCache.Version),
	}
	if t.django {
		c.unit = time.Second
	}
	return c, nil
}

// checkName is no session key, which has at least 8 letters and digits.
const checkName = "check-"

// Open is [New] without options, for the Options.OpenCache of the package djangobridge.
func Open(s djangosession.Settings) (caches.Cache, error) {
	c, err := New(s, Options{})
	if err != nil {
		return nil, err // an interface that is nil
	}
	return c, nil
}

// Close closes the connections, except those of Options.Client.
func (c *Cache) Close() error { return wrap(context.Background(), "close", c.clients.close()) }

// Get implements [caches.Cache].
func (c *Cache) Get(ctx context.Context, key string) (*caches.Item, error) {
	data, found, err := c.clients.get(ctx, key)
	switch {
	case err != nil:
		return nil, wrap(ctx, "get", err)
	case !found:
		return nil, caches.ErrMiss
	}
	// The item keeps the text, so nothing may change it.
	d, err := c.format.decode(unsafe.Slice(unsafe.StringData(data), len(data))) //nolint:gosec // decoders only read
	if errors.Is(err, errEnded) {
		return nil, caches.ErrMiss
	}
	if err != nil {
		err = fmt.Errorf("rediscache: get: %w", err)
	}
	return &caches.Item{Value: d, Version: version(data)}, err
}

// version is the version of an item: the value in Redis.
type version string

// Exists implements [caches.Cache].
func (c *Cache) Exists(ctx context.Context, key string) (bool, error) {
	found, err := c.clients.exists(ctx, key)
	return found, wrap(ctx, "exists", err)
}

// Add implements [caches.Cache]. After another error than [caches.ErrExists], the value
// may or may not have been stored.
func (c *Cache) Add(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error {
	data, err := c.format.encode(value)
	if err != nil {
		return fmt.Errorf("rediscache: add: %w", err)
	}
	lifetime, ok := c.lifetime(timeout)
	if !ok {
		found, err := c.clients.exists(ctx, key)
		if err == nil && found {
			return caches.ErrExists
		}
		return wrap(ctx, "add", err)
	}
	stored, err := c.clients.set(ctx, key, data, lifetime, "nx")
	if err == nil && !stored {
		return caches.ErrExists
	}
	return wrap(ctx, "add", err)
}

// Replace implements [caches.Cache].
func (c *Cache) Replace(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error {
	data, err := c.format.encode(value)
	if err != nil {
		return fmt.Errorf("rediscache: replace: %w", err)
	}
	var found bool
	if lifetime, ok := c.lifetime(timeout); ok {
		found, err = c.clients.set(ctx, key, data, lifetime, "xx")
	} else {
		found, err = c.clients.del(ctx, key)
	}
	if err == nil && !found {
		return caches.ErrMiss
	}
	return wrap(ctx, "replace", err)
}

// Set implements [caches.Cache].
func (c *Cache) Set(ctx context.Context, key string, value *py.Dict, timeout time.Duration) error {
	data, err := c.format.encode(value)
	if err != nil {
		return fmt.Errorf("rediscache: set: %w", err)
	}
	if lifetime, ok := c.lifetime(timeout); ok {
		_, err = c.clients.set(ctx, key, data, lifetime, "")
	} else {
		_, err = c.clients.del(ctx, key)
	}
	return wrap(ctx, "set", err)
}

var errNoVersion = errors.New("rediscache: swap: the item is not from this cache")

// Swap implements [caches.Cache]. It compares the values, so a value that was replaced
// and is the same again has not changed.
func (c *Cache) Swap(ctx context.Context, key string, old *caches.Item, value *py.Dict, timeout time.Duration) error {
	if old == nil {
		return errNoVersion
	}
	read, ok := old.Version.(version)
	if !ok {
		return errNoVersion
	}
	var data []byte
	lifetime, live := c.lifetime(timeout)
	if value != nil {
		var err error
		if data, err = c.format.encode(value); err != nil {
			return fmt.Errorf("rediscache: swap: %w", err)
		}
	}
	if !live {
		data = nil
	}
	outcome, err := c.clients.swap(ctx, key, string(read), data, lifetime)
	switch {
	case err != nil:
		return wrap(ctx, "swap", err)
	case outcome == swapMissing:
		return caches.ErrMiss
	case outcome == swapChanged:
		return caches.ErrChanged
	}
	return nil
}

// Delete implements [caches.Cache].
func (c *Cache) Delete(ctx context.Context, key string) error {
	_, err := c.clients.del(ctx, key)
	return wrap(ctx, "delete", err)
}

// CheckKey implements [caches.Cache]. Redis accepts every key, and Python only text.
func (c *Cache) CheckKey(key string) error { return checkKey(key) }

func checkKey(key string) error {
	if key == "" || !utf8.ValidString(key) {
		return fmt.Errorf("rediscache: the key is empty or not UTF-8: %w", djangosession.ErrBadKey)
	}
	return nil
}

// lifetime returns the arguments of SET for a timeout; false if the value has expired.
func (c *Cache) lifetime(timeout time.Duration) (lifetime, bool) {
	n := timeout / c.unit
	if n <= 0 {
		return lifetime{}, false
	}
	l := lifetime{option: "px", n: strconv.FormatInt(int64(n), 10)}
	if c.unit == time.Second {
		l.option = "ex"
	}
	return l, true
}
