"""Writes sessions to memcached as Django's caches do, and checks what Go has made of them.

usage: python memcached_values.py place|replaced|write|check COUNT <caches.json        with PYTHONHASHSEED=0
place writes a number under COUNT keys of each cache, and replaced checks that each is now one more. write puts COUNT
random values into each cache, and check compares them. Both print "checked", after a line for each wrong value.
"""

import hashlib
import json
import os
import sys

from pickle_values import Tracer, value_of

from django.core.cache import caches

PROTOCOL, SEED = 5, int(os.environ.get("PICKLE_SEED", "1"))


def key(n):
    return "django.contrib.sessions.cache" + hashlib.md5(str(n).encode()).hexdigest()


def place(cache, n):
    cache.set(key(n), {"n": n}, 3600)


def replaced(cache, n):
    if cache.get(key(n)) != {"n": n + 1}:
        return "is on another server"


def write(cache, n):
    cache.set(key(n), {"n": n, "v": value_of(SEED, n, PROTOCOL)}, 3600)


def check(cache, n):
    got = cache.get(key(n))
    if not got or got.get("go") != "read" or Tracer(PROTOCOL, False).text(got["v"]) != Tracer(PROTOCOL, False).text(value_of(SEED, n, PROTOCOL)):
        return "is now %.300r" % (got,)


def main():
    from django.conf import settings

    sites = json.load(sys.stdin)
    settings.CACHES = dict(sites, default={"BACKEND": "django.core.cache.backends.dummy.DummyCache"})
    for alias in sites:
        for n in range(int(sys.argv[2])):
            problem = globals()[sys.argv[1]](caches[alias], n)
            if problem:
                print(ascii("%s: value %d %s" % (alias, n, problem)))
    print("checked")


main()
