"""Values of SESSION_SERIALIZER for sites with pickled sessions.

A session in JSON starts with "{" or with white space. No pickle starts with one of these
bytes, so both serializers read both formats. They differ in what they write.
"""

import datetime
import io
import json
import pickle

import django
from django.conf import settings

from .unpickler import RestrictedUnpickler

__all__ = ["PickleSerializer", "TransitionalSerializer"]

ANY_CLASS = "*"


class PickleSerializer:
    """Writes pickle as the PickleSerializer that Django had until 4.2. Reads JSON too.

    Reading a pickle can run any code. Anyone who knows SECRET_KEY, or can write to the
    session store of an engine without signatures, can then run code on this server.
    """

    protocol = pickle.HIGHEST_PROTOCOL

    def dumps(self, obj):
        return pickle.dumps(obj, self.protocol)

    def loads(self, data):
        if data.lstrip(b" \t\n\r").startswith(b"{"):
            return json.loads(data.decode("latin-1"))
        return self.load_pickle(data)

    def load_pickle(self, data):
        return pickle.loads(data)


class TransitionalSerializer(PickleSerializer):
    """Reads pickle and JSON, and writes JSON: the way out of pickle.

    A pickle may name data types of Python and Django, and the classes and functions that
    the setting DJANGOBRIDGE_PICKLE_CLASSES lists by their dotted paths. Others are refused,
    and the log names them. ["*"] permits all of them, which is as unsafe as
    PickleSerializer.

    dumps raises TypeError for a value that JSON cannot represent. A subclass may convert
    such values in its method default.
    """

    def dumps(self, obj):
        expiry = obj.get("_session_expiry") if isinstance(obj, dict) else None
        # Releases before 4.1 do not read the text.
        if isinstance(expiry, datetime.datetime) and django.VERSION >= (4, 1):
            obj = {**obj, "_session_expiry": expiry.isoformat()}
        return json.dumps(obj, separators=(",", ":"), default=self.default).encode("latin-1")

    def default(self, value):
        """Return a replacement for a value that JSON cannot represent, or raise TypeError."""
        raise TypeError("JSON has no form for %s" % type(value).__name__)

    def load_pickle(self, data):
        classes = getattr(settings, "DJANGOBRIDGE_PICKLE_CLASSES", ())
        if ANY_CLASS in classes:
            return pickle.loads(data)
        return RestrictedUnpickler(io.BytesIO(data), classes).load()
