"""Random sessions in a cache, by Django, and their comparison."""

import base64
import datetime
import decimal
import pickle
import random
import uuid

from django.contrib.sessions.backends.cache import SessionStore


def text(r):
    return "".join(r.choice("ab \"\\\u00e9\u2603\U0001f600\n,:{}") for _ in range(r.choice((0, 1, 5, 40, 300))))


def number(r):
    return r.choice((0, 1, -1, r.randrange(-300, 300), r.randrange(-(2**33), 2**33), r.randrange(-(2**63), 2**63), 2**63 - 1, -(2**63)))


def value(r, kind, depth=0):
    makers = [lambda: None, lambda: r.random() < 0.5, lambda: number(r), lambda: r.uniform(-1e9, 1e9) * 10 ** r.randrange(-30, 30), lambda: text(r)]
    if kind == "msgpack":
        makers += [lambda: bytes(r.randrange(256) for _ in range(r.choice((0, 3, 300)))), lambda: r.randrange(2**64)]
    elif kind == "JSON":
        makers += [lambda: r.randrange(10**30)]
    else:
        makers += [
            lambda: r.randrange(10**30), lambda: bytes(r.randrange(256) for _ in range(9)), lambda: decimal.Decimal(r.randrange(10**9)) / 100,
            lambda: uuid.UUID(int=r.getrandbits(128)), lambda: {number(r), text(r)}, lambda: (number(r), text(r)),
            lambda: datetime.datetime(2023, 1, 2, 3, 4, 5, r.randrange(10**6), r.choice((None, datetime.timezone.utc))),
            lambda: datetime.timedelta(seconds=r.uniform(-1e6, 1e6)),
        ]
    if depth < 4:
        makers += [lambda: [value(r, kind, depth + 1) for _ in range(r.randrange(5))]] * 2
        makers += [lambda: {text(r): value(r, kind, depth + 1) for _ in range(r.randrange(5))}] * 2
    return r.choice(makers)()


def do_random(self, number, kind):
    r = random.Random(number)
    session = SessionStore()
    for n in range(r.randrange(8)):
        session["%d%s" % (n, text(r))] = value(r, kind)
    session.save()
    held = SessionStore(session.session_key).load()
    return {"key": session.session_key, "pickle": base64.b64encode(pickle.dumps(held, 4)).decode()}


def types(v):
    """What == does not compare."""
    if isinstance(v, dict):
        return [(types(k), types(x)) for k, x in v.items()]
    if isinstance(v, (list, tuple)):
        return [type(v)] + [types(x) for x in v]
    if isinstance(v, set):
        return {type(x) for x in v}
    return type(v), repr(v)


def do_same(self, key, other):
    one, two = SessionStore(key).load(), SessionStore(other).load()
    return "" if one == two and types(one) == types(two) else "%r is %r" % (one, two)
