package djangosession

import (
	"fmt"
	"slices"
)

// Backends of caches that the review has something to say about.
const (
	cachePackage      = "django.core.cache.backends."
	locMemBackend     = cachePackage + "locmem.LocMemCache"
	dummyBackend      = cachePackage + "dummy.DummyCache"
	redisBackend      = cachePackage + "redis.RedisCache"
	djangoRedis       = "django_redis.cache.RedisCache"
	fileBasedBackend  = cachePackage + "filebased.FileBasedCache"
	databaseBackend   = cachePackage + "db.DatabaseCache"
	cacheSetting      = "SESSION_CACHE"
	shardClient       = "django_redis.client.ShardClient"
	shardClientModule = "django_redis.client.sharded.ShardClient"
)

// sharedBackends returns the backends of caches that this module can use.
func sharedBackends() []string {
	return []string{
		redisBackend, djangoRedis, fileBasedBackend, databaseBackend, cachePackage + "memcached.PyMemcacheCache",
		cachePackage + "memcached.PyLibMCCache", cachePackage + "memcached.MemcachedCache",
	}
}

// usesCache reports whether the engine stores sessions in a cache of CACHES.
func usesCache(engine string) bool { return engine == cacheEngine || engine == cachedDBEngine }

// usesTable reports whether the engine stores sessions in a table. An unknown engine may.
func usesTable(engine string) bool {
	return engine == dbEngine || engine == cachedDBEngine || engine == ""
}

// cache checks the cache of sessions.
func (v *review) cache() {
	c := &v.settings.SessionCache
	engine := v.settings.BaseEngine()
	switch {
	case c.Error != "":
		problem := "could not be examined inside Django (" + c.Error + "): correct that, and " + exportAgain
		v.found = append(v.found, Finding{
			Kind: UnknownFinding, Setting: cacheSetting, Problem: problem, Refused: usesCache(engine),
		})
		return
	case !usesCache(engine):
		return
	case c.Backend == "":
		v.refuse(MissingFinding, cacheSetting, notInSettings)
		return
	}
	v.backend(engine, c)
	if c.KeyFunction != "" {
		v.refuse(UnknownFinding, cacheSetting+".key_function", fmt.Sprintf(
			"is %q: set Options.Cache.KeyFunction to a function that returns the same keys", c.KeyFunction))
	}
	if c.Backend == databaseBackend {
		if (c.Database == Database{}) {
			v.refuse(MissingFinding, cacheSetting+".database", "is not in the file: "+exportAgain)
		}
		v.found = append(v.found, c.Database.findings(cacheSetting+".database")...)
	}
	v.cacheRisks(c)
}

// backend checks whether other processes see what is in the cache.
func (v *review) backend(engine string, c *SessionCache) {
	const remedy = ": set CACHES[%q] to Redis, memcached, files or the database, and " + exportAgain
	refuse := func(kind FindingKind, problem string) {
		v.refuse(kind, cacheSetting+".backend", fmt.Sprintf(problem+remedy, c.Alias))
	}
	switch {
	case c.Backend == locMemBackend && engine == cachedDBEngine:
		refuse(ContradictoryFinding, "is LocMemCache: each Django process has a copy of the sessions in its own memory, and would "+
			"not see changes of this service, such as a logout, until the copy expires (with Options.ReadOnly, this service can "+
			"read the table)")
	case c.Backend == locMemBackend:
		refuse(ContradictoryFinding, "is LocMemCache: sessions are in the memory of each Django process, where no other process can "+
			"read them")
	case c.Backend == dummyBackend && engine == cacheEngine:
		refuse(ContradictoryFinding, "is DummyCache, which stores nothing: no session survives its request")
	case c.Backend == dummyBackend: // works as db
	case !slices.Contains(sharedBackends(), c.Backend):
		refuse(UnknownFinding, fmt.Sprintf("is %q, which this module does not implement: set Options.OpenCache to a function that "+
			"does", c.Backend))
	}
}

// cacheRisks notes properties of the cache by which sessions can get lost.
func (v *review) cacheRisks(c *SessionCache) {
	_, hasLimit := c.Options["MAX_ENTRIES"]
	if (c.Backend == fileBasedBackend || c.Backend == databaseBackend) && !hasLimit {
		v.note(RiskFinding, cacheSetting+".options", "lacks MAX_ENTRIES: with more than 300 entries, Django removes every third, with "+
			"sessions that are in use; set it above the number of sessions")
	}
	client := c.Options["CLIENT_CLASS"]
	isSharded := client == shardClient || client == shardClientModule
	if (c.Backend == redisBackend || c.Backend == djangoRedis && !isSharded) && len(c.Location) > 1 {
		v.note(RiskFinding, cacheSetting+".location", "has replicas: Django reads from them, and may not see a change of this "+
			"service, such as a logout, until Redis has copied it")
	}
}
