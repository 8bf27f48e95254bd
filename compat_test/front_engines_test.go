package compat_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/memcached"
	"github.com/djangobridge/djangobridge/caches/rediscache"
	"github.com/djangobridge/djangobridge/djangosession"
)

// frontEngine is a session engine of Django, and what Open needs for it.
type frontEngine struct {
	name      string // the end of SESSION_ENGINE
	start     func(t *testing.T) (settings string)
	openCache func(djangosession.Settings) (caches.Cache, error)
}

// frontEngines are the engines that djangobridge.Open serves, beside db.
func frontEngines() map[string]frontEngine {
	onRedis := func(t *testing.T) string {
		t.Helper()
		return oneCache("redis.RedisCache", "redis://"+newRedis(t).Addr()+"/1")
	}
	return map[string]frontEngine{
		"cache on Redis": {name: "cache", start: onRedis, openCache: rediscache.Open},
		"cache on memcached": {name: "cache", openCache: memcached.Open, start: func(t *testing.T) string {
			t.Helper()
			return oneCache("memcached.PyMemcacheCache", memcacheds(t, 1)[0].Addr())
		}},
		"cache of files": {name: "cache", start: func(t *testing.T) string {
			t.Helper()
			return oneCache("filebased.FileBasedCache", filepath.Join(t.TempDir(), "cache"))
		}},
		"cached_db on Redis": {name: "cached_db", start: onRedis, openCache: rediscache.Open},
		"file": {name: "file", start: func(t *testing.T) string {
			t.Helper()
			return fmt.Sprintf("SESSION_FILE_PATH = %q\n", t.TempDir())
		}},
		"signed_cookies": {name: "signed_cookies", start: func(*testing.T) string { return "" }},
	}
}

// oneCache is the setting CACHES with one backend of Django.
func oneCache(backend, location string) string {
	return fmt.Sprintf("CACHES = {\"default\": {\"BACKEND\": \"django.core.cache.backends.%s\", \"LOCATION\": %q}}\n", backend, location)
}

// TestFrontDoorOnEachEngine opens sites with each session engine from what their script
// prints, and shares logins with them.
func TestFrontDoorOnEachEngine(t *testing.T) {
	t.Parallel()
	const release = "5.2.19"
	for name, engine := range frontEngines() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFront(t, release, "sqlite", "auth.User")
			f.shop.bin = filepath.Dir(pythonWithCaches(t, release))
			f.openCache = engine.openCache
			f.shop.write("shop/front.py", frontSettings("auth.User", f.base)+
				"SESSION_ENGINE = \"django.contrib.sessions.backends."+engine.name+"\"\n"+engine.start(t))
			pk, key, _ := strings.Cut(f.django("python setup.py"), " ")
			f.shop.write("site.json", string(f.shop.scriptLine("front", false)))
			f.sharesLogins(t, pk, key)
		})
	}
}
