package compat_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// brokenStores have a fault in a cache, or in a folder of sessions.
func brokenStores() []brokenSite {
	const cacheEngine = "SESSION_ENGINE = \"django.contrib.sessions.backends.cache\"\n"
	onRedis := func(engine, account string, options ...string) func(*testing.T) string {
		return func(t *testing.T) string {
			t.Helper()
			return engine + oneCache("redis.RedisCache", "redis://"+account+newRedis(t, options...).Addr()+"/1")
		}
	}
	onMemcached := func(options ...string) func(*testing.T) string {
		return func(t *testing.T) string {
			t.Helper()
			return cacheEngine + oneCache("memcached.PyMemcacheCache", memcacheds(t, 1, options...)[0].Addr())
		}
	}
	return []brokenSite{
		{
			name: "Redis does not run", check: "cache", level: "fault", says: "Redis cannot be reached",
			settings: text(cacheEngine + oneCache("redis.RedisCache", "redis://"+nobody+"/1")),
		},
		{
			name: "Redis wants a password", settings: onRedis(cacheEngine, "", "--requirepass", "doctor-password"),
			check: "cache", level: "fault", says: "password",
		},
		{
			name: "Redis evicts " +
				"sessions", settings: onRedis(cacheEngine, "", "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"),
			check: "cache-eviction", level: "warning", says: "noeviction",
		},
		{
			name: "the memory of Redis is full", settings: onRedis(cacheEngine, "", "--maxmemory", "100kb"),
			check: "cache-memory", level: "fault", says: "maxmemory",
		},
		{
			name: "Redis is a replica", check: "cache-role", level: "fault", says: "replica",
			settings: func(t *testing.T) string {
				t.Helper()
				return onRedis(cacheEngine, "", "--replicaof", "127.0.0.1 "+strconv.Itoa(newRedis(t).Port))(t)
			},
		},
		{
			name:     "Redis does not permit SET",
			settings: onRedis(cacheEngine, "shop:doctor-password@", "--user", "shop", "on", ">doctor-password", "~*", "+@all", "-set"),
			check:    "cache-rights", level: "fault", says: "may not run SET",
		},
		{
			name:     "Redis does not permit the keys of sessions",
			settings: onRedis(cacheEngine, "shop:doctor-password@", "--user", "shop", "on", ">doctor-password", "~other:*", "+@all"),
			check:    "cache-rights", level: "fault", says: "GET, EXISTS, SET, DEL",
		},
		{
			name: "Redis forgets sessions when it restarts", settings: onRedis(cacheEngine, ""),
			check: "cache-persistence", level: "warning", says: "appendonly",
		},
		{
			name: "the clock of Redis is ahead", check: "cache-clock", level: "fault", says: "The clock of Redis is 10m",
			settings: func(t *testing.T) string {
				t.Helper()
				// The answer to TIME: a list of two texts, the first of which has ten digits.
				ahead := newRewriter(t, newRedis(t).Addr(), regexp.MustCompile(`^\*2\r\n\$10\r\n(\d{10})\r\n`),
					func(seconds int64) int64 { return seconds + 610 })
				return cacheEngine + oneCache("redis.RedisCache", "redis://"+ahead+"/1")
			},
		},
		{
			name: "Redis is too old", check: "cache-version", level: "fault", says: "lacks options of SET",
			settings: func(t *testing.T) string {
				t.Helper()
				old := newRewriter(t, newRedis(t).Addr(), regexp.MustCompile(`redis_version:(\d)\.`), func(int64) int64 { return 1 })
				return cacheEngine + oneCache("redis.RedisCache", "redis://"+old+"/1")
			},
		},
		{
			name: "memcached answers in the place of Redis", check: "cache", level: "fault", says: "it is Redis",
			settings: func(t *testing.T) string {
				t.Helper()
				return cacheEngine + oneCache("redis.RedisCache", "redis://"+memcacheds(t, 1)[0].Addr()+"/1")
			},
		},
		{
			name: "memcached does not run", check: "cache", level: "fault", says: "The cache cannot be reached",
			settings: text(cacheEngine + oneCache("memcached.PyMemcacheCache", nobody)),
		},
		{
			name: "the clock of memcached is behind", check: "cache-clock", level: "fault", says: "10m",
			settings: func(t *testing.T) string {
				t.Helper()
				behind := newRewriter(t, memcacheds(t, 1)[0].Addr(), regexp.MustCompile(`STAT time (\d{10})\r\n`),
					func(seconds int64) int64 { return seconds - 610 })
				return cacheEngine + oneCache("memcached.PyMemcacheCache", behind)
			},
		},
		{
			name: "memcached refuses large sessions", settings: onMemcached("-I", "64k", "-o", "slab_chunk_max=32"),
			check: "cache-item-size", level: "warning", says: "65,536",
		},
		{
			name: "memcached evicts sessions", check: "cache-eviction", level: "warning", says: "has removed",
			settings: func(t *testing.T) string {
				t.Helper()
				server := memcacheds(t, 1, "-m", "2")[0]
				c := openMemcachedAt(t, server.Addr())
				for i := range 40 {
					c(fmt.Sprintf("set fill%d 0 0 400000\r\n%s\r\n", i, strings.Repeat("a", 400000)))
				}
				return cacheEngine + oneCache("memcached.PyMemcacheCache", server.Addr())
			},
		},
		{
			name: "sessions are in the memory of Django", settings: text(cacheEngine + oneCache("locmem.LocMemCache", "")),
			check: "cache-kind", level: "fault", says: "LocMemCache",
		},
		{
			name: "the database cache removes sessions", check: "cache-cull", level: "warning", says: "MAX_ENTRIES",
			settings: text(cacheEngine + `CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "shop_cache",
    "OPTIONS": {"MAX_ENTRIES": 10}}}
`),
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				b.base.run(t, "CREATE TABLE shop_cache (cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires datetime NOT "+
					"NULL)")
				for i := range 10 {
					b.base.run(t, fmt.Sprintf("INSERT INTO shop_cache VALUES ('k%d', 'gAR9lC4=', '2999-01-01 00:00:00')", i))
				}
				return nil
			},
		},
		{
			name: "the table of the cache is missing", check: "cache", level: "fault", says: "createcachetable",
			settings: text(cacheEngine + `CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "shop_cache",
    "OPTIONS": {"MAX_ENTRIES": 100000}}}
`),
		},
		{
			name: "the folder of sessions is missing", check: "session-folder", level: "fault", says: "PrivateTmp",
			settings: func(t *testing.T) string {
				t.Helper()
				folder := filepath.Join(t.TempDir(), "sessions")
				t.Cleanup(func() { _ = os.Remove(folder) })
				return "SESSION_ENGINE = \"django.contrib.sessions.backends.file\"\n" + fmt.Sprintf("SESSION_FILE_PATH = %q\nimport "+
					"os\nos.makedirs(%[1]q, exist_ok=True)\n", folder)
			},
			breaks: func(t *testing.T, b *brokenDeployment) []string {
				t.Helper()
				folders, err := filepath.Glob(filepath.Join(filepath.Dir(b.dir), "*", "sessions"))
				if err != nil || len(folders) != 1 {
					t.Fatalf("%v, %v", folders, err)
				}
				if err := os.Remove(folders[0]); err != nil {
					t.Fatal(err)
				}
				return nil
			},
		},
		{
			name: "everybody can make sessions", check: "session-folder", level: "fault", says: "chmod o-w",
			settings: func(t *testing.T) string {
				t.Helper()
				folder := privateFolder(t)
				change(t, folder, 0o777)
				return "SESSION_ENGINE = \"django.contrib.sessions.backends.file\"\n" + fmt.Sprintf("SESSION_FILE_PATH = %q\n", folder)
			},
		},
	}
}

// openMemcachedAt returns a function that sends a command and reads one line.
func openMemcachedAt(t *testing.T, address string) func(command string) {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	answers := bufio.NewReader(c)
	return func(command string) {
		t.Helper()
		_, err := c.Write([]byte(command))
		if err == nil {
			_, err = answers.ReadString('\n')
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
