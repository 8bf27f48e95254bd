"""Writes vectors.jsonl.gz: descriptions of Python values, and what CPython's pickle.dumps makes of them.

Run with CPython 3.11. Each line is {"v": description, "p": {"2": ..., "5": ...}}; a pickle is given in hex if it is
short, else as "sha256:" and the first bytes of its digest. What a description means is in build() below, and once more
in write_vectors_test.go.
"""
import copyreg, datetime, decimal, gzip, hashlib, json, os, pickle, random, struct, sys, types, uuid, zoneinfo

if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets
    os.execve(sys.executable, [sys.executable] + sys.argv, dict(os.environ, PYTHONHASHSEED="0"))
assert sys.version_info[:2] == (3, 11)

MODULE = "vec.models"


class Made:
    """An instance whose reduction is what the description says."""

    def __new__(cls, *args, **kwargs):
        return object.__new__(cls)

    def __reduce_ex__(self, protocol):
        d = self.made
        args, kwargs = d["args"], d["kwargs"]
        if d["making"] == 0:
            call = (d["class"], args)
        elif d["making"] == 1:
            call = (copyreg.__newobj__, (type(self),) + args)
        else:
            call = (copyreg.__newobj_ex__, (type(self), args, kwargs))
        items, pairs = d["items"], d["pairs"]
        return call + (d["state"], iter(items) if items else None, iter(pairs) if pairs else None)


def model(qualname):
    def new(cls, *args, **kwargs):
        return object.__new__(cls)

    new.__module__, new.__qualname__, new.__name__ = MODULE, qualname + ".__new__", "__new__"
    cls = type(qualname.split(".")[-1], (Made,), {"__new__": new, "__module__": MODULE})
    cls.__qualname__ = qualname
    return cls


module = types.ModuleType(MODULE)
sys.modules["vec"], sys.modules[MODULE] = types.ModuleType("vec"), module
module.Alpha, module.Beta = model("Alpha"), model("Beta")
module.Alpha.Inner = model("Alpha.Inner")
module.Alpha.Inner.Core = model("Alpha.Inner.Core")
MODELS = ["Alpha", "Beta", "Alpha.Inner", "Alpha.Inner.Core"]
GLOBALS = [[MODULE, m] for m in MODELS] + [
    ["builtins", "set"], ["builtins", "int"], ["builtins", "ValueError"], ["collections", "OrderedDict"],
    ["decimal", "Decimal"], ["datetime", "timedelta"], ["datetime", "datetime"], ["uuid", "UUID"],
]


def find(name):
    obj = __import__(name[0], fromlist=["x"])
    for part in name[1].split("."):
        obj = getattr(obj, part)
    return obj


ZONES = {0: datetime.timezone.utc}


def zone(offset):
    if offset is None:
        return None
    if isinstance(offset, str):
        return zoneinfo.ZoneInfo(offset)
    if offset not in ZONES:
        ZONES[offset] = datetime.timezone(datetime.timedelta(seconds=offset))
    return ZONES[offset]


def float_of(bits):
    return struct.unpack(">d", bytes.fromhex(bits))[0]


def build(d, refs):
    def note(v):
        if "id" in d:
            refs[d["id"]] = v
        return v

    def all_of(ds):
        return [build(x, refs) for x in ds]

    if d is None or d is True or d is False:
        return d
    if "r" in d:
        return refs[d["r"]]
    if "i" in d:
        return int(d["i"])
    if "f" in d:
        return float_of(d["f"])
    if "s" in d:  # n times the UTF-8 (surrogates allowed) in hex
        return note((bytes.fromhex(d["s"]) * d.get("n", 1)).decode("utf-8", "surrogatepass"))
    if "b" in d:
        return note(bytes(bytearray(bytes.fromhex(d["b"]) * d.get("n", 1))))
    if "ba" in d:
        return note(bytearray(bytes.fromhex(d["ba"]) * d.get("n", 1)))
    if "c" in d:
        return complex(float_of(d["c"][0]), float_of(d["c"][1]))
    if "g" in d:
        return find(d["g"])
    if "dt" in d:
        *parts, fold, offset = d["dt"]
        return datetime.datetime(*parts, fold=fold, tzinfo=zone(offset))
    if "ti" in d:
        *parts, fold, offset = d["ti"]
        return datetime.time(*parts, fold=fold, tzinfo=zone(offset))
    if "da" in d:
        return datetime.date(*d["da"])
    if "td" in d:
        return datetime.timedelta(*d["td"])
    if "D" in d:
        return decimal.Decimal(d["D"])
    if "U" in d:
        return uuid.UUID(hex=d["U"])
    if "l" in d:
        v = note([])
        v.extend(all_of(d["l"]))
        return v
    if "t" in d:
        return note(tuple(all_of(d["t"])))
    if "d" in d:
        v = note({})
        kv = all_of(d["d"])
        v.update(zip(kv[::2], kv[1::2]))
        return v
    if "S" in d:
        v = note(set())
        v.update(all_of(d["S"]))
        return v
    if "F" in d:
        return note(frozenset(all_of(d["F"])))
    if "ln" in d:
        return list(range(d["ln"]))
    if "dn" in d:
        return dict.fromkeys(range(d["dn"]))
    if "Sn" in d:
        return set(range(d["Sn"]))
    if "Fn" in d:
        return frozenset(range(d["Fn"]))
    o = d["o"]
    cls = find(o["g"])
    v = note(cls.__new__(cls))
    v.made = {"making": o["m"], "class": cls, "args": tuple(all_of(o["a"])), "kwargs": build(o["k"], refs) if "k" in o else {}}
    v.made["items"] = list(range(o["In"])) if "In" in o else all_of(o.get("I", []))
    pairs = all_of(o.get("P", []))
    v.made["pairs"] = [(i, None) for i in range(o["Pn"])] if "Pn" in o else list(zip(pairs[::2], pairs[1::2]))
    v.made["state"] = build(o["st"], refs) if "st" in o else None
    return v


def s(text, n=1):
    d = {"s": text.encode("utf-8", "surrogatepass").hex()}
    return dict(d, n=n) if n != 1 else d


def i(n):
    return {"i": str(n)}


def f(x):
    return {"f": struct.pack(">d", x).hex()}


def b(data, n=1, name="b"):
    d = {name: data.hex()}
    return dict(d, n=n) if n != 1 else d


def l(*x):
    return {"l": list(x)}


def t(*x):
    return {"t": list(x)}


def obj(making, cls, args=(), **rest):
    return {"o": dict(m=making, g=[MODULE, cls], a=list(args), **rest)}


def fixed():
    yield from (None, True, False, l(), t(), {"d": []}, {"S": []}, {"F": []}, s(""), b(b""), b(b"", name="ba"))
    edges = {0, 1, 255, 256, 257, 65535, 65536, 65537}
    for bits in [7, 8, 15, 16, 23, 24, 31, 32, 39, 40, 47, 48, 55, 56, 63, 64, 71, 72, 127, 128, 2031, 2032, 2039, 2040, 2047, 2048]:
        edges |= {2**bits - 1, 2**bits, 2**bits + 1}
    for n in sorted(edges | {-n for n in edges}):
        yield i(n)
    for x in [0.0, -0.0, 1.5, float("inf"), float("-inf"), float("nan"), 5e-324]:
        yield f(x)
        yield l({"c": [f(x)["f"], f(1.0)["f"]]}, {"c": [f(x)["f"], f(1.0)["f"]]})
    for n in [1, 2, 3, 254, 255, 256, 257, 65515, 65520, 65530, 65535, 65536, 65537, 70000, 131072, 140000]:
        for x in [s("x", n), b(b"y", n), b(b"\xe9", n), b(b"z", n, "ba")]:
            yield x
            yield l(dict(x, id=1), {"r": 1}, i(1), x)
    for text in ["\ud800", "a\udfffb", "\x7f", "\x80", "\xff", "\u0100", "\U0001f600", "\x00", "é", "\ud83d\ude00"]:
        yield l(s(text), s(text), dict(s(text + "-"), id=1), {"r": 1}, s(text + "-"))
    for n in range(256):
        if n % 16 in (0, 15):
            yield l(b(bytes([n])), b(bytes([n])), s(chr(n)), s(chr(n)), b(bytes([n]), name="ba"))
    yield l(s("latin1"), b(b"ab"), b(b"cd"), b(b""), b(b""))
    for n in [0, 1, 2, 3, 4, 5, 999, 1000, 1001, 1002, 1999, 2000, 2001]:
        yield from ({"ln": n}, {"dn": n}, {"Sn": n}, {"Fn": n}, t(*[i(1)] * n))
        yield obj(0, "Alpha", In=n, Pn=n)
    for k in range(65480, 65545, 3):  # what stands around the end of a frame
        yield l(s("a", 60000), b(b"b", k - 60000), s("end"), i(70000), l(), t(i(1)))
        yield l(s("a", 40000), b(b"b", k - 40000), obj(1, "Alpha", [i(1)]), {"dt": [2024, 2, 29, 1, 2, 3, 4, 0, 3600]})
        yield l(s("a", 40000), b(b"b", k - 40000), {"S": [i(1)]}, {"c": [f(1.0)["f"]] * 2}, b(b"x", name="ba"), b(b"", name="ba"))
    yield l(*[s("%05d" % n, 20) for n in range(2000)])  # more than 256 memoized, more than one frame
    yield l(*[dict(s("k%d" % n), id=n) for n in range(300)], *[{"r": n} for n in range(300)])
    yield {"l": [{"r": 1}], "id": 1}
    yield {"d": [s("self"), {"r": 1}], "id": 1}
    yield {"l": [{"t": [{"r": 1}], "id": 2}, {"r": 2}], "id": 1}
    for making in 0, 1, 2:
        yield dict(obj(making, "Beta", [i(1)], st={"d": [s("self"), {"r": 1}]}), id=1)
        yield dict(obj(making, "Beta", I=[{"r": 1}], P=[s("k"), {"r": 1}]), id=1)
        for cls in MODELS:
            yield l(obj(making, cls), obj(making, cls, [i(1), s("a")], k={"d": [s("x"), i(2)]}), {"g": [MODULE, cls]})
    for g in GLOBALS:
        yield l({"g": g}, {"g": g}, s(g[1]))
    yield l(*[{"g": g} for g in GLOBALS])
    many = "int str list dict tuple float bool object type range slice complex ValueError KeyError TypeError OSError IndexError NameError".split()
    for first in {"c": [f(1.0)["f"]] * 2}, {"g": ["builtins", "set"]}:  # more names than a small memo has
        yield l(*[{"g": g} for g in GLOBALS if g[0] != "builtins"], first, b(b"a", name="ba"))
        yield l(first, *[{"g": ["builtins", name]} for name in many], b(b"a", name="ba"), {"c": [f(2.0)["f"]] * 2}, {"dt": [2024, 1, 1, 0, 0, 0, 0, 0, 0]})
    for parts in [[1, 1, 1, 0, 0, 0, 0], [2024, 2, 29, 23, 59, 59, 999999], [9999, 12, 31, 1, 2, 3, 65536]]:
        for fold in 0, 1:
            yield l({"dt": parts + [fold, None]}, {"dt": parts + [fold, None]})
        for offset in [0, 3600, -18000, 19800, -1, 1, 86399, -86399]:
            yield l({"dt": parts + [0, offset]}, {"dt": parts + [0, 0]}, {"dt": parts + [0, offset]})
        for offset in ["Europe/Berlin", "UTC"]:
            yield l(*[{"dt": parts[:3] + [12, 0, 0, 5, fold, offset]} for fold in (0, 1)], {"dt": parts + [0, 0]})
    yield l({"dt": [2024, 3, 31, 2, 30, 0, 0, 0, "Europe/Berlin"]}, {"dt": [2024, 3, 31, 2, 30, 0, 0, 1, "Europe/Berlin"]})  # never shown
    yield l({"dt": [2024, 10, 27, 2, 30, 0, 0, 0, "Europe/Berlin"]}, {"dt": [2024, 10, 27, 2, 30, 0, 0, 1, "America/New_York"]})
    for parts in [[0, 0, 0, 0], [23, 59, 59, 999999], [7, 8, 9, 10]]:
        for offset in [None, 0, 19800, "Europe/Berlin", "UTC"]:
            yield l(*[{"ti": parts + [fold, offset]} for fold in (0, 1)], {"dt": [2024, 1, 1, 0, 0, 0, 0, 0, offset]})
            yield l({"dt": [2024, 1, 1, 0, 0, 0, 0, 0, offset]}, {"ti": parts + [0, offset]}, {"g": ["datetime", "time"]})
    for parts in [[1, 1, 1], [2024, 2, 29], [9999, 12, 31]]:
        yield l({"da": parts}, {"da": parts}, {"g": ["datetime", "date"]}, {"dt": parts + [0, 0, 0, 0, 0, None]})
    for parts in [[0, 0, 0], [1, 2, 3], [-1, 86399, 999999], [999999999, 86399, 999999], [-999999999, 0, 0], [300, 70000, 65536]]:
        yield l({"td": parts}, {"td": parts}, {"dt": [2024, 1, 1, 0, 0, 0, 0, 0, 3600]})
    for text in ["0", "5", "-0.00", "19.99", "1E+5", "1E-7", "NaN", "-sNaN12", "Infinity", "-Infinity", "0E+3", "1" * 300, "1E+999999999999999999"]:
        yield l({"D": text}, {"D": text}, s(text), {"g": ["decimal", "Decimal"]})
    for digits in ["0" * 32, "f" * 32, "0123456789abcdef" * 2, "7f" + "0" * 30, "80" + "0" * 30, "0" * 30 + "ff", "0" * 16 + "8" + "0" * 15]:
        yield l({"U": digits}, {"U": digits}, s(digits), {"g": ["uuid", "UUID"]})
    for k in range(65480, 65545, 3):
        yield l(s("a", 40000), b(b"b", k - 40000), {"U": "f" * 32}, {"D": "1.5"}, {"td": [1, 2, 3]}, {"ti": [1, 2, 3, 4, 0, 60]})
    yield {"d": [s("datetime"), {"dt": [2024, 1, 1, 0, 0, 0, 0, 0, 0]}, s("expiry"), {"g": ["datetime", "datetime"]}]}


class Random:
    """One random description."""

    def __init__(self, seed):
        self.rnd, self.ids = random.Random(seed), 0
        self.shared = {"key": [], "any": []}  # what a later place may refer to

    def scalar(self):
        r = self.rnd
        k = r.randrange(9)
        if k == 0:
            return r.choice([None, True, False])
        if k <= 3:
            n = r.randrange(2 ** r.choice([4, 8, 9, 16, 17, 31, 32, 33, 63, 64, 65, 200]))
            return i(r.choice([n, -n]))
        if k == 4:
            return f(r.choice([r.random(), r.randrange(100) / 4]))
        return self.keep(self.text(), "key")

    def text(self):
        r = self.rnd
        n = r.choice([0, 1, 1, 2, 3, 5, 8, 20, 300 if r.random() < 0.05 else 4])
        if r.random() < 0.3:
            return b(r.randbytes(n))
        return s("".join(chr(r.choice([97 + r.randrange(26), 97 + r.randrange(26), 0xE9, 0x4E2D, 0x1F600, 0xDC80])) for _ in range(n)))

    def keep(self, d, kind):
        if self.rnd.random() < 0.4:
            self.ids += 1
            d["id"] = self.ids
            self.shared["any"].append(self.ids)
            if kind == "key":
                self.shared["key"].append(self.ids)
        return d

    def key(self):
        r = self.rnd
        if self.shared["key"] and r.random() < 0.2:
            return {"r": r.choice(self.shared["key"])}
        if r.random() < 0.7:
            return self.keep(self.text(), "key")
        if r.random() < 0.3:
            return t(*[self.key() for _ in range(r.randrange(4))])
        return self.scalar()

    def keys(self, n):
        """Keys of which no two are equal."""
        seen, out, refs = set(), [], {}
        saved = self.shared["key"]
        self.shared["key"] = []  # so that each can be built by itself
        for _ in range(n):
            d = self.key()
            v = build(d, refs)
            if v not in seen:
                seen.add(v)
                out.append(d)
        self.shared["key"] = saved + self.shared["key"]
        # Dropped ones are not there to be referred to.
        text = json.dumps(out)
        for kind in self.shared:
            self.shared[kind] = [x for x in self.shared[kind] if x in saved or x not in refs or '"id": %d}' % x in text]
        return out

    def several(self, depth):
        return [self.value(depth - 1) for _ in range(self.rnd.choice([0, 1, 1, 2, 3, 4, 6]))]

    def pairs(self, depth):
        return [x for k in self.keys(self.rnd.randrange(5)) for x in (k, self.value(depth - 1))]

    def value(self, depth):
        r = self.rnd
        if self.shared["any"] and r.random() < 0.15:
            return {"r": r.choice(self.shared["any"])}
        k = r.randrange(14) if depth > 0 else 0
        if k <= 3:
            return self.scalar()
        if k <= 5:
            return self.container({"l": None}, lambda: self.several(depth))
        if k <= 7:
            return self.container({"d": None}, lambda: self.pairs(depth))
        if k == 8:
            return self.keep({"t": self.several(depth)}, "any")
        if k == 9:
            return self.keep({r.choice("SF"): [i(n) for n in range(r.randrange(6))]}, "any")
        if k == 10:
            return r.choice([lambda: self.keep(b(r.randbytes(r.randrange(4)), name="ba"), "any"), lambda: {"c": [f(r.random())["f"]] * 2},
                             lambda: {"g": r.choice(GLOBALS)}])()
        if k == 11:
            kind = r.randrange(8)
            offset = r.choice([None, 0, 0, 3600 * r.randrange(-12, 13), "Europe/Berlin"])
            if kind == 0:
                return {"D": str(decimal.Decimal(r.randrange(10**5)) / 100)}
            if kind == 1:
                return {"U": r.randbytes(16).hex()}
            if kind == 2:
                return {"da": [r.randrange(1, 9999), r.randrange(1, 13), r.randrange(1, 29)]}
            if kind == 3:
                return {"ti": [r.randrange(24), r.randrange(60), r.randrange(60), r.randrange(10**6), 0, offset]}
            if kind == 4:
                return {"td": [r.randrange(-400, 400), r.randrange(86400), r.randrange(10**6)]}
            return {"dt": [r.randrange(1, 9999), r.randrange(1, 13), r.randrange(1, 29), r.randrange(24), r.randrange(60),
                           r.randrange(60), r.randrange(10**6), 0, offset]}
        o = {"m": r.randrange(3), "g": [MODULE, r.choice(MODELS)], "a": self.several(depth)}
        if o["m"] == 2:
            o["k"] = {"d": [x for n in range(r.randrange(3)) for x in (s("arg%d" % n), self.value(depth - 1))]}
        if r.random() < 0.3:
            o["I"] = self.several(depth)
        if r.random() < 0.3:
            o["P"] = self.pairs(depth)
        if r.random() < 0.7:
            o["st"] = {"d": self.pairs(depth)}
        return self.keep({"o": o}, "any")

    def container(self, d, fill):
        """A list or dict may stand in itself."""
        d = self.keep(d, "any")
        d[next(iter(d))] = fill()
        return d


def main():
    descriptions = list(fixed())
    descriptions += [Random(seed).value(4) for seed in range(3600)]
    out, seen = [], set()
    for d in descriptions:
        text = json.dumps(d, separators=(",", ":"))
        if text in seen or (len(text) > 4000 and len(seen) > 1000):
            continue
        try:
            build(d, {})
        except KeyError:  # refers to what comes only later
            continue
        seen.add(text)
        pickles = {}
        for protocol in range(2, 6):
            p = pickle.dumps(build(json.loads(text), {}), protocol)
            pickles[str(protocol)] = p.hex() if len(p) <= 8 else "sha256:" + hashlib.sha256(p).hexdigest()[:8]
        out.append('{"v":%s,"p":%s}\n' % (text, json.dumps(pickles, separators=(",", ":"))))
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "vectors.jsonl.gz")
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as z:
        z.write("".join(out).encode())
    print(len(out), "vectors")


main()
