"""An unpickler that only calls what a session of plain values needs."""

import logging
import pickle

from django.utils.safestring import SafeString

__all__ = ["RestrictedUnpickler"]

logger = logging.getLogger("djangobridge.serializers")

# The data types that a pickle may name.
DATA_TYPES = frozenset(
    """
    builtins.complex builtins.frozenset builtins.set
    collections.Counter collections.OrderedDict collections.deque
    datetime.date datetime.datetime datetime.time datetime.timedelta datetime.timezone
    decimal.Decimal
    pytz._UTC pytz._p
    uuid.UUID
    """.split()
)
SAFE_STRINGS = ("SafeString", "SafeText", "SafeUnicode")

# Flags of a type in C.
HEAP_TYPE, IMMUTABLE_TYPE = 1 << 9, 1 << 8


class RestrictedUnpickler(pickle.Unpickler):
    """Refuses each class and function that is neither a data type nor listed.

    A class that a pickle names as a value is not the class itself. That prevents a pickle
    from changing attributes of the class.
    """

    def __init__(self, file, classes=()):
        super().__init__(file)
        self.classes = frozenset(classes)

    def find_class(self, module, name):
        path = "%s.%s" % ("builtins" if module == "__builtin__" else module, name)
        if module == "django.utils.safestring" and name in SAFE_STRINGS:
            return stand_in(SafeString, arguments=str)
        if path == "builtins.bytearray":
            return stand_in(bytearray, arguments=(str, bytes))
        if path == "builtins.bytes":  # in protocol 2, the empty bytes
            return stand_in(bytes, arguments=())
        if path == "builtins.getattr":
            return stand_in(time_zone_method)
        if path in ("zoneinfo.ZoneInfo", "backports.zoneinfo.ZoneInfo"):
            return TimeZone(self.found(module, name, path))
        if path == "_codecs.encode":
            return stand_in(latin1)
        if path in DATA_TYPES or path in self.classes:
            found = self.found(module, name, path)
            return found if is_immutable(found) else stand_in(found)
        if not path.replace(".", "").isidentifier() or len(path) > 200:
            path = "something else"
        raise refusal("names %s: if that is safe, add it to DJANGOBRIDGE_PICKLE_CLASSES", path)

    def found(self, module, name, path):
        try:
            return super().find_class(module, name)
        except (ImportError, AttributeError):
            raise refusal("names %s, which cannot be imported", path) from None


def refusal(problem, *args):
    """Return the error of a refused pickle. Django only treats its session as empty."""
    logger.error("A pickled session was ignored, because it " + problem, *args)
    return pickle.UnpicklingError("the pickle is refused")


def is_immutable(found):
    flags = found.__flags__ if isinstance(found, type) else HEAP_TYPE
    return bool(flags & IMMUTABLE_TYPE or not flags & HEAP_TYPE)


def stand_in(real, arguments=object):
    """Return a new object that creates what real creates, but shares no attributes with it.

    Each argument must be an instance of arguments. Otherwise, a short pickle could make a
    text of any length from a nested list, or a bytearray from a number.
    """

    def check(args):
        if not all(isinstance(arg, arguments) for arg in args):
            raise refusal("creates a value from an argument of another type")

    def call(*args, **kwargs):
        check(args)
        return real(*args, **kwargs)

    if not isinstance(real, type):
        return call

    class Caller(type):
        def __call__(cls, *args, **kwargs):
            return call(*args, **kwargs)

    class StandIn(metaclass=Caller):
        def __new__(cls, *args, **kwargs):  # of the opcode NEWOBJ, which does not call __init__
            check(args)
            return real.__new__(real, *args, **kwargs)

    return StandIn


class TimeZone:
    """The class ZoneInfo, of which a pickle needs one method."""

    __slots__ = ("zone_info",)

    def __init__(self, zone_info):
        self.zone_info = zone_info


def time_zone_method(owner, name):
    """Take the place of getattr, with which zoneinfo pickles its time zones."""
    if isinstance(owner, TimeZone) and name == "_unpickle":
        zone_info = owner.zone_info
        return lambda key, *_: zone_info(key)
    raise refusal("asks for an attribute")


def latin1(text, encoding):
    """Take the place of the function by which old protocols contain bytes."""
    if isinstance(text, str) and encoding in ("latin1", "latin-1"):
        return text.encode("latin-1")
    raise refusal("has bytes in another encoding")
