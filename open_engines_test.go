package djangobridge_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/djangobridge/djangobridge"
	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/cachetest"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/djangosession/memory"
	"github.com/djangobridge/djangobridge/tables"
)

const (
	backends     = "django.contrib.sessions.backends."
	cachePackage = "django.core.cache.backends."
)

// engineFile is testdata/site.json of a site with another session engine, and with
// further settings.
func engineFile(t *testing.T, engine string, more map[string]any) string {
	t.Helper()
	text := readFile(t, "testdata/site.json")
	var settings map[string]any
	start := strings.Index(text, `{"DJANGOBRIDGE_SETTINGS"`)
	if err := json.NewDecoder(strings.NewReader(text[start:])).Decode(&settings); err != nil {
		t.Fatal(err)
	}
	mro := []string{backends + engine + ".SessionStore"}
	if engine == "cached_db" {
		mro = append(mro, backends+"db.SessionStore")
	} else {
		settings["SESSION_DATABASE"] = nil
	}
	settings["SESSION_ENGINE"] = backends + engine
	settings["SESSION_STORE_CLASS"] = map[string]any{
		"mro": append(mro, backends+"base.SessionBase", "builtins.object"), "overrides": map[string]any{},
	}
	maps.Copy(settings, more)
	data, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "site.json")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// cacheOf is SESSION_CACHE with this backend and place.
func cacheOf(backend, location string) map[string]any {
	return map[string]any{"SESSION_CACHE": map[string]any{
		"alias": "default", "backend": backend, "location": []string{location}, "version": "1", "options": map[string]any{"MAX_ENTRIES": 9},
		"database": map[string]any{"alias": "default", "write_alias": "default", "engine": "django.db.backends.sqlite3", "vendor": "sqlite"},
	}}
}

const qsessionsEngine = "qsessions.backends.cached_db"

// qsessionsOnRedis are the settings of a subclass of cached_db that overrides methods.
func qsessionsOnRedis() map[string]any {
	more := cacheOf("django_redis.cache.RedisCache", "redis://x")
	more["SESSION_ENGINE"] = qsessionsEngine
	more["SESSION_STORE_CLASS"] = map[string]any{
		"mro": []string{
			qsessionsEngine + ".SessionStore", "qsessions.backends.db.SessionStore", backends + "cached_db.SessionStore",
			backends + "db.SessionStore", backends + "base.SessionBase",
		},
		"overrides": map[string]any{
			qsessionsEngine + ".SessionStore":    []string{"cache_key_prefix"},
			"qsessions.backends.db.SessionStore": []string{"__init__", "load", "save"},
		},
		"cache_key_prefix": "qsessions.q_cached_db", "table": "django_session", "columns": []any{},
	}
	return more
}

// memoryCache is an OpenCache for tests.
func memoryCache(s djangosession.Settings) (caches.Cache, error) { return cachetest.NewMemory(s) }

// TestOpenChoosesTheEngine stores and loads a session with each engine.
func TestOpenChoosesTheEngine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		engine  string
		more    map[string]any
		options djangobridge.Options
	}{
		"cache on Redis":          {engine: "cache", more: cacheOf(cachePackage+"redis.RedisCache", "redis://x"), options: djangobridge.Options{OpenCache: memoryCache}},
		"cache on memcached":      {engine: "cache", more: cacheOf(cachePackage+"memcached.PyLibMCCache", "x:1"), options: djangobridge.Options{OpenCache: memoryCache}},
		"cache on files":          {engine: "cache", more: cacheOf(cachePackage+"filebased.FileBasedCache", t.TempDir())},
		"cache on a table":        {engine: "cache", more: cacheOf(cachePackage+"db.DatabaseCache", "cache_table")},
		"cache of the site":       {engine: "cache", more: cacheOf("shop.Cache", "x"), options: djangobridge.Options{OpenCache: memoryCache}},
		"cached_db on Redis":      {engine: "cached_db", more: cacheOf("django_redis.cache.RedisCache", "redis://x"), options: djangobridge.Options{OpenCache: memoryCache}},
		"cached_db on nothing":    {engine: "cached_db", more: cacheOf(cachePackage+"dummy.DummyCache", "")},
		"cached_db, merging":      {engine: "cached_db", more: cacheOf(cachePackage+"redis.RedisCache", "redis://x"), options: djangobridge.Options{OpenCache: memoryCache, Sessions: djangosession.Options{MergeSaves: true}}},
		"a subclass of cached_db": {engine: "cached_db", more: qsessionsOnRedis(), options: djangobridge.Options{OpenCache: memoryCache, Tables: tables.Options{AcceptEngine: qsessionsEngine}}},
		"file":                    {engine: "file", more: map[string]any{"SESSION_FILE_PATH": t.TempDir()}},
		"signed_cookies":          {engine: "signed_cookies"},
		"an engine of the site's": {engine: "new", options: djangobridge.Options{OpenEngine: func(s djangosession.Settings) (djangosession.Engine, error) { return memory.New(s) }}},
	} {
		c.options.DB = siteDB(t)
		_, err := c.options.DB.ExecContext(t.Context(),
			`CREATE TABLE "cache_table" ("cache_key" varchar(255) NOT NULL PRIMARY KEY, "value" text NOT NULL, "expires" datetime NOT NULL)`)
		if err != nil {
			t.Fatal(err)
		}
		addUsers(t, c.options.DB, "ada")
		site, err := djangobridge.Open(engineFile(t, c.engine, c.more), c.options)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		session := site.Sessions.New()
		session.Set("a", 1)
		if err := session.Save(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		again, err := site.Sessions.Load(t.Context(), session.Key())
		if err != nil || !again.Contains("a") {
			t.Errorf("%s: the session is not found: %v", name, err)
		}
		if err := errors.Join(site.Check(t.Context()), site.Close()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOpenSaysWhichLineToAdd has sites whose engine needs an option, and options that an
// engine cannot have.
func TestOpenSaysWhichLineToAdd(t *testing.T) {
	t.Parallel()
	redis := cacheOf(cachePackage+"redis.RedisCache", "redis://:hush@x")
	keys := cacheOf(cachePackage+"redis.RedisCache", "redis://x")
	keys["SESSION_CACHE"].(map[string]any)["key_function"] = "shop.key"
	elsewhere := cacheOf(cachePackage+"db.DatabaseCache", "t")
	elsewhere["SESSION_CACHE"].(map[string]any)["database"] = map[string]any{
		"alias": "caches", "write_alias": "caches", "engine": "django.db.backends.sqlite3", "vendor": "sqlite",
	}
	redisSessions := map[string]any{
		"SESSION_ENGINE": "redis_sessions.session", "SESSION_REDIS": map[string]any{}, "SESSION_STORE_CLASS": map[string]any{
			"mro": []string{"redis_sessions.session.SessionStore", backends + "base.SessionBase"}, "overrides": map[string]any{
				"redis_sessions.session.SessionStore": []string{"load"},
			},
		},
	}
	for name, c := range map[string]struct {
		engine  string
		more    map[string]any
		options djangobridge.Options
		says    []string
	}{
		"Redis":            {engine: "cache", more: redis, says: []string{"Options.OpenCache", "rediscache.Open", "djangobridge/caches/rediscache"}},
		"cached_db":        {engine: "cached_db", more: redis, says: []string{"Options.OpenCache", "rediscache.Open"}},
		"memcached":        {engine: "cache", more: cacheOf(cachePackage+"memcached.PyMemcacheCache", "x"), says: []string{"memcached.Open", "djangobridge/caches/memcached"}},
		"unknown":          {engine: "cache", more: cacheOf("shop.Cache", "x"), says: []string{"Options.OpenCache", "shop.Cache"}},
		"LocMem":           {engine: "cache", more: cacheOf(cachePackage+"locmem.LocMemCache", ""), options: djangobridge.Options{OpenCache: memoryCache}, says: []string{"in the memory of each Django process"}},
		"LocMem and db":    {engine: "cached_db", more: cacheOf(cachePackage+"locmem.LocMemCache", ""), says: []string{"Options.ReadOnly"}},
		"keys":             {engine: "cache", more: keys, options: djangobridge.Options{OpenCache: memoryCache}, says: []string{"Options.Cache.KeyFunction", "shop.key"}},
		"another database": {engine: "cache", more: elsewhere, says: []string{"tables.NewCache", `"caches"`}},
		"redis_sessions":   {engine: "cache", more: redisSessions, says: []string{"Options.OpenEngine", "rediscache.OpenSessions"}},
		"merging cookies":  {engine: "signed_cookies", options: djangobridge.Options{Sessions: djangosession.Options{MergeSaves: true}}, says: []string{"Options.Sessions.MergeSaves"}},
		"table of files":   {engine: "file", options: djangobridge.Options{Tables: tables.Options{Table: "t"}}, says: []string{"Options.Tables"}},
		"users of files":   {engine: "file", options: djangobridge.Options{Tables: tables.Options{UserColumn: "account_id"}}, says: []string{"Options.Tables", "UserColumn"}},
		"read-only cache":  {engine: "cache", more: redis, options: djangobridge.Options{OpenCache: memoryCache, Cache: caches.Options{ReadOnly: true}}, says: []string{"Options.ReadOnly"}},
	} {
		c.options.DB = siteDB(t)
		_, err := djangobridge.Open(engineFile(t, c.engine, c.more), c.options)
		if err == nil {
			t.Errorf("%s: opened", name)
			continue
		}
		for _, text := range c.says {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v, want %q", name, err, text)
			}
		}
		if strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: the error contains a secret: %v", name, err)
		}
	}
}

// TestTableBesideLocMemIsReadOnly has cached_db on a cache that only Django sees.
func TestTableBesideLocMemIsReadOnly(t *testing.T) {
	t.Parallel()
	file := engineFile(t, "cached_db", cacheOf(cachePackage+"locmem.LocMemCache", ""))
	site, err := djangobridge.Open(file, djangobridge.Options{DB: siteDB(t), ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	session, err := site.Sessions.Load(t.Context(), djangosession.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	session.Set("a", 1)
	if err := session.Save(t.Context()); !errors.Is(err, djangosession.ErrReadOnly) {
		t.Error(err)
	}
}

// closingCache counts how often it is closed.
type closingCache struct {
	caches.Cache
	closed int
}

func (c *closingCache) Close() error {
	c.closed++
	return nil
}

func TestSitesCloseWhatTheyHaveOpened(t *testing.T) {
	t.Parallel()
	var cache closingCache
	open := func(s djangosession.Settings) (caches.Cache, error) {
		var err error
		cache.Cache, err = cachetest.NewMemory(s)
		return &cache, err
	}
	file := engineFile(t, "cache", cacheOf(cachePackage+"redis.RedisCache", "redis://x"))
	site, err := djangobridge.Open(file, djangobridge.Options{DB: siteDB(t), OpenCache: open})
	if err != nil {
		t.Fatal(err)
	}
	if err := site.Close(); err != nil || cache.closed != 1 {
		t.Errorf("closed %d times, %v", cache.closed, err)
	}
	_, err = djangobridge.Open(file, djangobridge.Options{DB: siteDB(t), OpenCache: open, KnownOverrides: []string{"x"}, Sessions: djangosession.Options{RenewBelow: 2}})
	if err == nil || cache.closed != 2 {
		t.Errorf("closed %d times after an error, %v", cache.closed, err)
	}
}

// TestCachesThatAreNilAreRefused has an OpenCache that returns neither a cache nor an
// error.
func TestCachesThatAreNilAreRefused(t *testing.T) {
	t.Parallel()
	open := func(djangosession.Settings) (caches.Cache, error) { return nil, nil }
	for _, engine := range []string{"cache", "cached_db"} {
		file := engineFile(t, engine, cacheOf(cachePackage+"redis.RedisCache", "redis://x"))
		_, err := djangobridge.Open(file, djangobridge.Options{DB: siteDB(t), OpenCache: open})
		if err == nil || !strings.Contains(err.Error(), "caches: the cache is nil") {
			t.Errorf("%s: %v", engine, err)
		}
	}
}
