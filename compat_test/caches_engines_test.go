package compat_test

import (
	"testing"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
	"github.com/redis/go-redis/v9"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/memcached"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/enginetest"
)

// cacheLacks is what engines on the servers of caches cannot do.
func cacheLacks() enginetest.Lacks {
	return enginetest.Lacks{Text: true, Clock: true, Expired: true, Clear: true, ExpireDate: true}
}

// TestRedisKeepsSessions runs the suite of session engines on Redis.
func TestRedisKeepsSessions(t *testing.T) {
	t.Parallel()
	server := newRedis(t)
	raw := redis.NewClient(&redis.Options{Addr: server.Addr(), DB: 1})
	t.Cleanup(func() { _ = raw.Close() })
	for _, kind := range redisKinds()[:2] { // one of each package
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			enginetest.Run(t, func(t *testing.T, given djangosession.Settings) enginetest.Backend {
				t.Helper()
				s := kind.settings(given, kind.locations(server)...)
				s.SessionCache.KeyPrefix = djangosession.NewKey() // of this test alone
				e, err := caches.NewEngine(newRedisCache(t, s), s, caches.Options{})
				if err != nil {
					t.Fatal(err)
				}
				return enginetest.Backend{Engine: e, Lacks: cacheLacks(), SetUnknown: func(t *testing.T, key string) {
					t.Helper()
					if err := raw.Set(t.Context(), sessionKey(s, key), "garbage", time.Hour).Err(); err != nil {
						t.Fatal(err)
					}
				}}
			})
		})
	}
}

// TestMemcachedKeepsSessions runs the suite of session engines on memcached.
func TestMemcachedKeepsSessions(t *testing.T) {
	t.Parallel()
	server := memcacheds(t, 1)[0]
	raw := memcache.New(server.Addr())
	t.Cleanup(func() { _ = raw.Close() })
	for _, backend := range memcachedBackends() {
		t.Run(backend.name, func(t *testing.T) {
			t.Parallel()
			enginetest.Run(t, func(t *testing.T, s djangosession.Settings) enginetest.Backend {
				t.Helper()
				s.SessionEngine = cacheEngine
				s.SessionCache = memcachedCache(backend.name, server.Addr())
				s.SessionCache.KeyPrefix = djangosession.NewKey() // of this test alone
				e, err := caches.NewEngine(openMemcached(t, s, memcached.Options{}), s, caches.Options{})
				if err != nil {
					t.Fatal(err)
				}
				lacks := cacheLacks()
				lacks.List = true
				return enginetest.Backend{Engine: e, Lacks: lacks, SetUnknown: func(t *testing.T, key string) {
					t.Helper()
					it := &memcache.Item{Key: sessionKey(s, key), Value: []byte("garbage"), Flags: 1, Expiration: 3600}
					if err := raw.Set(it); err != nil {
						t.Fatal(err)
					}
				}}
			})
		})
	}
}

// sessionKey is the key of a session in a cache.
func sessionKey(s djangosession.Settings, key string) string {
	return caches.Key("django.contrib.sessions.cache"+key, s.SessionCache.KeyPrefix, s.SessionCache.Version)
}
