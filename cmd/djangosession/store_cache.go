package main

import (
	"io"

	"github.com/djangobridge/djangobridge/caches"
	"github.com/djangobridge/djangobridge/caches/memcached"
	"github.com/djangobridge/djangobridge/caches/rediscache"
	"github.com/djangobridge/djangobridge/djangosession"
	"github.com/djangobridge/djangobridge/tables"
)

// Backends of caches.
const (
	cachePackage     = "django.core.cache.backends."
	redisBackend     = cachePackage + "redis.RedisCache"
	djangoRedis      = "django_redis.cache.RedisCache"
	fileBasedBackend = cachePackage + "filebased.FileBasedCache"
	databaseBackend  = cachePackage + "db.DatabaseCache"
	locMemBackend    = cachePackage + "locmem.LocMemCache"
	dummyBackend     = cachePackage + "dummy.DummyCache"
	pyMemcache       = cachePackage + "memcached.PyMemcacheCache"
	pyLibMC          = cachePackage + "memcached.PyLibMCCache"
	pythonMemcached  = cachePackage + "memcached.MemcachedCache"
)

// openCache opens the cache that the settings describe.
func (s *store) openCache(settings *djangosession.Settings) (caches.Cache, error) {
	var cache caches.Cache
	var err error
	switch settings.SessionCache.Backend {
	case redisBackend, djangoRedis:
		cache, err = rediscache.Open(*settings)
	case pyMemcache, pyLibMC, pythonMemcached:
		cache, err = memcached.Open(*settings)
	case fileBasedBackend:
		cache, err = caches.NewFileBased(*settings)
	case databaseBackend:
		cache, err = tables.NewCache(s.db, *settings, tables.CacheOptions{Dialect: s.dialect})
	case "":
		return nil, usagef("SESSION_CACHE is not in the settings: export them with djangosession settings script")
	default:
		return nil, usagef("the sessions are in a cache with the BACKEND %q, which cannot be used here", settings.SessionCache.Backend)
	}
	if err != nil {
		return nil, usageError{err}
	}
	if c, ok := cache.(io.Closer); ok {
		s.closers = append(s.closers, c)
	}
	return cache, nil
}
