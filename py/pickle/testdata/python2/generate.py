"""Random values of Python 2, their pickles, and what Go makes of them. Run with Python 2.7.

usage: generate.py              writes vectors.jsonl.gz
       generate.py --check N    has Go rewrite N random pickles, loads what Go wrote, and compares all types

Each line of the vectors is {"pickle": hex, "protocol": N, "by": "pickle" or "cPickle", "canon": text}. The text says what
is loaded, types included; canon below writes it, and canon2 in python2_test.go.
"""
import array, cPickle, collections, copy_reg, datetime, decimal, gzip, io, json, os, pickle, random, struct
import subprocess, sys, types, uuid, warnings, UserDict

HERE = os.path.dirname(os.path.abspath(__file__))


class Plain:
    pass


class Child(Plain):
    pass


class WithArgs:
    def __init__(self, *args):
        self.args = args

    def __getinitargs__(self):
        return self.args


class WithState:
    def __getstate__(self):
        return self.state

    def __setstate__(self, state):
        self.state = state


class New(object):
    pass


class Slots(object):
    __slots__ = ("a", "b")


class Reduced(object):
    def __init__(self, *args):
        self.args = args

    def __reduce__(self):
        return Reduced, self.args, self.__dict__


class Dict(dict):
    pass


class List(list):
    pass


class Set(set):
    pass


class Str(str):
    pass


class Unicode(unicode):
    pass


class Int(int):
    pass


class Long(long):
    pass


class Tuple(tuple):
    pass


class FixedOffset(datetime.tzinfo):
    """As Django has it."""

    def __init__(self, offset=None, name=None):
        if offset is not None:
            self.offset = datetime.timedelta(minutes=offset)
        if name is not None:
            self.name = name

    def utcoffset(self, dt):
        return self.offset

    def dst(self, dt):
        return datetime.timedelta(0)

    def tzname(self, dt):
        return self.name


shop = types.ModuleType("shop.models")
sys.modules["shop"], sys.modules["shop.models"] = types.ModuleType("shop"), shop
for thing in [Plain, Child, WithArgs, WithState, New, Slots, Reduced, Dict, List, Set, Str, Unicode, Int, Long, Tuple, FixedOffset]:
    thing.__module__ = "shop.models"
    setattr(shop, thing.__name__, thing)

CLASSES = [
    int, long, str, unicode, basestring, xrange, range, map, filter, zip, chr, unichr, len, object, type, set, StandardError,
    ValueError, OSError, IOError, UserDict.UserDict, UserDict.IterableUserDict, collections.OrderedDict, Plain, New, reduce, intern,
]


class Random(object):
    def __init__(self, seed):
        self.rnd = random.Random(seed)
        self.made = []  # what may stand once more
        self.keys = []

    def text(self):
        r = self.rnd
        n = r.choice([0, 1, 1, 2, 3, 5, 8, 20, 255, 256] if r.random() < 0.1 else [0, 1, 2, 3, 5, 8])
        kind = r.randrange(4)
        if kind == 0:
            return u"".join(unichr(r.choice([97 + r.randrange(26), 0xE9, 0x4E2D, 0xD800, 10, 92])) for _ in range(n))
        if kind == 1:
            return "".join(chr(r.randrange(256)) for _ in range(n))
        s = "".join(chr(97 + r.randrange(26)) for _ in range(n))
        return s if kind == 2 else s.decode("ascii")

    def scalar(self):
        r = self.rnd
        kind = r.randrange(10)
        if kind == 0:
            return r.choice([None, True, False])
        if kind in (1, 2):
            bits = r.choice([1, 3, 8, 9, 16, 17, 31, 32, 33, 40, 47, 48, 62, 63])
            return int(r.choice([1, -1]) * r.choice([r.getrandbits(bits), 2 ** bits - 1, min(2 ** bits, sys.maxint), 0]))
        if kind in (3, 4):
            bits = r.choice([1, 3, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 2039, 2040, 2041])
            return long(r.choice([1, -1]) * r.choice([r.getrandbits(bits), 2 ** bits - 1, 2 ** bits, 0]))
        if kind == 5:
            return r.choice([0.0, -0.0, 1.5, 1e300, float("inf"), float("-inf"), r.random()])
        return self.text()

    def key(self, depth=1):
        r = self.rnd
        if self.keys and r.random() < 0.2:
            return r.choice(self.keys)
        if depth and r.random() < 0.2:
            return tuple(self.key(depth - 1) for _ in range(r.randrange(4)))
        k = self.scalar()
        if r.random() < 0.4:
            self.keys.append(k)
        return k

    def several(self, depth):
        return [self.value(depth - 1) for _ in range(self.rnd.choice([0, 1, 1, 2, 3, 4, 6]))]

    def attributes(self, depth):
        return dict(("a%d" % n, self.value(depth - 1)) for n in range(self.rnd.randrange(4)))

    def keep(self, v):
        if self.rnd.random() < 0.5:
            self.made.append(v)
        return v

    def value(self, depth):
        r = self.rnd
        if self.made and r.random() < 0.15:
            return r.choice(self.made)
        if depth <= 0 or r.random() < 0.25:
            return self.scalar()
        make = r.choice([self.list, self.dict, self.tuple, self.set, self.old, self.old, self.old, self.new, self.known])
        return make(depth)

    def list(self, depth):
        v = self.keep([])
        v.extend(self.several(depth))
        return v

    def dict(self, depth):
        v = self.keep({})
        for _ in range(self.rnd.choice([0, 1, 2, 3, 5, 12])):
            v[self.key()] = self.value(depth - 1)
        return v

    def tuple(self, depth):
        return self.keep(tuple(self.several(depth)))

    def set(self, depth):
        return self.keep(self.rnd.choice([set, frozenset])(self.key() for _ in range(self.rnd.randrange(5))))

    def old(self, depth):
        cls = self.rnd.choice([Plain, Child, WithArgs, WithState, UserDict.UserDict])
        if cls is WithArgs:
            v = self.keep(WithArgs(*self.several(depth - 1)))
            v.__dict__.update(self.attributes(depth))
            return v
        v = self.keep(types.InstanceType(cls))
        if cls is WithState:
            v.state = [self.value(depth - 1)]
        elif cls is UserDict.UserDict:
            v.data = {}
            v.data.update(self.dict(depth))
        else:
            v.__dict__.update(self.attributes(depth))
        return v

    def new(self, depth):
        r = self.rnd
        cls = r.choice([New, Slots, Reduced, Dict, List, Str, Unicode, Int, Long, Tuple])
        if cls is Slots:
            v = self.keep(Slots())
            v.a = self.value(depth - 1)
            return v
        if cls is Reduced:
            v = self.keep(Reduced(*self.several(depth)))
        elif cls in (Str, Unicode):
            v = self.keep(cls("".join(chr(97 + r.randrange(26)) for _ in range(3))))
        elif cls in (Int, Long):
            v = self.keep(cls(r.randrange(-1000, 1000)))
        elif cls is Tuple:
            v = self.keep(Tuple(self.several(depth)))
        else:
            v = self.keep(cls())
            if cls is Dict:
                v.update(self.dict(depth))
            elif cls is List:
                v.extend(self.several(depth))
        v.__dict__.update(self.attributes(depth))
        return v

    def known(self, depth):
        r = self.rnd
        date = r.randrange(1, 9999), r.randrange(1, 13), r.randrange(1, 29)
        clock = r.randrange(24), r.randrange(60), r.randrange(60), r.randrange(10 ** 6)
        zone = r.choice([None, FixedOffset(60, "CET"), FixedOffset(-90)])
        return self.keep(r.choice([
            lambda: datetime.datetime(*(date + clock), tzinfo=zone),
            lambda: datetime.date(*date),
            lambda: datetime.time(*clock, tzinfo=zone),
            lambda: datetime.timedelta(r.randrange(-999, 999), r.randrange(86400), r.randrange(10 ** 6)),
            lambda: decimal.Decimal(r.randrange(10 ** 6)) / 100,
            lambda: uuid.UUID(int=r.getrandbits(r.choice([1, 40, 128]))),
            lambda: complex(r.random(), r.random()),
            lambda: bytearray(r.choice(["", "abc", "\xff\x00"])),
            lambda: r.choice(CLASSES),
            lambda: collections.OrderedDict((self.key(), self.value(depth - 1)) for _ in range(3)),
            lambda: collections.defaultdict(r.choice([int, long, str, list, None]), self.dict(depth)),
            lambda: collections.Counter([self.key() for _ in range(3)]),
            lambda: collections.deque(self.several(depth), 9),
            lambda: array.array("i", [1, 2]),
            lambda: ValueError("no", self.value(depth - 1)),
        ])())


def session(seed):
    """Any value, or a dict with str for keys as a session is."""
    r = Random(seed)
    if seed % 3:
        return r.value(4)
    d = {"_auth_user_id": r.rnd.choice([1, 1L, "1", u"1"]), "_auth_user_backend": "django.contrib.auth.backends.ModelBackend"}
    for n in range(r.rnd.randrange(5)):
        d[r.rnd.choice(["name%d", u"name%d"]) % n] = r.value(3)
    return d


def fixed():
    warnings.simplefilter("ignore")  # of str that is not equal to unicode
    loop = Plain()
    loop.me, loop.others = loop, [loop]
    with_args = WithArgs("a", u"b", 1, 1L, [loop])
    with_args.more = {"x": with_args}
    deep = WithArgs(WithArgs(WithArgs(), Plain()), WithArgs(1))
    bare = types.InstanceType(Plain)
    recursive = []
    recursive.append((recursive, loop))
    yield loop
    yield [with_args, with_args, loop]
    yield deep
    yield [bare, bare, types.InstanceType(Plain)]
    yield recursive
    yield {loop: 1, bare: 2, ("a", u"b"): 3}
    yield {"a": 1, u"b": 2, "\xe9": 3, u"\xe9": 4, 1L: 5, 2: 6, 2 ** 40: 7, long(2 ** 41): 8}
    yield [0, 0L, 1, 1L, -1, -1L, 2 ** 31 - 1, 2 ** 31, -2 ** 31, -2 ** 31 - 1, sys.maxint, -sys.maxint - 1, sys.maxint + 1]
    yield [long(n) for n in (127, 128, 255, 256, -128, -129, -255, -256, 32767, 32768, 2 ** 31 - 1, 2 ** 31, 2 ** 63 - 1, -2 ** 63)]
    yield CLASSES
    for make in collections.deque, List, Set:  # what they make to be their arguments has them in it
        v, o = make(), Plain()
        o.me, o.last = v, [v]
        for item in o, "after":
            (v.add if make is Set else v.append)(item)
        yield v
    for make in collections.OrderedDict, Dict, collections.Counter:
        v, o = make(), Plain()
        o.me, o.last = v, [v]
        v["a"], v["b"], v["c"] = 1, o, 3
        yield v


# How the types of Python 2 look in text.
def canon(v, path=()):
    """What v is, to any depth but that of what contains itself."""
    t = type(v)
    if v is None:
        return "N"
    if t is bool:
        return "T" if v else "F"
    if t is int or t is long:
        return ("i%d" if t is int else "l%d") % v
    if t is float:
        return "f" + struct.pack(">d", v).encode("hex")
    if t is str:
        return "s" + v.encode("hex")
    if t is unicode:
        return "u" + v.encode("utf-8").encode("hex")
    if t in (type, types.ClassType, types.BuiltinFunctionType, types.FunctionType):
        return "g%s.%s" % (v.__module__, v.__name__)
    if id(v) in path:
        return "^%d" % (len(path) - path.index(id(v)))
    path += (id(v),)

    def inner(items):
        return "".join(canon(x, path) + "," for x in items)

    def entries(d):
        return "".join(sorted(canon(k, path) + ":" + canon(x, path) + "," for k, x in d.items()))

    if t is list:
        return "[" + inner(v) + "]"
    if t is tuple:
        return "(" + inner(v) + ")"
    if t is dict:
        return "{" + entries(v) + "}"
    if t is set:
        return "<" + "".join(sorted(canon(x, path) + "," for x in v)) + ">"
    if t is frozenset:
        return "|" + "".join(sorted(canon(x, path) + "," for x in v)) + "|"
    if t is types.InstanceType:
        args = v.__getinitargs__() if hasattr(v, "__getinitargs__") else ()
        # What is in the attributes counts, not which dict they are in: each instance has its own.
        state = canon(v.__getstate__(), path) if hasattr(v, "__getstate__") else "{" + entries(v.__dict__) + "}"
        return "o%s(%s)%s" % (canon(v.__class__), inner(args), state)
    return "?"  # made in ways that differ from protocol to protocol


def is_plain(text):
    return "?" not in text and "^" not in text


def same(a, b, twins):
    """Says where a and b differ, None if nowhere. What a shares, b has to share."""
    if type(a) is not type(b):
        return "%s and %s" % (type(a), type(b))
    if a is None or type(a) in (bool, int, long, str, unicode) or type(a) in (type, types.ClassType, types.BuiltinFunctionType):
        return None if a == b else "%r and %r" % (a, b)
    if type(a) is float:
        return None if struct.pack("d", a) == struct.pack("d", b) else "%r and %r" % (a, b)
    if id(a) in twins or a is b:
        return None if a is b or twins[id(a)][1] is b else "shared otherwise"
    if not (type(a) is tuple and not a):
        twins[id(a)] = a, b  # both, so that nothing else gets the address
    if isinstance(a, (set, frozenset)) or isinstance(a, dict) and not isinstance(a, collections.OrderedDict):
        if len(a) != len(b):
            return "other sizes"
        theirs = dict((canon(k), k) for k in b)
        if all(is_plain(canon(k)) for k in a):
            pairs = [(k, theirs.get(canon(k), same)) for k in a]
        else:  # of such keys there is one in a dict at most
            pairs = zip(sorted(a, key=canon), sorted(b, key=canon))
        for k, l in pairs:
            if l is same:
                return "no %r" % (k,)
            problem = same(k, l, twins) or isinstance(a, dict) and same(a[k], b[l], twins)
            if problem:
                return problem
    elif isinstance(a, collections.OrderedDict):
        problem = same(list(a.items()), list(b.items()), twins)
        if problem:
            return problem
    elif isinstance(a, (list, tuple, collections.deque)):
        if len(a) != len(b):
            return "other lengths"
        for x, y in zip(a, b):
            problem = same(x, y, twins)
            if problem:
                return problem
    elif isinstance(a, (str, unicode, int, long)):
        if a != b:
            return "%r and %r" % (a, b)
    elif isinstance(a, (datetime.date, datetime.time)):
        if repr(a).split(", tzinfo")[0] != repr(b).split(", tzinfo")[0]:
            return "%r and %r" % (a, b)
        return same(getattr(a, "tzinfo", None), getattr(b, "tzinfo", None), twins)
    elif isinstance(a, Exception):
        return same(a.args, b.args, twins)
    elif isinstance(a, Slots):
        return same([getattr(a, "a", None)], [getattr(b, "a", None)], twins)
    elif isinstance(a, collections.defaultdict):
        return same(a.default_factory, b.default_factory, twins)
    elif type(a) is uuid.UUID:
        return same(a.int, b.int, twins)
    elif type(a) is types.InstanceType:
        if a.__class__ is not b.__class__:
            return "%s and %s" % (a.__class__, b.__class__)
    elif not hasattr(a, "__dict__"):
        return None if a == b else "%r and %r" % (a, b)
    if isinstance(a, collections.defaultdict):
        problem = same(a.default_factory, b.default_factory, twins)
        if problem:
            return problem
    if hasattr(a, "__dict__") and not isinstance(a, collections.OrderedDict):
        return same(a.__dict__, b.__dict__, twins)
    return None


def pickles(v):
    for protocol in 0, 1, 2:
        for module in pickle, cPickle:
            try:
                data = module.dumps(v, protocol)
            except Exception:  # Python cannot pickle itself what is in its own arguments
                continue
            yield protocol, module, data


def write_vectors():
    lines = []
    for v in list(fixed()) + [session(seed) for seed in range(1200)]:
        for protocol, module, data in pickles(v):
            if len(data) < 1500:
                text = canon(module.loads(data))
                lines.append(json.dumps({"pickle": data.encode("hex"), "protocol": protocol, "by": module.__name__, "canon": text}, sort_keys=True))
    with open(os.path.join(HERE, "vectors.jsonl.gz"), "wb") as raw:
        z = gzip.GzipFile("", "wb", 9, raw, mtime=0)
        z.write("\n".join(lines) + "\n")
        z.close()
    print len(lines), "vectors"


def check(n):
    go = subprocess.Popen(["go", "run", "./rewrite"], cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    cases = []
    values = list(fixed()) + [session(seed) for seed in range(10 ** 6, 10 ** 6 + n)]
    for v in values:
        for protocol, module, data in pickles(v):
            try:
                module.loads(data)
            except Exception:
                continue
            cases.append((protocol, module, data))
    out, _ = go.communicate("".join(data.encode("hex") + "\n" for _, _, data in cases))
    written = out.split("\n")[:-1]
    assert len(written) == len(cases), (len(written), len(cases))
    bad = 0
    for (protocol, module, data), line in zip(cases, written):
        want = module.loads(data)
        if line.startswith("error"):
            problem = line
        else:
            problem = None
            for loads in pickle.loads, cPickle.loads:
                try:
                    problem = problem or same(want, loads(line.decode("hex")), {})
                except Exception as e:
                    problem = "cannot be loaded: %r" % e
        if problem:
            bad += 1
            if bad <= 20:
                print "%s %d: %.200s\n  %r\n  %r" % (module.__name__, protocol, problem, data[:300], line.decode("hex")[:300] if line[:5] != "error" else line)
    print "%d values, %d pickles, %d with a difference" % (len(values), len(cases), bad)
    return bad


if __name__ == "__main__":
    if sys.argv[1:2] == ["--check"]:
        sys.exit(check(int(sys.argv[2])) > 0)
    write_vectors()
