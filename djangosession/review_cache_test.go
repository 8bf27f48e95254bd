package djangosession_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge/djangosession"
)

// engineChanges are the changes of the exported settings for one of Django's engines.
func engineChanges(engine string, more map[string]any) map[string]any {
	mro := []string{backends + engine + ".SessionStore", backends + "base.SessionBase", "builtins.object"}
	changes := map[string]any{"SESSION_ENGINE": backends + engine, "SESSION_STORE_CLASS.mro": mro}
	switch engine {
	case "cached_db":
		changes["SESSION_STORE_CLASS.mro"] = append([]string{mro[0], dbEngine + ".SessionStore"}, mro[1:]...)
	default:
		changes["SESSION_DATABASE"] = nil
	}
	maps.Copy(changes, more)
	return changes
}

// cacheFacts are facts about a cache with this backend.
func cacheFacts(backend string, more map[string]any) map[string]any {
	facts := map[string]any{
		"alias": "visits", "backend": backend, "location": []string{"redis://:hush@h:6379/1"},
		"options": map[string]any{"PASSWORD": "hush", "MAX_ENTRIES": 9}, "key_prefix": "", "version": "1", "key_function": nil,
	}
	maps.Copy(facts, more)
	return map[string]any{"SESSION_CACHE": facts}
}

func TestReviewKnowsEveryEngineAndCache(t *testing.T) {
	t.Parallel()
	const cache = "django.core.cache.backends."
	database := map[string]any{"alias": "default", "write_alias": "default", "engine": "django.db.backends.sqlite3", "vendor": "sqlite"}
	redisSessions := engineChanges("file", map[string]any{
		"SESSION_ENGINE": "redis_sessions.session", "SESSION_REDIS": map[string]any{},
		"SESSION_STORE_CLASS.mro":       []string{"redis_sessions.session.SessionStore", backends + "base.SessionBase", "builtins.object"},
		"SESSION_STORE_CLASS.overrides": map[string]any{"redis_sessions.session.SessionStore": []string{"load"}},
	})
	withoutRedis := maps.Clone(redisSessions)
	delete(withoutRedis, "SESSION_REDIS")
	for name, c := range map[string]struct {
		changes map[string]any
		kind    djangosession.FindingKind // of the only finding; "" without one
		setting string
		refused bool
		says    string
	}{
		"file":             {changes: engineChanges("file", nil)},
		"signed_cookies":   {changes: engineChanges("signed_cookies", nil)},
		"redis_sessions":   {changes: redisSessions},
		"no SESSION_REDIS": {changes: withoutRedis, kind: djangosession.MissingFinding, setting: "SESSION_REDIS", refused: true, says: "settings script"},
		"Redis":            {changes: engineChanges("cache", cacheFacts(cache+"redis.RedisCache", nil))},
		"django-redis":     {changes: engineChanges("cache", cacheFacts("django_redis.cache.RedisCache", nil))},
		"PyMemcacheCache":  {changes: engineChanges("cache", cacheFacts(cache+"memcached.PyMemcacheCache", nil))},
		"PyLibMCCache":     {changes: engineChanges("cached_db", cacheFacts(cache+"memcached.PyLibMCCache", nil))},
		"MemcachedCache":   {changes: engineChanges("cache", cacheFacts(cache+"memcached.MemcachedCache", nil))},
		"files":            {changes: engineChanges("cache", cacheFacts(cache+"filebased.FileBasedCache", nil))},
		"database":         {changes: engineChanges("cache", cacheFacts(cache+"db.DatabaseCache", map[string]any{"database": database}))},
		"cached_db":        {changes: engineChanges("cached_db", cacheFacts(cache+"redis.RedisCache", nil))},
		"merging cached_db": {changes: mergeMaps(engineChanges("cached_db", cacheFacts(cache+"redis.RedisCache", nil)), map[string]any{
			"SESSION_ENGINE": "djangobridge.sessions.cached_db", "SESSION_STORE_CLASS.mro": []string{
				"djangobridge.sessions.cached_db.SessionStore", "djangobridge.sessions.cached_rows.MergingCachedRows",
				backends + "cached_db.SessionStore", dbEngine + ".SessionStore", backends + "base.SessionBase", "builtins.object",
			},
			"SESSION_STORE_CLASS.overrides": map[string]any{
				"djangobridge.sessions.cached_db.SessionStore": []string{}, "djangobridge.sessions.cached_rows.MergingCachedRows": []string{"load"},
			},
		})},
		"Dummy beside a db": {changes: engineChanges("cached_db", cacheFacts(cache+"dummy.DummyCache", nil))},
		"Dummy": {
			changes: engineChanges("cache", cacheFacts(cache+"dummy.DummyCache", nil)),
			kind:    djangosession.ContradictoryFinding, setting: "SESSION_CACHE.backend", refused: true, says: "stores nothing",
		},
		"LocMem": {
			changes: engineChanges("cache", cacheFacts(cache+"locmem.LocMemCache", nil)),
			kind:    djangosession.ContradictoryFinding, setting: "SESSION_CACHE.backend", refused: true, says: `set CACHES["visits"] to Redis`,
		},
		"LocMem beside a db": {
			changes: engineChanges("cached_db", cacheFacts(cache+"locmem.LocMemCache", nil)),
			kind:    djangosession.ContradictoryFinding, setting: "SESSION_CACHE.backend", refused: true, says: "logout",
		},
		"unknown backend": {
			changes: engineChanges("cache", cacheFacts("diskcache.DjangoCache", nil)),
			kind:    djangosession.UnknownFinding, setting: "SESSION_CACHE.backend", refused: true, says: "Options.OpenCache",
		},
		"key function": {
			changes: engineChanges("cache", cacheFacts(cache+"redis.RedisCache", map[string]any{"key_function": "shop.key"})),
			kind:    djangosession.UnknownFinding, setting: "SESSION_CACHE.key_function", refused: true, says: "Options.Cache.KeyFunction",
		},
		"culling": {
			changes: engineChanges("cache", cacheFacts(cache+"filebased.FileBasedCache", map[string]any{"options": map[string]any{}})),
			kind:    djangosession.RiskFinding, setting: "SESSION_CACHE.options", says: "MAX_ENTRIES",
		},
		"replicas": {
			changes: engineChanges("cache", cacheFacts(cache+"redis.RedisCache", map[string]any{"location": []string{"redis://a", "redis://b"}})),
			kind:    djangosession.RiskFinding, setting: "SESSION_CACHE.location", says: "replicas",
		},
		"shards": {changes: engineChanges("cache", cacheFacts("django_redis.cache.RedisCache", map[string]any{
			"location": []string{"redis://a", "redis://b"}, "options": map[string]any{"CLIENT_CLASS": "django_redis.client.ShardClient"},
		}))},
		"no database of the cache": {
			changes: engineChanges("cache", cacheFacts(cache+"db.DatabaseCache", nil)),
			kind:    djangosession.MissingFinding, setting: "SESSION_CACHE.database", refused: true,
		},
		"no cache": {
			changes: engineChanges("cache", map[string]any{"SESSION_CACHE": nil}),
			kind:    djangosession.MissingFinding, setting: "SESSION_CACHE", refused: true, says: "settings script",
		},
		"cache that fails": {
			changes: engineChanges("cache", map[string]any{"SESSION_CACHE": map[string]any{"error": "E"}}),
			kind:    djangosession.UnknownFinding, setting: "SESSION_CACHE", refused: true, says: "(E)",
		},
		"no table": {
			changes: engineChanges("cached_db", mergeMaps(cacheFacts(cache+"redis.RedisCache", nil), map[string]any{"SESSION_DATABASE": nil})),
			kind:    djangosession.MissingFinding, setting: "SESSION_DATABASE", refused: true,
		},
	} {
		_, found, err := djangosession.ReviewSettings(strings.NewReader(changed(t, c.changes)))
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case c.kind == "":
			if len(found) > 0 {
				t.Errorf("%s: %v", name, found)
			}
		case len(found) != 1 || found[0].Kind != c.kind || found[0].Setting != c.setting || found[0].Refused != c.refused ||
			!strings.Contains(found[0].Problem, c.says):
			t.Errorf("%s: %v, want %s: %s %s", name, found, c.kind, c.setting, c.says)
		}
		for _, f := range found {
			if strings.Contains(f.String(), "hush") {
				t.Errorf("%s: a secret in %s", name, f)
			}
		}
	}
}

func mergeMaps(a, b map[string]any) map[string]any {
	maps.Copy(a, b)
	return a
}
