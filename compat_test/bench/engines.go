package main

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/memcached"
	"github.com/djangobridge/djangobridge/caches/rediscache"
	"github.com/djangobridge/djangobridge/compat_test/servers"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/files"
	"github.com/djangobridge/djangobridge/signedcookies"
	"github.com/djangobridge/djangobridge/tables"
)

// sqlite is the product of a database without a server.
const sqlite = "sqlite"

// The modules of Django's session engines.
const (
	engineModules = "django.contrib.sessions.backends."
	dbModule      = engineModules + "db"
	cacheModule   = engineModules + "cache"
	cachedModule  = engineModules + "cached_db"
	fileModule    = engineModules + "file"
	cookieModule  = engineModules + "signed_cookies"
)

// How to add an engine: list it in engines. Its settings are those of Django. Go gets
// what SettingsScript prints in that Django, so that an entry needs nothing else, except
// the package of its cache and the minimum that the work takes.

// An engine is a SESSION_ENGINE of Django on a store, and its counterpart in Go.
type engine struct {
	name     string // in the names of the rows
	label    string // in the documentation
	module   string // SESSION_ENGINE
	database string // the product of the database, sqlite if ""
	product  string // its name in the documentation, for db alone
	server   string // the product of the cache, "" if that has no server
	hasPage  bool   // the page is measured too

	cache func(at *place) map[string]any                                   // Django's entry in CACHES, or nil
	open  func(s djangosession.Settings, db *sql.DB) (caches.Cache, error) // opens that cache in Go
	bare  func(ctx context.Context, s *site) (*floors, error)              // the minimum
}

// cacheTable is the table of the database cache.
const cacheTable = "django_cache"

// A place is where an engine keeps its sessions.
type place struct {
	dir      string // an empty folder
	address  string // of the server of the cache
	database connection
}

// engines lists all that are measured.
func engines() []engine {
	redis := func(s djangosession.Settings, _ *sql.DB) (caches.Cache, error) { return rediscache.Open(s) }
	memcache := func(s djangosession.Settings, _ *sql.DB) (caches.Cache, error) { return memcached.Open(s) }
	return []engine{
		{name: sqlite, label: "`db`, SQLite", product: "SQLite", module: dbModule, bare: bareTable, hasPage: true},
		{
			name: servers.MariaDB, label: "`db`, MariaDB", product: "MariaDB",
			database: servers.MariaDB, module: dbModule, bare: bareTable, hasPage: true,
		},
		{
			name: servers.PostgreSQL, label: "`db`, PostgreSQL", product: "PostgreSQL",
			database: servers.PostgreSQL, module: dbModule, bare: bareTable, hasPage: true,
		},
		{
			name: "redis", label: "`cache`, Redis by Django's RedisCache",
			server: servers.Redis, module: cacheModule, bare: bareRedis, hasPage: true,
			cache: cacheAt("django.core.cache.backends.redis.RedisCache", "redis://%s/0"), open: redis,
		},
		{
			name: "django_redis", label: "`cache`, Redis by django-redis",
			server: servers.Redis, module: cacheModule, bare: bareRedis,
			cache: cacheAt("django_redis.cache.RedisCache", "redis://%s/0"), open: redis,
		},
		{
			name: "pymemcache", label: "`cache`, memcached by PyMemcacheCache",
			server: servers.Memcached, module: cacheModule, bare: bareMemcached, hasPage: true,
			cache: cacheAt("django.core.cache.backends.memcached.PyMemcacheCache", "%s"), open: memcache,
		},
		{
			name: "pylibmc", label: "`cache`, memcached by PyLibMCCache",
			server: servers.Memcached, module: cacheModule, bare: bareMemcached,
			cache: cacheAt("django.core.cache.backends.memcached.PyLibMCCache", "%s"), open: memcache,
		},
		{
			name: "file_cache", label: "`cache`, FileBasedCache", module: cacheModule, bare: bareFileCache,
			cache: func(at *place) map[string]any {
				return map[string]any{"BACKEND": caches.FileBasedBackend, "LOCATION": filepath.Join(at.dir, "cache")}
			},
			open: func(s djangosession.Settings, _ *sql.DB) (caches.Cache, error) { return caches.NewFileBased(s) },
		},
		{
			name: "table_cache", label: "`cache`, DatabaseCache on SQLite", module: cacheModule, bare: bareTableCache,
			cache: func(*place) map[string]any {
				return map[string]any{"BACKEND": tables.CacheBackend, "LOCATION": cacheTable}
			},
			open: func(s djangosession.Settings, db *sql.DB) (caches.Cache, error) {
				return tables.NewCache(db, s, tables.CacheOptions{})
			},
		},
		{
			name: "cached_db", label: "`cached_db`, Redis and SQLite",
			server: servers.Redis, module: cachedModule, bare: bareCached, hasPage: true,
			cache: cacheAt("django.core.cache.backends.redis.RedisCache", "redis://%s/0"), open: redis,
		},
		{name: "file", label: "`file`", module: fileModule, bare: bareFile, hasPage: true},
		{name: "signed_cookies", label: "`signed_cookies`", module: cookieModule, bare: bareCookie, hasPage: true},
	}
}

// cacheAt returns the entry of CACHES for a cache with a server. The location is a format
// of the address.
func cacheAt(backend, location string) func(*place) map[string]any {
	return func(at *place) map[string]any {
		return map[string]any{"BACKEND": backend, "LOCATION": fmt.Sprintf(location, at.address)}
	}
}

// settings returns the settings of Django, without what is the same for all engines.
func (e *engine) settings(at *place) map[string]any {
	s := map[string]any{
		"SECRET_KEY": secret, "SESSION_ENGINE": e.module, "SESSION_FILE_PATH": at.dir,
		"DATABASES": map[string]any{"default": at.database.django},
	}
	if e.cache != nil {
		s["CACHES"] = map[string]any{"default": e.cache(at)}
	}
	return s
}

// withPlace calls do with a new database and a new cache, whose servers end with the
// call.
func (e *engine) withPlace(ctx context.Context, do func(*place) error) (err error) {
	at := &place{}
	if at.dir, err = os.MkdirTemp(inMemory(), "djangobridge-bench"); err != nil {
		return err
	}
	defer os.RemoveAll(at.dir) //nolint:errcheck // a temporary folder
	if e.server != "" {
		server, err := servers.New(e.server) //nolint:contextcheck // Remove ends it
		if err != nil {
			return err
		}
		defer server.Remove() //nolint:errcheck // its data have had their use
		at.address = server.Addr()
	}
	return withDatabase(ctx, cmp.Or(e.database, sqlite), at.dir, func(c connection) error {
		at.database = c
		return do(at)
	})
}

// inMemory returns a folder whose files are in memory, or "". On a disk, saving is mostly
// waiting for it, which takes the same for both sides.
func inMemory() string {
	const shared = "/dev/shm"
	if info, err := os.Stat(shared); err != nil || !info.IsDir() {
		return ""
	}
	return shared
}

// engineNamed returns one of the engines.
func engineNamed(name string) (*engine, error) {
	for _, e := range engines() {
		if e.name == name {
			return &e, nil
		}
	}
	return nil, fmt.Errorf("there is no engine %q", name)
}

// store returns the engine in Go, and the connections of its cache, which may be nil. The
// settings are those that Django has exported.
func (e *engine) store(s djangosession.Settings, db *sql.DB) (djangosession.Engine, io.Closer, error) {
	var cache caches.Cache
	if e.open != nil {
		var err error
		if cache, err = e.open(s, db); err != nil {
			return nil, nil, err
		}
	}
	connections, _ := cache.(io.Closer)
	engine, err := e.on(cache, s, db)
	return engine, connections, err
}

// on returns the engine on a cache, which is nil if the engine has none.
func (e *engine) on(c caches.Cache, s djangosession.Settings, db *sql.DB) (djangosession.Engine, error) {
	switch e.module {
	case cacheModule:
		return caches.NewEngine(c, s, caches.Options{})
	case cachedModule:
		rows, err := tables.New(db, s, tables.Options{AcceptEngine: e.module})
		if err != nil {
			return nil, err
		}
		return caches.NewCachedDB(rows, c, s, caches.Options{})
	case fileModule:
		return files.New(s, files.Options{})
	case cookieModule:
		return signedcookies.New(s, signedcookies.Options{})
	default:
		return tables.New(db, s, tables.Options{})
	}
}
