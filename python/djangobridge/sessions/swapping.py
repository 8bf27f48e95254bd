"""Replacing a value in a cache only if it is still what was read."""

import pickle

from django.core.exceptions import ImproperlyConfigured

SWAP = """
local stored = redis.call('GET', KEYS[1])
if not stored or stored ~= ARGV[1] then return 0 end
if ARGV[2] then
  if ARGV[3] then
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
  else
    redis.call('SET', KEYS[1], ARGV[2])
  end
else
  redis.call('DEL', KEYS[1])
end
return 1
"""


class Swapper:
    """What the store "cache" needs of a cache. Stored values are in serialized form."""

    def __init__(self, cache):
        self.cache = cache

    def key(self, key):
        """Return the complete key. Raise what the cache raises for a key that it refuses."""
        key = self.cache.make_key(key)
        self.cache.validate_key(key)
        return key

    def read(self, at):
        """Return the stored value, or None."""
        raise NotImplementedError

    def swap(self, at, stored, new, timeout):
        """Replace a value that was read, or remove it if new is None.

        The timeout is in seconds. Return False if the value has changed or is gone.
        """
        raise NotImplementedError

    def dumps(self, value):
        return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)

    def loads(self, stored):
        return pickle.loads(stored)


class RedisSwapper(Swapper):
    """Django's backend for Redis. Values are those of its serializer."""

    def _client(self, at):
        return self.cache._cache.get_client(at, write=True)

    def read(self, at):
        return self._client(at).get(at)

    def swap(self, at, stored, new, timeout):
        client = self._client(at)
        args = [stored]
        if new is not None:
            milliseconds = self._milliseconds(timeout)
            if milliseconds is None or milliseconds > 0:
                args.append(new)
                if milliseconds:
                    args.append(milliseconds)
        return bool(client.eval(SWAP, 1, at, *args))

    def _milliseconds(self, timeout):
        seconds = self.cache.get_backend_timeout(timeout)
        return None if seconds is None else 1000 * seconds

    def dumps(self, value):
        return self.cache._cache._serializer.dumps(value)

    def loads(self, stored):
        return self.cache._cache._serializer.loads(stored)


class DjangoRedisSwapper(RedisSwapper):
    """The backend of django-redis, with its serializers, compressors and clients."""

    def __init__(self, cache):
        super().__init__(cache)
        if hasattr(cache.client, "_pack"):
            raise ImproperlyConfigured(
                "djangobridge.sessions.cache cannot merge sessions that HerdClient of django-redis "
                "stores, because it adds times to values: use DefaultClient."
            )

    def key(self, key):
        return self.cache.client.make_key(key)

    def _client(self, at):
        client = self.cache.client
        if hasattr(client, "get_server"):  # a sharding client has a server for each key
            return client.get_server(at)
        return client.get_client(write=True)

    def _milliseconds(self, timeout):
        return max(int(1000 * timeout), 0)

    def dumps(self, value):
        return self.cache.client.encode(value)

    def loads(self, stored):
        return self.cache.client.decode(stored)


class LocalSwapper(Swapper):
    """Django's cache in the memory of one process, for sites that have only one."""

    def read(self, at):
        with self.cache._lock:
            if self.cache._has_expired(at):
                return None
            self.cache._cache.move_to_end(at, last=False)  # it is the last one to be culled
            return self.cache._cache[at]

    def swap(self, at, stored, new, timeout):
        with self.cache._lock:
            if self.cache._has_expired(at) or self.cache._cache[at] != stored:
                return False
            if new is None:
                self.cache._delete(at)
            else:
                self.cache._set(at, new, timeout)
            return True


# The backends that can replace a value atomically, by the classes that sites extend.
SWAPPERS = {
    "django.core.cache.backends.redis.RedisCache": RedisSwapper,
    "django_redis.cache.RedisCache": DjangoRedisSwapper,
    "django.core.cache.backends.locmem.LocMemCache": LocalSwapper,
}


def swapper_of(cache):
    """Return the Swapper for a cache. Raise ImproperlyConfigured if it cannot have one."""
    for cls in type(cache).__mro__:
        swapper = SWAPPERS.get("%s.%s" % (cls.__module__, cls.__qualname__))
        if swapper:
            return swapper(cache)
    raise ImproperlyConfigured(refusal(type(cache)))


def refusal(cls):
    """Say why a cache backend cannot keep sessions that are merged."""
    return (
        "djangobridge.sessions.cache cannot merge sessions in %s.%s, because this backend does not "
        "replace a value only if it is unchanged: use Redis, or the engine "
        "djangobridge.sessions.cached_db or djangobridge.sessions.db."
        % (cls.__module__, cls.__qualname__)
    )
