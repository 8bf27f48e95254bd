"""Random Python values, their pickles, and what they are as tagged JSON (see package tagged).

    python -c 'import pickle_values; pickle_values.make()' SEED COUNT PROTOCOL
        prints COUNT lines: the pickle in base64, a tab, the tagged JSON.
    python -c 'import pickle_values; pickle_values.check()' SEED COUNT PROTOCOL
        makes the same values again and reads COUNT lines with two pickles of each: one that has to be the value with all
        that it shares, one that has to be equal to it. Prints a line for each that is not, and "checked" in the end.

The tagged JSON is made from the values alone: by type, or by what __reduce_ex__ says for types that JSON has no tag for.
PYTHONHASHSEED has to be the same for both.
"""

import base64
import collections
import copyreg
import datetime
import decimal
import enum
import functools
import json
import math
import pickle
import random
import re
import sys
import types
import uuid

try:
    import zoneinfo
except ImportError:
    zoneinfo = None
try:
    import pytz
except ImportError:
    pytz = None
try:
    import django
    from django.conf import settings

    settings.configure(INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"], DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}, DEFAULT_AUTO_FIELD="django.db.models.AutoField")
    django.setup()
    from django.contrib.auth.models import Group, User
    from django.utils.safestring import mark_safe
    from django.utils.translation import gettext_lazy
except ImportError:
    django = None


class Plain:
    def __init__(self, **attributes):
        self.__dict__.update(attributes)

    @classmethod
    def build(cls):
        return cls()

    def method(self):
        pass


class Slots:
    __slots__ = ("left", "right")


class SlotsAndDict(Slots):
    pass


class NewArgs:
    def __new__(cls, *args):
        self = object.__new__(cls)
        self.args = args
        return self

    def __getnewargs__(self):
        return self.args


class NewArgsEx:
    def __new__(cls, *args, **kwargs):
        self = object.__new__(cls)
        self.args, self.kwargs = args, kwargs
        return self

    def __getnewargs_ex__(self):
        return self.args, self.kwargs


class Reduced:
    """Says itself how it is made, with all that there is."""

    def __init__(self, first):
        self.first, self.items, self.pairs, self.state = first, [], [], None

    def append(self, item):
        self.items.append(item)

    def extend(self, items):
        self.items.extend(items)

    def __setitem__(self, key, value):
        self.pairs.append((key, value))

    def __setstate__(self, state):
        self.state = state

    def __reduce__(self):
        return type(self), (self.first,), self.state, iter(self.items), iter(self.pairs)


def set_state(obj, state):
    obj.state = state


class WithSetter(Reduced):
    def __reduce__(self):
        return type(self), (self.first,), self.state, None, None, set_state


class Outer:
    class Inner:
        def __init__(self, value):
            self.value = value

    class Mood(enum.Enum):
        GOOD = "good"
        BAD = "bad"


class Color(enum.Enum):
    RED = 1
    GREEN = (2, "x")


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


class Suit(str, enum.Enum):
    HEARTS = "h"


class MyList(list):
    pass


class MyDict(dict):
    pass


class MyTuple(tuple):
    pass


class MyStr(str):
    pass


class MyBytes(bytes):
    pass


class MyInt(int):
    pass


class MyFloat(float):
    pass


class MySet(set):
    pass


class MyFrozenSet(frozenset):
    pass


class MyOrdered(collections.OrderedDict):
    pass


class MyDecimal(decimal.Decimal):
    pass


class MyDate(datetime.date):
    pass


class MyError(Exception):
    pass


class MyZone(datetime.tzinfo):
    def utcoffset(self, moment):
        return datetime.timedelta(hours=3)

    def dst(self, moment):
        return None

    def tzname(self, moment):
        return "mine"


Point = collections.namedtuple("Point", "x y")
Single = collections.namedtuple("Single", "x")

ZONES = [datetime.timezone.utc, datetime.timezone(datetime.timedelta(hours=-5)), datetime.timezone(datetime.timedelta(hours=1), "CET")]
KNOWN_ZONES = [datetime.timezone]
if zoneinfo:
    ZONES += [zoneinfo.ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "UTC")]
    KNOWN_ZONES.append(zoneinfo.ZoneInfo)
if pytz:
    ZONES += [pytz.utc, pytz.FixedOffset(90), pytz.timezone("Etc/GMT+5")]
    berlin = pytz.timezone("Europe/Berlin")
    ZONES += [berlin.localize(datetime.datetime(2024, month, 1)).tzinfo for month in (1, 7)]
    KNOWN_ZONES += [type(zone) for zone in ZONES[-5:]]


class Values:
    """One random value."""

    def __init__(self, seed, protocol):
        self.random = random.Random(seed)
        self.protocol = protocol
        self.shared = []  # what may stand in several places
        self.keys = []

    def text(self):
        r = self.random
        alphabet = ["abcdefg", "abc \n\\'\"", "\u00e9\u00ff\u4e2d\U0001f600", "\x00\x7f\x80\udc80\ud800a"][r.choice([0, 0, 0, 1, 2, 3])]
        return "".join(r.choice(alphabet) for _ in range(r.choice([0, 1, 1, 2, 3, 5, 8, 13, 300 if r.random() < 0.05 else 4])))

    def scalar(self):
        r = self.random
        n = r.randrange(2 ** r.choice([1, 4, 8, 9, 16, 17, 31, 32, 33, 63, 64, 65, 200, 2048]))
        return r.choice(
            [
                lambda: r.choice([None, True, False]),
                lambda: r.choice([n, -n]),
                lambda: r.choice([n, -n]),
                lambda: r.choice([r.random(), r.randrange(100) / 4, -0.0, 1e300, math.inf, -math.inf, math.nan, 5e-324]),
                self.text,
                self.text,
                self.text,
                lambda: r.getrandbits(8 * (n % 20)).to_bytes(n % 20, "big"),
                lambda: complex(r.randrange(9), r.random()),
                self.decimal,
                lambda: uuid.UUID(int=r.getrandbits(128)),
                self.date,
                self.time,
                self.datetime,
                lambda: datetime.timedelta(r.randrange(-400, 400), r.randrange(86400), r.choice([0, r.randrange(10**6)])),
            ]
        )()

    def decimal(self):
        r = self.random
        text = "%d.%02d" % (r.randrange(10**4), r.randrange(100))
        return decimal.Decimal(r.choice([text, text, text, "-" + text, "1E+%d" % r.randrange(30), "1E-%d" % r.randrange(30), "NaN", "-sNaN12", "Infinity", "0E-7", "-0.00"]))

    def date(self):
        return datetime.date(self.random.randrange(1, 10000), self.random.randrange(1, 13), self.random.randrange(1, 29))

    def time(self):
        r = self.random
        zone = r.choice([None, None, r.choice(ZONES), MyZone()])
        return datetime.time(r.randrange(24), r.randrange(60), r.randrange(60), r.choice([0, r.randrange(10**6)]), fold=r.choice([0, 0, 1]), tzinfo=zone)

    def datetime(self):
        r = self.random
        zone = r.choice([None, datetime.timezone.utc, r.choice(ZONES), r.choice(ZONES), MyZone()])
        moment = datetime.datetime(r.randrange(2, 9999), r.randrange(1, 13), r.randrange(1, 29), r.randrange(24), r.randrange(60), r.randrange(60), r.choice([0, r.randrange(10**6)]))
        if r.random() < 0.2:  # around a change of clocks
            moment = datetime.datetime(2024, r.choice([3, 10]), r.choice([27, 31]), 2, r.randrange(60))
        return moment.replace(tzinfo=zone, fold=r.choice([0, 0, 0, 1]))

    def key(self):
        r = self.random
        if self.keys and r.random() < 0.2:
            return r.choice(self.keys)
        key = r.choice([self.text, self.text, self.text, self.scalar, self.scalar, self.enum, lambda: (self.text(), r.randrange(9)), lambda: frozenset([r.randrange(9), self.text()])])()
        if isinstance(key, decimal.Decimal) and key.is_nan() or key != key:  # equal to nothing
            return self.key()
        self.keys.append(key)
        return key

    def enum(self):
        return self.random.choice([Color.RED, Color.GREEN, Level.HIGH, Rights.READ, Rights.READ | Rights.WRITE, Suit.HEARTS, Outer.Mood.BAD])

    def name(self):
        return self.random.choice([int, Plain, Outer.Inner, len, Plain.method, Plain.build, datetime.datetime, collections.OrderedDict, Ellipsis, NotImplemented, type(None), set_state, ValueError, decimal.Decimal])

    def several(self, depth):
        return [self.value(depth - 1) for _ in range(self.random.choice([0, 1, 1, 2, 3, 4, 6]))]

    def pairs(self, depth):
        return [(self.key(), self.value(depth - 1)) for _ in range(self.random.randrange(5))]

    def members(self):
        return [self.key() for _ in range(self.random.randrange(5))]

    def fill(self, container, put):
        """Fill a container that may come to stand in itself."""
        if self.protocol < 2 and isinstance(container, (MyList, MyDict)):
            # Older protocols make these of a copy of what is in them, and end or not if that leads back to them.
            around, self.shared = self.shared, []
            put(container)
            self.shared = around
            return container
        if self.random.random() < 0.2:
            self.shared.append(container)
        put(container)
        return container

    def value(self, depth):
        r = self.random
        if self.shared and r.random() < 0.15:
            return r.choice(self.shared)
        if depth <= 0 or r.random() < 0.2:
            value = self.scalar()
        else:
            value = getattr(self, r.choice(["lists", "lists", "dicts", "dicts", "built_in", "collected", "instance", "instance", "subclass", "of_django"]))(depth)
        if r.random() < 0.2:
            self.shared.append(value)
        return value

    def lists(self, depth):
        if self.random.random() < 0.3:
            return tuple(self.several(depth))
        return self.fill([], lambda v: v.extend(self.several(depth)))

    def dicts(self, depth):
        return self.fill({}, lambda v: v.update(self.pairs(depth)))

    def built_in(self, depth):
        r = self.random
        return r.choice(
            [
                lambda: set(self.members()),
                lambda: frozenset(self.members()),
                lambda: bytearray(r.getrandbits(16).to_bytes(2, "big")),
                lambda: range(r.randrange(9), r.randrange(99), r.randrange(1, 5)),
                lambda: slice(*[r.choice([None, r.randrange(9)]) for _ in range(3)]),
                lambda: r.choice([ValueError, KeyError, ZeroDivisionError])(*self.several(depth)[:1], *self.several(1)[:1]),
                self.enum,
                self.name,
                self.name,
                lambda: functools.partial(int, *self.several(1)[:1], base=2),
            ]
        )()

    def collected(self, depth):
        r = self.random
        return r.choice(
            [
                lambda: collections.OrderedDict(self.pairs(depth)),
                lambda: collections.defaultdict(r.choice([None, int, list, Plain]), self.pairs(depth)),
                lambda: collections.Counter(self.members()),
                lambda: self.fill(collections.deque(maxlen=r.choice([None, 3])), lambda v: v.extend(self.several(depth))),
                lambda: Point(self.value(depth - 1), self.value(depth - 1)),
                lambda: Single(self.value(depth - 1)),
            ]
        )()

    def instance(self, depth):
        r = self.random

        def attributes(obj):
            for name in ("left", "right"):  # of a name of one letter CPython may have two
                if r.random() < 0.7:
                    setattr(obj, name, self.value(depth - 1))

        def both(obj):
            attributes(obj)
            obj.more = self.value(depth - 1)

        def reduced(obj):
            obj.state = r.choice([None, self.value(depth - 1)])
            if type(obj) is Reduced:
                obj.items, obj.pairs = self.several(depth), self.pairs(depth)

        return r.choice(
            [
                lambda: self.fill(Plain(), attributes),
                lambda: self.fill(Plain(), attributes),
                lambda: self.fill(Slots() if self.protocol >= 2 else Plain(), attributes),  # which older ones cannot
                lambda: self.fill(SlotsAndDict() if self.protocol >= 2 else Plain(), both),
                lambda: NewArgs(*self.several(depth)),
                lambda: NewArgsEx(*self.several(depth), **{"left": self.value(depth - 1)}),
                lambda: self.fill(Reduced(self.value(depth - 1)), reduced),
                lambda: self.fill(WithSetter(self.value(depth - 1)), reduced),
                lambda: Outer.Inner(self.value(depth - 1)),
                lambda: self.fill(MyError(*self.several(1)), attributes),
                MyZone,
            ]
        )()

    def subclass(self, depth):
        r = self.random

        def listed(obj):
            obj.extend(self.several(depth))
            if r.random() < 0.5:
                obj.note = self.value(depth - 1)

        return r.choice(
            [
                lambda: self.fill(MyList(), listed),
                lambda: self.fill(MyDict(), lambda v: v.update(self.pairs(depth))),
                lambda: MyTuple(self.several(depth)),
                lambda: MyStr(self.text()),
                lambda: MyBytes(b"bytes"),
                lambda: MyInt(r.randrange(99)),
                lambda: MyFloat(r.random()),
                lambda: MySet(self.members()),
                lambda: MyFrozenSet(self.members()),
                lambda: MyOrdered(self.pairs(depth)),
                lambda: MyDecimal("1.5"),
                lambda: MyDate(2024, 2, 29),
            ]
        )()

    def of_django(self, depth):
        if not django or self.random.random() < 0.5:
            return self.lists(depth)
        return self.random.choice(
            [
                lambda: mark_safe(self.text()) if self.protocol >= 2 else "",  # for older ones it is too recursive
                lambda: gettext_lazy(self.text()),
                lambda: User(id=5, username=self.text(), date_joined=self.datetime()),
                lambda: Group(name=self.text()),
                lambda: User.objects.filter(username="a").none(),
            ]
        )()


def value_of(seed, n, protocol):
    return Values("%s/%s" % (seed, n), protocol).value(4)


class Tagger:
    """Tagged JSON of one value as a pickle of a protocol has it."""

    def __init__(self, protocol):
        self.protocol = protocol
        self.open = {}  # from id to the number of what contains itself, 0 until it does
        self.last = 0
        self.alive = []  # so that no id comes twice

    def tag(self, v):
        t = type(v)
        if v is None or t in (bool, int):
            return v
        if t is str:
            parts = re.split("(?<=[\ud800-\udbff])(?=[\udc00-\udfff])", v)
            return {"$str": parts} if len(parts) > 1 else v
        if t is float:
            return v if math.isfinite(v) else {"$float": repr(v)}
        if t is complex:
            return {"$complex": [self.tag(v.real), self.tag(v.imag)]}
        if t in (bytes, bytearray):
            return {"$" + t.__name__: base64.b64encode(v).decode()}
        if t is decimal.Decimal:
            return {"$decimal": str(v)}
        if t is uuid.UUID:
            return {"$uuid": str(v)}
        if t is datetime.timedelta:
            return {"$timedelta": [v.days, v.seconds, v.microseconds]}
        if t is datetime.date:
            return {"$date": v.isoformat()}
        if t in (datetime.datetime, datetime.time) and (v.tzinfo is None or type(v.tzinfo) in KNOWN_ZONES):
            return {"$" + t.__name__: self.moment(v)}
        if id(v) in self.open:
            if not self.open[id(v)]:
                self.last += 1
                self.open[id(v)] = self.last
            return {"$ref": self.open[id(v)]}
        self.open[id(v)] = 0
        result = self.container(v, t)
        number = self.open.pop(id(v))
        return {"$id": [number, result]} if number else result

    def moment(self, v):
        if self.protocol < 4:  # which have no fold
            v = v.replace(fold=0)
        zone = v.tzinfo
        if zone is not None and not (type(zone) is datetime.timezone and zone == datetime.timezone(zone.utcoffset(None)) and zone.__reduce__()[1][1:] == ()):
            return [v.isoformat(), v.fold, self.tag(zone)]
        return [v.isoformat(), 1] if v.fold else v.isoformat()

    def list(self, items):
        return [self.tag(item) for item in items]

    def container(self, v, t):
        if t is list:
            return self.list(v)
        if t in (tuple, set, frozenset):
            return {"$" + t.__name__: self.list(v)}
        if t is dict:
            if all(type(key) is str and self.tag(key) is key for key in v) and not (len(v) == 1 and next(iter(v)).startswith("$")):
                return {key: self.tag(value) for key, value in v.items()}
            pairs = [[key, value] for key, value in v.items()]
            self.alive.append(pairs)
            return {"$dict": self.list(pairs)}
        if t is types.FunctionType or issubclass(t, type) and v not in (type(None), type(NotImplemented), type(...)):
            return self.name(v, v.__qualname__)
        if issubclass(t, type):
            return self.object((type, ({type(None): None, type(NotImplemented): NotImplemented, type(...): ...}[v],)))
        reduce = copyreg.dispatch_table.get(t)
        reduced = reduce(v) if reduce else v.__reduce_ex__(self.protocol)
        if type(reduced) is str:
            return self.name(v, reduced)
        self.alive.append(reduced)
        return self.object(reduced)

    def name(self, v, name):
        module = getattr(v, "__module__", None) or "builtins"
        parent, _, last = name.rpartition(".")
        if parent and self.protocol < 4:
            holder = sys.modules[module]
            for part in parent.split("."):
                holder = getattr(holder, part)
            return self.object((getattr, (holder, last)))
        return {"$global": [module, name] if parent else module + "." + name}

    def object(self, reduced):
        callable, args, state, items, pairs, setter = tuple(reduced) + (None,) * (6 - len(reduced))
        keys = {}
        name = getattr(callable, "__name__", "")
        if self.protocol >= 2 and name == "__newobj__":
            callable, args = args[0], args[1:]
            keys["new"] = True
        elif self.protocol >= 4 and name == "__newobj_ex__":
            callable, args, keys["kwargs"] = args
            keys["new"] = True
        elif self.protocol >= 2 and name == "__newobj_ex__":
            callable, args = functools.partial(args[0].__new__, args[0], *args[1], **args[2]), ()
            self.alive.append(callable)
        callable = self.tag(callable)
        result = {"class": callable["$global"]} if "$global" in callable else {"callable": callable}
        if "new" in keys:
            result["new"] = True
        if args:
            result["args"] = self.list(args)
        if "kwargs" in keys:
            result["kwargs"] = self.tag(keys["kwargs"])
        if state is not None:
            result["state"] = self.tag(state)
            if setter is not None:
                result["setter"] = self.tag(setter)
        items = list(items or ())
        if items:
            result["items"] = self.list(items)
        pairs = [list(pair) for pair in pairs or ()]
        self.alive.append(pairs)
        if pairs:
            result["pairs"] = self.list(pairs)
        return {"$object": result}


class Tracer(Tagger):
    """All that there is to a value: what stands in several places too if asked for, but not the order of sets."""

    def __init__(self, protocol, shared):
        super().__init__(protocol)
        self.shared, self.seen = shared, {}

    def text(self, v):
        return json.dumps(self.tag(v))

    def container(self, v, t):
        self.alive.append(v)
        if self.shared and id(v) in self.seen:
            return {"$again": self.seen[id(v)]}
        self.seen[id(v)] = len(self.seen)
        if issubclass(t, (set, frozenset)):
            members = sorted((Tracer(self.protocol, False).text(member), n) for n, member in enumerate(v))
            order = list(v)
            return [t.__name__, [self.tag(order[n]) for _, n in members], self.tag(getattr(v, "__dict__", None))]
        return super().container(v, t)


def arguments():
    sys.setrecursionlimit(10000)
    sys.set_int_max_str_digits(0) if hasattr(sys, "set_int_max_str_digits") else None
    seed, count, protocol = sys.argv[1:4]
    protocol = int(protocol)
    return [(n, value_of(seed, n, protocol)) for n in range(int(count))], protocol


def make():
    """See above."""
    values, protocol = arguments()
    for _, value in values:
        pickled = pickle.dumps(value, protocol)
        text = json.dumps(Tagger(protocol).tag(value), separators=(",", ":"))
        sys.stdout.write(base64.b64encode(pickled).decode() + "\t" + text + "\n")


def check():
    values, protocol = arguments()
    for n, value in values:
        for how, text in zip(("shared", "equal"), sys.stdin.readline().split()):
            try:
                again = pickle.loads(base64.b64decode(text))
            except Exception as error:
                print("value %d, %s: does not load: %r" % (n, how, error))
                continue
            if Tracer(protocol, how == "shared").text(value) != Tracer(protocol, how == "shared").text(again):
                print(ascii("value %d, %s: %.300r is now %.300r" % (n, how, value, again)))
    print("checked")
