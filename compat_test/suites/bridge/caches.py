"""Django's caches, as Go calls them.

The caches of Django's tests are in the memory of the Django process, where no other process can reach them. So the Go
process asks for each operation of the cache over the pipe, while it performs the operation of a session, and this
module passes it on to Django's cache. It decides nothing: a value goes both ways as the pickle that Go has made or
must read, as it does between Go and a cache server.
"""

import base64
import pickle

from django.core.cache import caches

MISSING = object()


def perform(order):
    """Perform an operation on a cache. Its key is complete, and Django would complete it once more."""
    cache = caches[order["alias"]]
    if order["op"] == "describe":
        return {"key_prefix": cache.key_prefix, "version": str(cache.version)}
    start = cache.make_key("")
    if not order["key"].startswith(start):
        raise ValueError("the key %r does not begin with %r" % (order["key"], start))
    return OPERATIONS[order["op"]](cache, order["key"][len(start) :], order)


def get(cache, key, order):
    value = cache.get(key, MISSING)
    return None if value is MISSING else base64.b64encode(pickle.dumps(value)).decode()


def value_of(order):
    return pickle.loads(base64.b64decode(order["value"]))


OPERATIONS = {
    "get": get,
    "has_key": lambda cache, key, order: key in cache,
    "add": lambda cache, key, order: cache.add(key, value_of(order), order["timeout"]),
    "set": lambda cache, key, order: cache.set(key, value_of(order), order["timeout"]),
    "delete": lambda cache, key, order: cache.delete(key),
}
