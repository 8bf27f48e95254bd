from .databases import database
from .finding import fault, warning
from .sessions import CACHE, CACHED_DB, base_engine

BACKENDS = "django.core.cache.backends."
LOCAL, DUMMY = BACKENDS + "locmem.LocMemCache", BACKENDS + "dummy.DummyCache"
FILES, TABLE = BACKENDS + "filebased.FileBasedCache", BACKENDS + "db.DatabaseCache"
REDIS, DJANGO_REDIS = BACKENDS + "redis.RedisCache", "django_redis.cache.RedisCache"
SHARED = (
    REDIS,
    DJANGO_REDIS,
    FILES,
    TABLE,
    BACKENDS + "memcached.PyMemcacheCache",
    BACKENDS + "memcached.PyLibMCCache",
    BACKENDS + "memcached.MemcachedCache",
)


def cache(facts):
    cache, engine = facts["SESSION_CACHE"], base_engine(facts)
    if cache is None or engine not in (CACHE, CACHED_DB):
        return
    if cache.get("error"):
        yield fault(
            "session-cache",
            "The cache of sessions cannot be examined (%s)." % cache["error"],
            "Correct CACHES.",
        )
        return
    yield from backend(cache, engine)
    if cache["key_function"]:
        yield fault(
            "cache-key-function",
            "The cache of sessions has the KEY_FUNCTION %s." % cache["key_function"],
            "Set Options.Cache.KeyFunction in Go to a function that returns the same keys, or "
            "remove the setting.",
        )
    if cache["backend"] == TABLE:
        yield from database("cache-database", cache["database"])
    yield from risks(cache)


def backend(cache, engine):
    path, problem = cache["backend"], None
    if path == LOCAL:
        problem = "is in the memory of each Django process, where no other process sees it"
    elif path == DUMMY and engine == CACHE:
        problem = "stores nothing"
    elif path not in SHARED and path != DUMMY:
        yield fault(
            "session-cache",
            "The cache of sessions is %s, which Go does not know." % path,
            "Use Redis, memcached, files or the database, or set Options.OpenCache in Go.",
        )
    if problem:
        yield fault(
            "session-cache",
            "The cache of sessions %s." % problem,
            "Set CACHES[%r] to Redis, memcached, files or the database." % cache["alias"],
        )


def risks(cache):
    path, options = cache["backend"], cache["options"]
    if path in (FILES, TABLE) and "MAX_ENTRIES" not in options:
        yield warning(
            "cache-max-entries",
            "The cache of sessions lacks MAX_ENTRIES: with more than 300 entries, Django removes "
            "every third, with sessions that are in use.",
            "Set MAX_ENTRIES in OPTIONS above the number of sessions.",
        )
    shards = "%s" % options.get("CLIENT_CLASS", "")
    is_replicated = path == REDIS or path == DJANGO_REDIS and not shards.endswith(".ShardClient")
    if is_replicated and len(cache["location"]) > 1:
        yield warning(
            "cache-replicas",
            "The cache of sessions has replicas: Django reads from them, and may not see a "
            "change of Go, such as a logout, until Redis has copied it.",
            "Name only the primary in LOCATION.",
        )
