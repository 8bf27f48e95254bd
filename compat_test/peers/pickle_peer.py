"""What the tests of PickleSerializer have a Django do; see peer.py. The functions become methods of its Peer."""

import collections
import datetime
import decimal
import enum
import pickle
import uuid


class Colour(enum.Enum):
    RED = 1


Point = collections.namedtuple("Point", "x y")


class Thing:
    def __init__(self, **values):
        self.__dict__.update(values)

    def __eq__(self, other):
        return type(self) is type(other) and same(self.__dict__, other.__dict__)


class Owned:
    """An object whose pickle has Python call a function."""

    called = 0

    def __reduce__(self):
        return call, ()


def call():
    Owned.called += 1
    return "called"


def values():
    """Return a session with values of each kind, made anew."""
    from django.contrib.auth.models import User
    from django.utils import timezone
    from django.utils.safestring import mark_safe
    from django.utils.translation import gettext_lazy

    utc, india = datetime.timezone.utc, datetime.timezone(datetime.timedelta(hours=5, minutes=30))
    moment = datetime.datetime(2023, 11, 14, 22, 13, 20, 500000)
    text, numbers = "a text in two places", [1, 2]
    loop = {"name": "loop"}
    loop["self"] = loop
    user = User(pk=7, username="ada", date_joined=moment.replace(tzinfo=utc))
    found = {
        "none": None,
        "ints": [0, -1, 255, 256, 2**31, 2**63, -(10**40)],
        "floats": [0.0, -0.0, 1e16, float("nan"), float("inf")],
        "texts": ["", "h\u00e9\u2603\U0001f600", "\ud83d", "\0\n\\u0041"],
        "bytes": [b"", b"\xff\0", bytearray(b"\xff")],
        "tuples": ((), (1,), (1, (2, [3]), 4, 5)),
        "keys": {1: "a", (1, "b"): "c", None: 2, b"d": 3, frozenset([1]): 4},
        "sets": [set(), {1, 2}, frozenset([(1,)])],
        "complex": 1.5 - 2j,
        "cart": [{"sku": uuid.UUID(int=n), "price": decimal.Decimal("19.90"), "n": n} for n in range(3)],
        "decimals": [decimal.Decimal(text) for text in ("0.00", "-1E+30", "NaN", "Infinity")],
        "moments": [moment, moment.replace(tzinfo=utc), moment.replace(tzinfo=india), timezone.now()],
        "days": [datetime.date(2023, 11, 14), datetime.time(1, 2, 3), datetime.timedelta(-1, 2, 3)],
        "ordered": collections.OrderedDict([("b", 1), ("a", [2])]),
        "default": collections.defaultdict(list, a=[1]),
        "counter": collections.Counter("aab"),
        "deque": collections.deque([1, 2], 5),
        "point": Point(1, y=2),
        "colour": Colour.RED,
        "range": [range(1, 10, 2), slice(1, None, 2), Ellipsis],
        "error": ValueError("bad", 1),
        "thing": Thing(a=1, b=[Thing(c="\u00e9")]),
        "classes": [int, decimal.Decimal, User],
        "safe": mark_safe("<b>hi</b>"),
        "lazy": gettext_lazy("Password"),
        "user": user,
        "users": [user, user],
        "query": str(User.objects.filter(pk=1).query),
        "shared": [text, text, numbers, numbers],
        "loop": loop,
        "_auth_user_id": "7",
    }
    return found


def same(a, b, seen=None):
    """Report whether two values are the same, their types and the types of all in them included."""
    from django.db.models import Model
    from django.utils.functional import Promise

    seen = set() if seen is None else seen
    if (id(a), id(b)) in seen:
        return True
    seen.add((id(a), id(b)))
    if type(a).__qualname__ != type(b).__qualname__:
        return False
    if isinstance(a, Promise):
        return str(a) == str(b)
    if isinstance(a, Model):
        return same(attributes(a), attributes(b), seen)
    if isinstance(a, dict):
        return list(map(repr, a)) == list(map(repr, b)) and all(same(x, y, seen) for x, y in zip(a.values(), b.values()))
    if isinstance(a, (list, tuple, collections.deque)):
        return len(a) == len(b) and all(same(x, y, seen) for x, y in zip(a, b))
    if isinstance(a, Exception):
        return repr(a) == repr(b)
    return a == b or repr(a) == repr(b) == "nan" or repr(a) == repr(b) == "Decimal('NaN')"


def attributes(model):
    """Return what a model instance has, without what pickling adds."""
    return {name: value for name, value in vars(model).items() if name not in ("_state", "_django_version")}


def do_pickle_create(self):
    session = self.store()
    session.update(values())
    session.create()
    return session.session_key


def do_pickle_differences(self, key, but=()):
    """Return the names of which the stored session has other values than values(), but for some."""
    found, want = dict(self.store(key).items()), values()
    want["moments"][3:] = found.get("moments", [])[3:]  # of the clock
    names = [name for name in want if name not in but and (name not in found or not same(found[name], want[name]))]
    names += [name for name in found if name not in want and name not in but]
    if found["shared"][2] is not found["shared"][3] or found["users"][0] is not found["users"][1] or found["user"] is not found["users"][0]:
        names.append("shared: not the same object")
    if found["loop"]["self"] is not found["loop"]:
        names.append("loop: does not contain itself")
    return names


def do_pickle_wrong(self, key, expected):
    """Return the names of which the stored session has another value than a Python expression, with what it has."""
    names = {"datetime": datetime, "decimal": decimal, "uuid": uuid, "collections": collections}
    session = self.store(key)
    wrong = {name: repr(session.get(name)) for name, code in expected.items() if not same(session.get(name), eval(code, names))}
    return {**wrong, **{name: "is there" for name in session.keys() if name not in expected}}


def do_pickle_type(self, key, name):
    return type(self.store(key)[name]).__name__


def do_pickle_expiry(self, key, seconds, aware):
    """Set an expiry as a timedelta, or as a datetime of this many seconds from now."""
    from django.utils import timezone

    session = self.store(key)
    delta = datetime.timedelta(seconds=seconds)
    session.set_expiry(timezone.now() + delta if aware else delta)
    session.save()


def do_pickle_payload(self, key):
    """Return the pickle that the row has."""
    from django.core import signing

    row = self.store.get_model_class().objects.get(pk=key).session_data

    class Raw:
        def loads(self, data):
            return data

    if ":" in row:
        raw = signing.loads(row, salt=self.store().key_salt, serializer=Raw)
    else:
        import base64

        raw = base64.b64decode(row).partition(b":")[2]
    return raw.decode("latin-1")


def do_pickle_owned(self):
    """Create a session that has Python call a function when it is read."""
    session = self.store()
    session["owned"], session["n"] = Owned(), 1
    session.create()
    return session.session_key


def do_pickle_called(self, key):
    """Return how often that function was called, before and after this process reads the session."""
    before = Owned.called
    value = self.store(key)["owned"]
    return {"before": before, "after": Owned.called, "value": value}
