"""Prints which server Python's memcached clients choose for keys, as one JSON list.

usage: python servers.py        with pymemcache, pylibmc or python-memcached installed; others are left out.
It connects to no server. Each case has the settings of the cache, and a digit for each key: the index of its server.
Keys: for i from 0, prefix + ":1:django.contrib.sessions.cache" + the hexadecimal MD5 of str(i).
"""
import hashlib, json

KEYS = 200
PREFIXES = ("", u"h\xe9\u2603\U0001f600")
BACKENDS = "django.core.cache.backends.memcached."
PLAIN = ["127.0.0.1:21211", "127.0.0.1:21212", "127.0.0.1:21213"]
MIXED = ["localhost", "10.0.0.7:11211", "[::1]:21213", "[fe80::1]", "/run/memcached.sock", "unix:/run/other.sock", "example.org:80"]
keys = [p + ":1:django.contrib.sessions.cache" + hashlib.md5(str(i).encode()).hexdigest() for p in PREFIXES for i in range(KEYS)]
cases = []


def case(backend, clients, location, servers, weights=None, options=None):
    cases.append({"backend": BACKENDS + backend, "clients": clients, "location": location, "weights": weights, "options": options or {},
                  "servers": "".join("%d" % s for s in servers)})


try:
    from pymemcache.client.hash import HashClient
    from pymemcache.client.base import normalize_server_spec
except ImportError:
    pass
else:
    for location in (PLAIN, PLAIN[::-1], ["localhost:21211"] + PLAIN[1:], MIXED, PLAIN + PLAIN[:1]):
        client = HashClient(location)
        nodes = [client._make_client_key(normalize_server_spec(s)) for s in location]
        case("PyMemcacheCache", {"pymemcache": "4.0.0"}, location, [nodes.index(client.hasher.get_node(key)) for key in keys])
    pairs = [("127.0.0.1", 21211), ("127.0.0.1", 21212), ("::1", 21213)]
    client = HashClient(pairs)
    case("PyMemcacheCache", {"pymemcache": "4.0.0"}, [p[0] for p in pairs],
         [["%s:%s" % p for p in pairs].index(client.hasher.get_node(key)) for key in keys], weights=[p[1] for p in pairs])

try:
    import pylibmc
except ImportError:
    pass
else:
    weighted = [s + ":" + w for s, w in zip(PLAIN, "317")]
    uneven = ["a:1:13", "b:1:29", "c:11211:1", "d:1:100", "e:1"]
    hashes = [h for h in sorted(pylibmc.hashers) if h != "hsieh"]
    sets = [None, {"ketama": True}, {"ketama": 1, "hash": "md5"}, {"ketama": False}, {"ketama_weighted": True}, {"ketama_weighted": False},
            {"ketama": True, "ketama_weighted": True}, {"ketama": True, "ketama_weighted": False}, {"ketama": False, "ketama_weighted": True},
            {"ketama_weighted": True, "hash": "crc"}, {"ketama": True, "ketama_hash": "md5"}, {"ketama": True, "distribution": "modula"},
            {"ketama_weighted": True, "distribution": "consistent ketama"}, {"ketama_weighted": True, "distribution": "consistent ketama spy"},
            {"ketama_weighted": True, "distribution": "modula"}, {"ketama": False, "distribution": "consistent"}]
    sets += [{"distribution": d} for d in ("modula", "consistent", "consistent ketama", "consistent weighted", "consistent ketama spy")]
    sets += [{"distribution": "consistent ketama spy", "hash": "md5"}, {"tcp_nodelay": True, "connect_timeout": 100, "pickle_protocol": 2}]
    for location, chosen in ((PLAIN, sets + [{"hash": h} for h in hashes] + [{"ketama": True, "hash": h} for h in hashes]),
                             (weighted, sets), (uneven, sets), ([s for s in MIXED if "/" not in s], sets),
                             (["/run/a.sock", "unix:/run/b.sock", "/run/c"], sets)):
        for behaviors in chosen:
            for binary in (False, True) if behaviors is None else (False,):
                options = {"binary": binary} if behaviors is None else {"behaviors": behaviors}
                client = pylibmc.Client([s[5:] if s.startswith("unix:") else s for s in location], **options)
                case("PyLibMCCache", {"pylibmc": pylibmc.__version__}, location, [client.hash(key) for key in keys], options=options)

try:
    import memcache
except ImportError:
    pass
else:
    # Releases differ in the keys whose hash is 0.
    zero = [k for k in (":1:django.contrib.sessions.cache%032x" % i for i in range(100000)) if memcache.binascii.crc32(k.encode()) >> 16 & 0x7fff == 0]
    for location, weights in ((PLAIN, None), (PLAIN, [3, 1, 7]), (PLAIN, [1, 0, 2]), (["localhost", "inet:10.0.0.7:1", "inet6:[::1]:2", "unix:/run/a.sock"], None)):
        client = memcache.Client(list(zip(location, weights)) if weights else location)
        hosts = [client.servers.index(client.buckets[memcache.serverHashFunction(key.encode()) % len(client.buckets)]) for key in keys + zero]
        case("MemcachedCache", {"memcache": memcache.__version__}, location, hosts, weights=weights)
        cases[-1]["more_keys"] = zero

print("[" + ",\n".join(json.dumps(c, sort_keys=True) for c in cases) + "]")
