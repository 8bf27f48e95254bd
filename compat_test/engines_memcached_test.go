package compat_test

import (
	"fmt"
	"testing"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/memcached"
	"github.com/djangobridge/djangobridge/compat_test/servers"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

const cachedDBEngine = "django.contrib.sessions.backends.cached_db"

// memcachedEngineCases are the engines "cache" and "cached_db" on memcached, by each
// Python client, with one server and with three.
func memcachedEngineCases() []engineCase {
	var cases []engineCase
	for _, backend := range memcachedBackends() {
		for _, count := range []int{1, 3} {
			c := engineCase{
				name: fmt.Sprintf("cache/%s/servers=%d", backend.name, count), pickles: true, since: backend.since, until: backend.until,
				start: func(t *testing.T, at *engineSite) map[string]any { return startMemcached(t, at, backend.name, count) },
				open: func(t *testing.T, s djangosession.Settings, _ *engineSite) (djangosession.Engine, error) {
					return caches.NewEngine(openMemcached(t, s, memcached.Options{}), s, caches.Options{})
				},
			}
			cases = append(cases, c)
			c.name, c.pickles = fmt.Sprintf("cached_db/%s/servers=%d", backend.name, count), false
			db := tableEngineCases()[0]
			c.held = db.held
			c.damage = func(t *testing.T, p *enginePair, key string) { // a damaged copy does no harm
				p.django.do(t, "python", map[string]any{
					"key": key, "code": "session = store(key); session._cache.delete(session.cache_key_prefix + key)",
				})
				db.damage(t, p, key)
			}
			c.start = func(t *testing.T, at *engineSite) map[string]any {
				settings := startMemcached(t, at, backend.name, count)
				settings["SESSION_ENGINE"] = cachedDBEngine
				leave, come, _ := awayTable(t, at, "django_session")
				stop, resume := at.stop, at.resume
				at.stop, at.resume, at.keeps = func() { leave(); stop() }, func() { come(); resume() }, true
				return settings
			}
			c.open = func(t *testing.T, s djangosession.Settings, at *engineSite) (djangosession.Engine, error) {
				table, err := tables.New(at.db, s, tables.Options{AcceptEngine: cachedDBEngine})
				if err != nil {
					return nil, err
				}
				cache := openMemcached(t, s, memcached.Options{})
				return caches.NewCachedDB(table, cache, s, caches.Options{})
			}
			cases = append(cases, c)
		}
	}
	return cases
}

// reconnectMemcached makes Django's clients notice that their connections are broken. The
// first use of each fails, and pymemcache and pylibmc then ignore the server for a while.
const reconnectMemcached = `
import time
from django.core.cache import caches

cache, end = caches["default"], time.time() + 60
cache.close()
while True:
    try:
        for i in range(100):
            cache.set("reconnect%d" % i, "x", 60)
            assert cache.get("reconnect%d" % i) == "x"
        break
    except Exception:
        if time.time() > end:
            raise
        time.sleep(0.1)
`

func startMemcached(t *testing.T, at *engineSite, backend string, count int) map[string]any {
	t.Helper()
	started := memcacheds(t, count)
	each := func(do func(*servers.Server) error) func() {
		return func() {
			for _, s := range started {
				if err := do(s); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	at.reconnect = reconnectMemcached
	at.stop, at.resume = each((*servers.Server).Stop), each((*servers.Server).Start)
	return map[string]any{
		"SESSION_ENGINE": "django.contrib.sessions.backends.cache",
		"CACHES": map[string]any{"default": map[string]any{
			"BACKEND": "django.core.cache.backends.memcached." + backend, "LOCATION": addresses(started),
		}},
	}
}
