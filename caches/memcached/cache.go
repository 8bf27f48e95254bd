// Package memcached keeps sessions in memcached as Django's memcached backends do:
// PyMemcacheCache, PyLibMCCache and MemcachedCache (until Django 4.0).
//
// Each key is kept on the server on which the site's Python client looks for it. If that
// server does not answer, operations fail: no other server takes over, because two
// servers would keep two versions of a session. Some Python clients do move the keys of a
// server that has failed, each process at another time.
//
// memcached forgets values when its memory is full and when it restarts, and the visitors
// are logged out then. It cannot list its keys, so a [Cache] is not a [caches.Lister].
package memcached

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/djangosession"
)

// Options configure [New]. The zero value is a good choice.
type Options struct {
	// Timeout limits each step of an operation: connecting, and each answer. It is 3
	// seconds if 0. The deadline of the context limits the whole operation.
	Timeout time.Duration
	// MaxConns is the maximum number of connections to each server, 50 if 0. Operations
	// wait for a free one until their context ends.
	MaxConns int
	// DialContext connects to a server. It may add TLS, which the option tls_context of
	// pymemcache asks for. The default is that of [net.Dialer].
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
}

const (
	defaultTimeout  = 3 * time.Second
	defaultMaxConns = 50
)

// A Cache is a memcached cache of a site. It implements [caches.Cache]. Create it with
// [New] or [Open]. It is safe for concurrent use.
//
// When a context ends, an operation that is under way waits 50 milliseconds for the
// answer of the server. Without one it returns the context's error, and its connection is
// closed; a change that was sent may still take effect.
type Cache struct {
	site   *site
	pools  []*pool // one for each server
	pickle *caches.Pickle
	now    func() time.Time
}

// New returns the cache that Settings.SessionCache describes. It connects to no server;
// see [Cache.Check]. The error is a [*djangosession.SettingError] for a backend, an
// address or an option that is not supported.
func New(s djangosession.Settings, o Options) (*Cache, error) {
	st, err := readSite(&s.SessionCache)
	if err != nil {
		return nil, err
	}
	if st.needTLS && o.DialContext == nil {
		return nil, refuseOption(&s.SessionCache, "tls_context", "asks for TLS: set Options.DialContext of package memcached to a "+
			"function that connects with it, and give that cache to the engine")
	}
	p, err := caches.NewPickle(s)
	if err != nil {
		return nil, err
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.MaxConns <= 0 {
		o.MaxConns = defaultMaxConns
	}
	if o.DialContext == nil {
		o.DialContext = (&net.Dialer{}).DialContext
	}
	c := &Cache{site: st, pickle: p, now: time.Now}
	for i := range st.servers {
		c.pools = append(c.pools, newPool(&st.servers[i], &o))
	}
	return c, nil
}

// Open is [New] with the default options, in the form that djangobridge.Options has for
// it.
func Open(s djangosession.Settings) (caches.Cache, error) {
	c, err := New(s, Options{})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Check asks every server for its version.
func (c *Cache) Check(ctx context.Context) error {
	errs := make([]error, 0, len(c.pools))
	for _, p := range c.pools {
		errs = append(errs, p.do(ctx, "check", func(l *link) error { return l.client.Ping() }))
	}
	return errors.Join(errs...)
}

// Close closes the connections that are not in use, and later those that are. The cache
// must not be used afterwards.
func (c *Cache) Close() error {
	errs := make([]error, 0, len(c.pools))
	for _, p := range c.pools {
		errs = append(errs, p.close())
	}
	return errors.Join(errs...)
}

// maxKey is the length of the longest key of memcached, in bytes.
const maxKey = 250

// CheckKey implements [caches.Cache].
func (c *Cache) CheckKey(key string) error {
	var problem string
	switch {
	case key == "":
		problem = "it is empty"
	case !utf8.ValidString(key):
		problem = "it is not valid UTF-8"
	case len(c.site.prefix)+len(key) > maxKey:
		problem = "it is longer than 250 bytes: shorten KEY_PREFIX"
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		problem = "it contains a space or a control character"
	case c.site.ascii && strings.ContainsFunc(key, func(r rune) bool { return r >= utf8.RuneSelf }):
		problem = "it is not ASCII, and allow_unicode_keys is False"
	default:
		return nil
	}
	return fmt.Errorf("memcached: the key cannot be used: %s: %w", problem, djangosession.ErrBadKey)
}

// pool returns the connections to the server of a key.
func (c *Cache) pool(key string) *pool {
	if len(c.pools) == 1 {
		return c.pools[0]
	}
	return c.pools[c.site.choose(key)]
}
