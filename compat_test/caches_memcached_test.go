package compat_test

import (
	"testing"
	"time"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/djangobridge/djangobridge/caches/cachetest"
	"github.com/djangobridge/djangobridge/caches/memcached"
	"github.com/djangobridge/djangobridge/compat_test/servers"
	"github.com/djangobridge/djangobridge/djangosession"
)

// memcachedBackend is one of Django's backends for memcached.
type memcachedBackend struct {
	name         string
	since, until string // the first release that has it, and the first without it
}

// memcachedBackends lists them. pylibmc has no wheel for the Python of Django 6.1.
func memcachedBackends() []memcachedBackend {
	return []memcachedBackend{
		{name: "PyMemcacheCache", since: "3.2"},
		{name: "PyLibMCCache", until: "6.1"},
		{name: "MemcachedCache", until: "4.1"},
	}
}

// memcacheds starts servers.
func memcacheds(t testing.TB, n int, options ...string) []*servers.Server {
	t.Helper()
	started := make([]*servers.Server, n)
	for i := range started {
		s, err := servers.New(servers.Memcached, options...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Remove(); err != nil {
				t.Error(err)
			}
		})
		started[i] = s
	}
	return started
}

// addresses are the LOCATION of a cache on servers.
func addresses(all []*servers.Server) []string {
	places := make([]string, 0, len(all))
	for _, s := range all {
		places = append(places, s.Addr())
	}
	return places
}

// memcachedCache is the cache of a site without options.
func memcachedCache(backend string, location ...string) djangosession.SessionCache {
	return djangosession.SessionCache{
		Alias: "default", Backend: "django.core.cache.backends.memcached." + backend, Location: location, Version: "1",
		Clients: map[string]string{"memcache": "1.62"},
	}
}

// openMemcached opens a cache and closes it after the test. A busy machine needs a longer
// timeout than the default.
func openMemcached(t testing.TB, s djangosession.Settings, o memcached.Options) *memcached.Cache {
	t.Helper()
	o.Timeout = 20 * time.Second
	c, err := memcached.New(s, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// TestMemcachedIsACache runs the conformance suite of caches.
func TestMemcachedIsACache(t *testing.T) {
	t.Parallel()
	for _, backend := range memcachedBackends() {
		for name, count := range map[string]int{"one server": 1, "three servers": 3} {
			t.Run(backend.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				started := memcacheds(t, count)
				cachetest.Run(t, func(t *testing.T, s djangosession.Settings) cachetest.Backend {
					t.Helper()
					s.SessionCache = memcachedCache(backend.name, addresses(started)...)
					return cachetest.Backend{
						Cache: openMemcached(t, s, memcached.Options{}),
						SetRaw: func(t *testing.T, key string, data []byte) {
							t.Helper()
							for _, server := range started { // the key has its place on one of them
								it := &memcache.Item{Key: key, Value: data, Flags: 1, Expiration: 3600}
								if err := memcache.New(server.Addr()).Set(it); err != nil {
									t.Fatal(err)
								}
							}
						},
						Limit: 1 << 20, Second: time.Second, RealTime: true,
					}
				})
			})
		}
	}
}
