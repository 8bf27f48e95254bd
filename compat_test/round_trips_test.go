package compat_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/memcached"
	"github.com/djangobridge/djangobridge/caches/rediscache"
	"github.com/djangobridge/djangobridge/djangosession"
)

// tripCounter counts the requests on all connections that it makes. The clients send each
// request with one call of Write.
type tripCounter struct{ requests atomic.Int64 }

func (c *tripCounter) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	return countedConn{conn, c}, err
}

type countedConn struct {
	net.Conn

	counter *tripCounter
}

func (c countedConn) Write(b []byte) (int, error) {
	c.counter.requests.Add(1)
	return c.Conn.Write(b)
}

// TestRoundTripsToTheCache counts requests to the server on a connection that is open
// already.
func TestRoundTripsToTheCache(t *testing.T) {
	t.Parallel()
	type opened struct {
		cache    caches.Cache
		settings djangosession.Settings
	}
	onRedis := func(backend string) func(t *testing.T, c *tripCounter) opened {
		return func(t *testing.T, c *tripCounter) opened {
			t.Helper()
			server := newRedis(t)
			client := redis.NewClient(&redis.Options{
				Addr: server.Addr(), Dialer: c.dial, MaxRetries: -1, ReadTimeout: 20 * time.Second,
			})
			t.Cleanup(func() { _ = client.Close() })
			s := redisKind{backend: backend}.settings(djangosession.NewSettings("k"), "redis://"+server.Addr())
			cache, err := rediscache.New(s, rediscache.Options{Client: client})
			if err != nil {
				t.Fatal(err)
			}
			return opened{cache, s}
		}
	}
	for name, open := range map[string]func(t *testing.T, c *tripCounter) opened{
		"RedisCache":   onRedis(redisBackend),
		"django-redis": onRedis(djangoRedisBackend),
		"memcached": func(t *testing.T, c *tripCounter) opened {
			t.Helper()
			s := djangosession.NewSettings("k")
			s.SessionCache = memcachedCache("PyMemcacheCache", addresses(memcacheds(t, 1))...)
			return opened{openMemcached(t, s, memcached.Options{DialContext: c.dial}), s}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &tripCounter{}
			o := open(t, c)
			o.settings.SessionEngine = cacheEngine
			alone, err := caches.NewEngine(o.cache, o.settings, caches.Options{})
			if err != nil {
				t.Fatal(err)
			}
			wantTrips(t, c, alone, o.settings, trips{load: 1, save: 1, create: 1})
			o.settings.SessionEngine = cachedDBEngine
			// A save compares the copy with the one that was read, so that it cannot take
			// effect after a later one.
			both, err := caches.NewCachedDB(goSite(t, newDatabase(t, "sqlite")).engine, o.cache, o.settings, caches.Options{})
			if err != nil {
				t.Fatal(err)
			}
			create := 1
			if name == "memcached" { // whose command "set" may lose the old value
				create = 2
			}
			wantTrips(t, c, both, o.settings, trips{load: 1, save: 2, create: create})
		})
	}
}

// trips are numbers of requests.
type trips struct{ load, save, create int }

func wantTrips(t *testing.T, c *tripCounter, e djangosession.Engine, settings djangosession.Settings, want trips) {
	t.Helper()
	sessions := newManager(t, e, settings, djangosession.Options{StrictLoad: true})
	s := sessions.New()
	for range 2 { // the first time connects and loads scripts
		s = sessions.New()
		s.Set("a", 1)
		save(t, s)
		s.Set("a", 2)
		save(t, s)
	}
	count := func(do func() error) int {
		before := c.requests.Load()
		if err := do(); err != nil {
			t.Fatal(err)
		}
		return int(c.requests.Load() - before)
	}
	got := trips{
		load: count(func() error { _, err := sessions.Load(t.Context(), s.Key()); return err }),
		save: count(func() error {
			s.Set("a", 3)
			return s.Save(t.Context())
		}),
		create: count(func() error { return sessions.New().Save(t.Context()) }),
	}
	if got != want {
		t.Errorf("%T: requests %+v, want %+v", e, got, want)
	}
}
