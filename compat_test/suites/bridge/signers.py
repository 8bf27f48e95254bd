"""The signers and functions of django.core.signing as calls to Go.

base64_hmac stays Django's, because the tests compare signatures with it.
"""

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.utils.crypto import InvalidAlgorithm

from .pipe import UnsafeSeparator, go, wall_clock


def max_age_microseconds(max_age):
    """Return max_age, in seconds or a timedelta, in the form for the pipe; None means no limit."""
    if max_age is None:
        return None
    if not isinstance(max_age, timedelta):
        max_age = timedelta(seconds=max_age)
    return max_age // timedelta(microseconds=1)


class Signer:
    """Has the interface of django.core.signing.Signer."""

    kind = "Signer"
    default_salt = "django.core.signing.Signer"

    # Positional arguments are for the releases before 5.1.
    def __init__(self, *args, key=None, sep=":", salt=None, algorithm=None, fallback_keys=None):
        given = {"key": key, "sep": sep, "salt": salt, "algorithm": algorithm, "fallback_keys": fallback_keys}
        given.update(zip(given, args))
        self.key = given["key"] or settings.SECRET_KEY
        self.sep = given["sep"]
        self.salt = given["salt"] or self.default_salt
        self.algorithm = given["algorithm"] or "sha256"
        fallbacks = given["fallback_keys"]
        self.fallback_keys = list(settings.SECRET_KEY_FALLBACKS if fallbacks is None else fallbacks)
        # Go has the same defaults and uses its own.
        self._given = {name: given[name] or "" for name in ("salt", "algorithm")}
        try:
            self._call("check")
        except InvalidAlgorithm:
            pass  # Django raises this error only when it signs

    def _call(self, op, key=None, **args):
        try:
            return go.call(
                "signing." + op,
                clock=wall_clock(),
                signer=self.kind,
                key=key or self.key,
                fallbacks=self.fallback_keys,
                sep=self.sep,
                **self._given,
                **args,
            )
        # Go decides which error it is; the text is Django's.
        except UnsafeSeparator:
            raise ValueError(
                "Unsafe Signer separator: %r (cannot be empty or consist of only A-z0-9-_=)" % self.sep
            ) from None
        except InvalidAlgorithm:
            raise InvalidAlgorithm(
                "%r is not an algorithm accepted by the hashlib module." % self.algorithm
            ) from None

    def signature(self, value, key=None):
        return self._call("signature", key=key, value=value)

    def sign(self, value):
        return self._call("sign", value="%s" % (value,))

    def unsign(self, signed_value):
        return self._call("unsign", text=signed_value)

    def sign_object(self, obj, serializer=signing.JSONSerializer, compress=False):
        return self._call("sign_object", compress=compress, **serialized(obj, serializer))

    def unsign_object(self, signed_obj, serializer=signing.JSONSerializer, max_age=None):
        raw = serializer is not signing.JSONSerializer
        result = self._call("unsign_object", text=signed_obj, raw=raw, max_age=max_age_microseconds(max_age))
        return serializer().loads(result) if raw else result


class TimestampSigner(Signer):
    """Has the interface of django.core.signing.TimestampSigner."""

    kind = "TimestampSigner"
    default_salt = "django.core.signing.TimestampSigner"

    def timestamp(self):
        return self._call("timestamp")

    def unsign(self, value, max_age=None):
        return self._call("unsign", text=value, max_age=max_age_microseconds(max_age))


def serialized(obj, serializer):
    """Return an object for the pipe: unchanged if Go writes it as JSON, and otherwise as the bytes of its serializer."""
    if serializer is signing.JSONSerializer:
        return {"value": obj}
    return {"data": serializer().dumps(obj)}


def dumps(obj, key=None, salt="", serializer=signing.JSONSerializer, compress=False):
    return go.call(
        "signing.dumps",
        clock=wall_clock(),
        key=key or settings.SECRET_KEY,
        salt=salt,
        compress=compress,
        **serialized(obj, serializer),
    )


def loads(s, key=None, salt="", serializer=signing.JSONSerializer, max_age=None, fallback_keys=None):
    raw = serializer is not signing.JSONSerializer
    result = go.call(
        "signing.loads",
        clock=wall_clock(),
        key=key or settings.SECRET_KEY,
        fallbacks=list(settings.SECRET_KEY_FALLBACKS if fallback_keys is None else fallback_keys),
        salt=salt,
        text=s,
        raw=raw,
        max_age=max_age_microseconds(max_age),
    )
    return serializer().loads(result) if raw else result


def b62_encode(s):
    return go.call("signing.b62_encode", clock=wall_clock(), number=s)


def b62_decode(s):
    return go.call("signing.b62_decode", clock=wall_clock(), text=s)


def install():
    for replacement in (Signer, TimestampSigner, dumps, loads, b62_encode, b62_decode):
        setattr(signing, replacement.__name__, replacement)
