"""A session in which every method is a call to Go."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.signing import BadSignature
from django.utils import timezone
from django.utils.module_loading import import_string

from .pipe import Refused, go, microseconds
from .site import current_settings

REQUIRED = object()


class SessionBase:
    """Has the interface of django.contrib.sessions.backends.base.SessionBase and none of its code."""

    # The value of SESSION_ENGINE for Go. The engine "base" of the Go process implements nothing, like Django's class.
    engine = "base"

    TEST_COOKIE_NAME = "testcookie"
    TEST_COOKIE_VALUE = "worked"

    def __init__(self, session_key=None):
        self._session_key = session_key

    # Attributes that the tests' own stores override. Go receives them as the settings and the table of a site.

    def get_session_cookie_age(self):
        return settings.SESSION_COOKIE_AGE

    @property
    def key_salt(self):
        return "django.contrib.sessions." + self.__class__.__qualname__

    @classmethod
    def _site(cls, cookie_age=None):
        """Return what Go needs to know about the site."""
        changes = {"SESSION_ENGINE": cls.engine, "SESSION_STORE": cls.__qualname__}
        if cookie_age is not None:
            changes["SESSION_COOKIE_AGE"] = cookie_age
        return {"settings": current_settings(**changes)}

    @property
    def serializer(self):
        return import_string(settings.SESSION_SERIALIZER)

    def _own_site(self):
        return self._site(self.get_session_cookie_age())

    def _call(self, op, **args):
        return go.call(
            "session." + op,
            clock=microseconds(timezone.now()),
            site=self._own_site(),
            session=getattr(self, "_number", None),
            **args,
        )

    # The key and the flags. To set state that Go does not expose, Python opens the session again.

    @property
    def session_key(self):
        return self._call("key") or None

    @property
    def _session_key(self):
        return self.session_key

    @_session_key.setter
    def _session_key(self, key):
        self._number = self._call("open", key=key or "")

    @property
    def _session_cache(self):
        if not self._call("loaded"):
            raise AttributeError("_session_cache")
        return self._call("dict")

    @_session_cache.deleter
    def _session_cache(self):
        self._call("forget")

    @property
    def accessed(self):
        return self._call("accessed")

    @accessed.setter
    def accessed(self, value):
        self._call("set_accessed", value=value)

    @property
    def modified(self):
        return self._call("modified")

    @modified.setter
    def modified(self, value):
        self._call("set_modified", value=value)

    # Values.

    def __contains__(self, name):
        return self._call("contains", name=name)

    def __getitem__(self, name):
        return self._call("getitem", name=name)

    def __setitem__(self, name, value):
        self._call("set", name=name, value=value)

    def __delitem__(self, name):
        self._call("delitem", name=name)

    def __bool__(self):
        return not self.is_empty()

    def has_key(self, name):
        return name in self

    def get(self, name, default=None):
        found, value = self._call("get", name=name)
        return value if found else default

    async def aset(self, name, value):
        self[name] = value

    def pop(self, name, default=REQUIRED):
        if default is REQUIRED:
            return self._call("pop", name=name)
        return self._call("pop_default", name=name, default=default)

    def setdefault(self, name, value):
        return self._call("setdefault", name=name, value=value)

    def update(self, values):
        self._call("update", values=dict(values))

    def keys(self):
        return self._call("keys")

    def values(self):
        return self._call("values")

    def items(self):
        return [tuple(item) for item in self._call("items")]

    def clear(self):
        self._call("clear")

    def is_empty(self):
        return self._call("is_empty")

    def set_test_cookie(self):
        self._call("set_test_cookie")

    def test_cookie_worked(self):
        return self._call("test_cookie_worked")

    def delete_test_cookie(self):
        self._call("delete_test_cookie")

    # Expiry.

    def get_expiry_age(self, **args):
        return self._call("get_expiry_age", **args)

    def get_expiry_date(self, **args):
        return self._call("get_expiry_date", **args)

    def set_expiry(self, value):
        if isinstance(value, timedelta):
            self._call("set_expiry", duration=value // timedelta(microseconds=1))
        elif isinstance(value, datetime):
            self._call("set_expiry", date=value)
        else:
            self._call("set_expiry", seconds=value)

    def get_expire_at_browser_close(self):
        return self._call("get_expire_at_browser_close")

    # The store.

    def encode(self, values):
        return self._call("encode", values=values)

    def decode(self, text):
        try:
            return self._call("decode", text=text)
        except BadSignature:
            # Go has its own logger; Django's tests look here.
            logging.getLogger("django.security.SuspiciousSession").warning("Session data corrupted")
        except Refused:
            pass
        return {}

    def _get_new_session_key(self):
        return self._call("new_key")

    def exists(self, session_key):
        return self._call("exists", key=session_key or "")

    def load(self):
        return self._call("load")

    def create(self):
        self._call("create")

    def save(self, must_create=False):
        self._call("save", must_create=must_create)

    def delete(self, session_key=None):
        self._call("delete", key=session_key or "")

    def flush(self):
        self._call("flush")

    def cycle_key(self):
        self._call("cycle_key")

    @classmethod
    def clear_expired(cls):
        go.call("session.clear_expired", clock=microseconds(timezone.now()), site=cls._site())



def asynchronous(name):
    """Return the asynchronous form of a method. The call to Go is the same, and short."""

    async def method(self, *args, **kwargs):
        return getattr(self, name)(*args, **kwargs)

    return method


for name in list(vars(SessionBase)):
    if not name.startswith("_") and name != "aset" and callable(getattr(SessionBase, name)):
        setattr(SessionBase, "a" + name, asynchronous(name))
