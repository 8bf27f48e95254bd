"""Writes encodings.json: values as Python pickles them, and what the serializers and
compressors of django-redis make of them.

usage: $(compat_test/env/caches 5.2.19) caches/rediscache/testdata/encodings.py >caches/rediscache/testdata/encodings.json
"""
import collections, datetime, decimal, json, pickle, sys, uuid

from django.conf import settings

settings.configure(USE_TZ=True)
from django.utils.safestring import mark_safe
from django_redis.compressors import gzip, lz4, lzma, zlib, zstd
from django_redis.serializers.json import JSONSerializer
from django_redis.serializers.msgpack import MSGPackSerializer

utc, hours = datetime.timezone.utc, datetime.timedelta(hours=1)
sys.setrecursionlimit(100000)
loop = []
loop.append(loop)
values = {
    "aware": datetime.datetime(2023, 11, 14, 22, 13, 20, 500123, tzinfo=utc),
    "aware, whole seconds": datetime.datetime(2023, 11, 14, 22, 13, 20, tzinfo=utc),
    "aware, elsewhere": datetime.datetime(2023, 11, 14, 22, 13, 20, 500999, tzinfo=datetime.timezone(-5.5 * hours)),
    "naive": datetime.datetime(2023, 11, 14, 22, 13, 20, 20000),
    "naive, whole seconds": datetime.datetime(2023, 11, 14, 22, 13, 20),
    "date": datetime.date(2023, 1, 2), "time": datetime.time(1, 2, 3), "time, micros": datetime.time(1, 2, 3, 4567),
    "aware time": datetime.time(1, 2, 3, tzinfo=utc),
    "delta": datetime.timedelta(days=1, seconds=2), "delta, micros": datetime.timedelta(seconds=3661, microseconds=5),
    "negative": -datetime.timedelta(days=1, seconds=2, microseconds=3), "least": datetime.timedelta.min, "no time": datetime.timedelta(0),
    "decimal": decimal.Decimal("1.10"), "decimal, exponent": decimal.Decimal("1E+5"), "uuid": uuid.UUID(int=5),
    "tuple": (1, "x: , \"\\", [datetime.date(1, 2, 3)]), "dict": {"a": {"b": decimal.Decimal(1)}}, "safe": mark_safe("<b>"),
    "text": "h\u00e9\u2603\U0001f600 , : \x7f\n\\", "surrogate": "\ud800", "nan": float("nan"), "infinite": float("-inf"), "none": None,
    "int keys": {1: 2}, "odd keys": {None: 3, 1.5: 5, False: 4}, "bytes keys": {b"k": 1}, "tuple keys": {(1, 2): 1},
    "bytes": b"\xff", "bytearray": bytearray(b"a"), "set": {1}, "loop": loop, "class": collections.OrderedDict, "list": [],
    "same twice": [hours, hours],
}
for n in (0, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 10**30, -1, -32, -33, -128, -129, -32768,
          -32769, -2**31, -2**31 - 1, -2**63, -2**63 - 1):
    values["int %d" % n] = n
for n in (1.5, -0.0, 1e16, 1e-7):
    values["float %r" % n] = n
for n in (15, 16, 31, 32, 255, 256):
    values["str %d" % n], values["bytes %d" % n] = "x" * n, b"x" * n
    values["list %d" % n], values["dict %d" % n] = [0] * n, {"k%d" % i: i for i in range(n)}
deep = []
for n in range(1021):
    deep = [deep]
values["as deep as msgpack reads"] = deep
values["deeper"] = [[deep]]


def attempt(function, value):
    try:
        return function(value).hex()
    except (Exception, RecursionError) as error:
        return {"error": type(error).__name__}


out = {"values": {}, "compressed": {}}
for name, value in values.items():
    session, held = {"v": value}, {}
    out["values"][name] = held
    held["pickle"] = pickle.dumps(session, 4).hex()
    for serializer in (JSONSerializer, MSGPackSerializer):
        held[serializer.__name__] = attempt(serializer({}).dumps, session)
        if isinstance(held[serializer.__name__], str):
            read = attempt(lambda data: pickle.dumps(serializer({}).loads(data), 4), bytes.fromhex(held[serializer.__name__]))
            held[serializer.__name__ + " reads"] = read
data = bytes(range(256)) * 300
for compressor in (zlib.ZlibCompressor, gzip.GzipCompressor, lzma.LzmaCompressor, lz4.Lz4Compressor, zstd.ZStdCompressor):
    out["compressed"][compressor.__module__ + "." + compressor.__name__] = {
        str(n): compressor({}).compress(data[:n]).hex() for n in (15, 16, 100, 101, 1000, len(data))}
json.dump(out, sys.stdout, indent=1)
print()
