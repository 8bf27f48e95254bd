"""Writes read.jsonl: pickles of CPython and what is in them, as a text that both sides can make (see canon).

It writes mixed.pickle too, which benchmarks read.
"""

import collections
import datetime
import decimal
import json
import os
import pathlib
import pickle
import random
import struct
import sys
import uuid

if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets
    os.execve(sys.executable, [sys.executable] + sys.argv, dict(os.environ, PYTHONHASHSEED="0"))

R = random.Random(4)


def canon(v, p):
    t = type(v)
    if v is None:
        return "N"
    if t is bool:
        return "T" if v else "F"
    if t is int:
        return f"i{v}"
    if t is float:
        return "f" + struct.pack(">d", v).hex()
    if t is str:
        return "s" + v.encode("utf-8", "surrogatepass").hex()
    if t is bytes:
        return "b" + v.hex()
    if t is bytearray:
        return "a" + v.hex()
    if t is list:
        return "[" + "".join(canon(x, p) + "," for x in v) + "]"
    if t is tuple:
        return "(" + "".join(canon(x, p) + "," for x in v) + ")"
    if t is dict:
        return "{" + "".join(canon(k, p) + ":" + canon(x, p) + "," for k, x in v.items()) + "}"
    if t is set:
        return "<" + "".join(sorted(canon(x, p) + "," for x in v)) + ">"
    if t is frozenset:
        return "|" + "".join(sorted(canon(x, p) + "," for x in v)) + "|"
    if isinstance(v, type) or callable(v):
        return f"g{v.__module__}.{v.__qualname__}"
    func, args, state, items, pairs, setter = (tuple(v.__reduce_ex__(p)) + (None,) * 4)[:6]
    making = 0
    if func.__name__ == "__newobj__":
        making, func, args = 1, args[0], args[1:]
    text = f"o{making}{canon(func, p)}{canon(tuple(args), p)}"
    if state is not None:
        text += "!" + canon(state, p) + (canon(setter, p) if setter else "")
    return text + canon(list(items or ()), p) + canon([x for kv in pairs or () for x in kv], p)


def value(depth):
    k = R.randrange(8 if depth == 0 else 14)
    if k == 0:
        return R.choice([None, True, False])
    if k == 1:
        return R.choice([0, -1, 255, 256, 65535, 65536, -(2**31), 2**31, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1])
    if k == 2:
        return R.getrandbits(R.randrange(1, 300)) * R.choice([1, -1])
    if k == 3:
        return struct.unpack("<d", R.randbytes(8))[0] if R.randrange(2) else R.choice([0.0, -0.0, 1.5, 1e300, float("inf"), float("-inf")])
    if k == 4:
        return R.randbytes(R.choice([0, 1, 5, 300]))
    if k == 5:
        return bytearray(R.randbytes(R.randrange(6)))
    if k in (6, 7):
        return "".join(R.choice("ab\\u'\"\n\r\0\x1aé☃😀\ud83d\ude00") for _ in range(R.randrange(9)))
    if k in (8, 9):
        return [value(depth - 1) for _ in range(R.randrange(5))]
    if k == 10:
        return tuple(value(depth - 1) for _ in range(R.randrange(5)))
    if k == 11:
        return {key(): value(depth - 1) for _ in range(R.randrange(12))}
    return R.choice([set, frozenset])(key() for _ in range(R.randrange(12)))


def key():
    return R.choice([R.randrange(999), str(R.random()), R.randbytes(2), (R.randrange(9), "k"), None])


def objects():
    od = collections.OrderedDict([("b", 1), ("a", [2])])
    dd = collections.defaultdict(list, a=[1])
    yield [decimal.Decimal("19.90"), uuid.UUID(int=7), od, dd, collections.deque([1, 2], 5)]
    yield datetime.datetime(2024, 2, 29, 1, 2, 3, 4)
    yield datetime.timedelta(14, 5, 6)
    yield [range, ValueError, len]


def session():
    """A login with a cart of 20 items, a datetime, a set and a UUID: what benchmarks read and write."""
    return {
        "_auth_user_id": "4711",
        "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
        "_auth_user_hash": "1aa43c4b8f7ce58ef45ac9bf7cbfd97dcf7672c9ac6c5b20d846c3813b9d386c",
        "cart": [
            {"sku": R.randrange(10**6), "price": decimal.Decimal(R.randrange(100, 20_000)) / 100, "quantity": R.randrange(1, 9)}
            for _ in range(20)
        ],
        "seen": datetime.datetime(2024, 2, 29, 23, 59, 59, 123456),
        "tags": {"new", "sale", "gift"},
        "order": uuid.UUID(int=R.getrandbits(128)),
    }


if __name__ == "__main__":
    here = pathlib.Path(__file__).parent
    with (here / "read.jsonl").open("w") as f:
        for p in range(6):
            for v in [*(value(3) for _ in range(150)), *objects()]:
                data = pickle.dumps(v, p)
                if len(data) < 2000 and "nan" not in repr(v):
                    f.write(json.dumps({"protocol": p, "pickle": data.hex(), "want": canon(v, p)}) + "\n")
    (here / "mixed.pickle").write_bytes(pickle.dumps(session(), 5))
