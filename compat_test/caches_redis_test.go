package compat_test

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/cachetest"
	"github.com/djangobridge/djangobridge/caches/rediscache"
	"github.com/djangobridge/djangobridge/compat_test/servers"
	"github.com/djangobridge/djangobridge/djangosession"
)

// The backends of CACHES that use Redis.
const (
	redisBackend       = "django.core.cache.backends.redis.RedisCache"
	djangoRedisBackend = "django_redis.cache.RedisCache"
)

// newRedis starts a Redis of this test alone. COMPAT_REDIS names another server that
// speaks its protocol: valkey.
func newRedis(t *testing.T, options ...string) *servers.Server {
	t.Helper()
	s, err := servers.New(cmp.Or(os.Getenv("COMPAT_REDIS"), servers.Redis), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// redisKind is a cache in CACHES, without LOCATION.
type redisKind struct {
	name    string
	backend string
	options map[string]any
	json    bool   // values have the types of JSON or MessagePack
	shards  bool   // on several databases
	since   string // the first release that has it
}

func redisKinds() []redisKind {
	const django = "django_redis."
	compressor := func(module, class string) map[string]any {
		return map[string]any{"COMPRESSOR": django + "compressors." + module + "." + class + "Compressor"}
	}
	return []redisKind{
		{name: "RedisCache", backend: redisBackend, since: "4.0"},
		{name: "django-redis", backend: djangoRedisBackend},
		{name: "zlib", backend: djangoRedisBackend, options: compressor("zlib", "Zlib")},
		{name: "gzip", backend: djangoRedisBackend, options: compressor("gzip", "Gzip"), since: "5"},
		{name: "lzma", backend: djangoRedisBackend, options: compressor("lzma", "Lzma")},
		{name: "lz4", backend: djangoRedisBackend, options: compressor("lz4", "Lz4")},
		{name: "zstd", backend: djangoRedisBackend, options: compressor("zstd", "ZStd"), since: "4.2"},
		{name: "JSON", backend: djangoRedisBackend, json: true, options: map[string]any{"SERIALIZER": django + "serializers.json.JSONSerializer"}},
		{
			name: "msgpack", backend: djangoRedisBackend, json: true,
			options: map[string]any{"SERIALIZER": django + "serializers.msgpack.MSGPackSerializer"},
		},
		{name: "herd", backend: djangoRedisBackend, options: map[string]any{"CLIENT_CLASS": django + "client.HerdClient"}},
		{name: "shards", backend: djangoRedisBackend, shards: true, options: map[string]any{"CLIENT_CLASS": django + "client.ShardClient"}},
	}
}

// locations are the URLs of the cache on a server.
func (k redisKind) locations(server *servers.Server) []string {
	if !k.shards {
		return []string{"redis://" + server.Addr() + "/1"}
	}
	all := []string{}
	for db := 1; db <= 3; db++ {
		all = append(all, fmt.Sprintf("redis://%s/%d", server.Addr(), db))
	}
	return all
}

// settings are those of a site with the cache, as they are exported.
func (k redisKind) settings(s djangosession.Settings, locations ...string) djangosession.Settings {
	s.SessionEngine = cacheEngine
	options := map[string]any{}
	maps.Copy(options, k.options)
	s.SessionCache = djangosession.SessionCache{
		Alias: "default", Backend: k.backend, Location: locations, Options: options, Version: "1",
	}
	return s
}

const cacheEngine = "django.contrib.sessions.backends.cache"

// newRedisCache opens a cache and closes it after the test.
func newRedisCache(t *testing.T, s djangosession.Settings) *rediscache.Cache {
	t.Helper()
	c, err := rediscache.New(s, rediscache.Options{})
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

// TestRedisConformance runs the suite of caches on each kind of cache in Redis.
func TestRedisConformance(t *testing.T) {
	t.Parallel()
	server := newRedis(t)
	for _, kind := range redisKinds() {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			locations := kind.locations(server)
			raw := make([]*redis.Client, 0, len(locations))
			for _, url := range locations {
				o, err := redis.ParseURL(url)
				if err != nil {
					t.Fatal(err)
				}
				raw = append(raw, redis.NewClient(o))
				t.Cleanup(func() { _ = raw[len(raw)-1].Close() })
			}
			second := time.Duration(0)
			if kind.backend == redisBackend {
				second = time.Second
			}
			cachetest.Run(t, func(t *testing.T, s djangosession.Settings) cachetest.Backend {
				t.Helper()
				return cachetest.Backend{
					Cache: newRedisCache(t, kind.settings(s, locations...)), RealTime: true, Second: second,
					SetRaw: func(t *testing.T, key string, data []byte) {
						t.Helper()
						for _, client := range raw { // only one of them is asked for the key
							if err := client.Set(t.Context(), key, data, time.Hour).Err(); err != nil {
								t.Fatal(err)
							}
						}
					},
				}
			})
		})
	}
}

// redisEngineCases are the session engine "cache" on each kind of cache in Redis.
func redisEngineCases() []engineCase {
	var cases []engineCase
	for _, kind := range redisKinds() {
		// TestRedisRandomValues has the others. MessagePack cannot hold the ints of the
		// turns.
		if slices.Contains([]string{"zlib", "gzip", "lz4", "lzma", "zstd", "msgpack"}, kind.name) {
			continue
		}
		c := engineCase{
			name: "cache on " + kind.name, pickles: !kind.json, since: cmp.Or(kind.since, "2"), lingers: kind.name == "herd",
			start: func(t *testing.T, at *engineSite) map[string]any {
				t.Helper()
				server := newRedis(t)
				at.stop, at.resume = stopServer(t, server)
				return map[string]any{
					"SESSION_ENGINE": cacheEngine,
					"CACHES": map[string]any{"default": map[string]any{
						"BACKEND": kind.backend, "LOCATION": kind.locations(server), "KEY_PREFIX": "s[i*t]e",
						"OPTIONS": maps.Collect(maps.All(kind.options)),
					}},
				}
			},
			open: func(t *testing.T, s djangosession.Settings, _ *engineSite) (djangosession.Engine, error) {
				t.Helper()
				return caches.NewEngine(newRedisCache(t, s), s, caches.Options{})
			},
		}
		cases = append(cases, c)
		if !kind.shards && kind.name != "herd" {
			cases = append(cases, cachedDBCase("cached_db on "+kind.name, c,
				func(t *testing.T, s djangosession.Settings, _ *engineSite) (caches.Cache, error) {
					t.Helper()
					return newRedisCache(t, s), nil
				}))
		}
	}
	return cases
}

// stopServer returns functions that stop a server and start it again, empty.
func stopServer(t *testing.T, server *servers.Server) (stop, resume func()) {
	t.Helper()
	check := func(action func() error) func() {
		return func() {
			if err := action(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return check(server.Stop), check(server.Start)
}
