"""Writes urls.json: where redis-py connects to for each URL and arguments, and on which
server the ShardClient of django-redis keeps keys.

usage: $(compat_test/env/caches 6.1.3) caches/rediscache/testdata/urls.py >caches/rediscache/testdata/urls.json
"""
import json, re, sys

from django.conf import settings

settings.configure()
import redis
from django_redis.hash_ring import HashRing
from django_redis.client.sharded import ShardClient

urls = """redis:// redis://h redis://h:7 redis://h:7/3 redis://h/3 redis://h/3/ redis://h/x redis://h/-1x redis://h/3?db=4 redis://h?db=4 redis://H.Example:6380/0
redis://u:p@h redis://:p@h redis://u@h redis://u:p%40%2f%3a%25@h:7/1 redis://u%20x:p+q@h redis://a:b:c@h redis://a@b:c@h redis://u:p@w@h redis://:p?q@h
redis://:p#q@h redis://h?db=4&db=5 redis://h?username=u&password=p%2Bq+r redis://u:p@h?password=q redis://[::1]:7/2 redis://[::1] redis://h:/2 redis://h:0/2
redis://h?socket_timeout=1.5 rediss://h:7/1 unix:///run/r.sock unix://u:p@/run/r%20x.sock?db=2 unix:///run/r.sock?db=2&password=x redis://%68ost redis://h/%33
redis://h?client_name=c redis://h?db= redis://:%zz@h redis://h:99999 redis://h:x redis://h?db=x http://h h:6379 redis:/h
redis://:p%C3%A9@h redis://h/0?db=2#x redis://h?health_check_interval=5&max_connections=3""".split()
arguments = [{}, {"db": 9, "username": "au", "password": "ap", "host": "ah", "port": 99}]
out = {"urls": [], "rings": []}
for url in urls:
    for given in arguments:
        case = {"url": url, "arguments": given}
        out["urls"].append(case)
        try:
            held = redis.ConnectionPool.from_url(url, **given).connection_kwargs
            cls = redis.ConnectionPool.from_url(url, **given).connection_class
            connection = cls(**{k: v for k, v in held.items() if k not in ("maint_notifications_config", "legacy_responses") and not
                                (cls is redis.UnixDomainSocketConnection and k in ("host", "port"))})
        except Exception as error:
            case["error"] = type(error).__name__
            continue
        unix = isinstance(connection, redis.UnixDomainSocketConnection)
        case["addr"] = connection.path if unix else "%s:%s" % ("[%s]" % connection.host if ":" in connection.host else connection.host, connection.port)
        case["unix"], case["tls"] = unix, isinstance(connection, redis.SSLConnection)
        case.update(db=connection.db, username=connection.username or "", password=connection.password or "")
for urls in (["redis://127.0.0.1:%d/3" % port for port in (16379, 16380, 16381)], ["redis://a", "redis://b"], ["redis://:p%40@h/1"]):
    ring, cases = HashRing(urls), {}
    ring.nodes = urls  # which the class shares between rings
    out["rings"].append({"urls": urls, "keys": cases})
    for n in range(200):
        cases[":1:django.contrib.sessions.cache%032x" % (n * 7919 ** 5)] = 0
    for key in ("", "{}", "{a}b", "x{a}y{b}z", "{a{b}", "a}b{c", "}{", "{a}{", "{a}}", "site{1}:1:x", "{a}:1:{b}c}"):
        cases[key] = 0
    for key in cases:
        match = ShardClient._findhash.match(key)
        cases[key] = urls.index(ring.get_node(match.groups()[0] if match else key))
json.dump(out, sys.stdout, indent=0)
print()
