"""Django's password hashers, with Go underneath: new salts, checks of passwords, and when a password is stored anew."""

from contextlib import suppress
from unittest import mock

from django.contrib.auth import hashers

from .pipe import go, wall_clock
from .site import current_settings

PARAMETERS = ("iterations", "rounds", "time_cost", "memory_cost", "parallelism", "work_factor", "block_size", "maxmem")
PARAMETERS += ("salt_entropy",)
DjangosMakePassword, DjangosCheckPassword = hashers.make_password, hashers.check_password
verify = {}  # Django's methods, by class


def path(cls):
    return "%s.%s" % (cls.__module__, cls.__qualname__)


def facts(hasher):
    """Return a hasher as djangosession.SettingsScript describes it, with changes that a test makes to the object."""
    cls = hasher.__class__
    values = {name: getattr(hasher, name, None) for name in PARAMETERS}
    own = sorted(name for name in PARAMETERS if name in vars(cls)) if not path(cls).startswith("django.") else []
    return {
        "class": path(cls),
        "algorithm": hasher.algorithm,
        "mro": [path(base) for base in cls.__mro__],
        "overrides": {path(cls): own} if own else {},
        "parameters": {name: value for name, value in values.items() if isinstance(value, int)},
    }


def call(op, used, **args):
    used = [facts(hasher) for hasher in used]
    changes = {"PASSWORD_HASHERS": [hasher["class"] for hasher in used], "HASHERS": used}
    return go.call("password." + op, clock=wall_clock(), site={"settings": {**current_settings(), **changes}}, **args)


def text_of(value):
    """Return str or UTF-8 bytes as text; None for what only Python can hash."""
    if isinstance(value, bytes):
        with suppress(UnicodeDecodeError):
            return value.decode()
        return None
    return value if isinstance(value, str) else None


def make_password(password, salt=None, hasher="default"):
    text = text_of(password)
    if text is None or salt is not None or not hasattr(hashers.get_hasher(hasher), "algorithm"):
        return DjangosMakePassword(password, salt, hasher)
    hasher = hashers.get_hasher(hasher)
    if base_of(hasher).__name__.startswith(("MD5", "SHA1", "Unsalted")):  # Go only verifies these
        return DjangosMakePassword(password, salt, hasher)
    encoded = call("make", [hasher], password=text)
    assert verify[base_of(hasher)](hasher, password, encoded), "Django does not verify what Go has made"
    return encoded


def check_password(password, encoded, setter=None, preferred="default"):
    text = text_of(password)
    if text is None or not isinstance(encoded, str) or isinstance(hashers.identify_hasher, mock.Mock):
        return DjangosCheckPassword(password, encoded, setter, preferred)
    first = hashers.get_hasher(preferred)
    if isinstance(first.must_update, mock.Mock):  # a test watches what Python calls
        return DjangosCheckPassword(password, encoded, setter, preferred)
    others = [hasher for hasher in hashers.get_hashers() if hasher.algorithm != first.algorithm]
    correct, anew = call("check", [first] + others, password=text, encoded=encoded)
    if setter and correct and anew:
        setter(password)
    return correct


async def acheck_password(password, encoded, setter=None, preferred="default"):
    return check_password(password, encoded, setter, preferred)


def base_of(hasher):
    return next(cls for cls in type(hasher).__mro__ if cls in verify)


def go_verify(self, password, encoded):
    text = text_of(password)
    if text is None:
        return verify[base_of(self)](self, password, encoded)
    return call("check", [self], password=text, encoded=encoded)[0]


def install():
    for cls in list(vars(hashers).values()):
        if isinstance(cls, type) and issubclass(cls, hashers.BasePasswordHasher) and cls.algorithm and cls.__name__ != "CryptPasswordHasher":
            verify[cls] = cls.verify
    for cls in verify:
        cls.verify = go_verify
    hashers.make_password, hashers.check_password = make_password, check_password
    if hasattr(hashers, "acheck_password"):
        hashers.acheck_password = acheck_password
