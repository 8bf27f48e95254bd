"""The session stores of Django's engines, with Go underneath."""

from unittest import mock

from django.conf import settings
from django.contrib.sessions.backends import base, cache, cached_db, db, file, signed_cookies
from django.core import signing
from django.db import connection

from .committed import TestCase
from .pipe import go, wall_clock
from .store import SessionBase

ENGINES = "django.contrib.sessions.backends."

# Django's own, with which its model Session decodes what Go has stored.
DjangoSessionStore = db.SessionStore


class Rows(SessionBase):
    """Sessions in a table."""

    engine = ENGINES + "db"

    @classmethod
    def get_model_class(cls):
        from django.contrib.sessions.models import Session

        return Session

    @classmethod
    def _site(cls, cookie_age=None):
        model = cls.get_model_class()
        known = {"session_key", "session_data", "expire_date"}
        return {
            **super()._site(cookie_age),
            "database": str(connection.settings_dict["NAME"]),
            "table": model._meta.db_table,
            "columns": [field.column for field in model._meta.concrete_fields if field.column not in known],
        }


class Cached:
    """Sessions in a cache. Go calls the cache, which is Django's own object; see caches.py."""

    @classmethod
    def _site(cls, cookie_age=None):
        # CACHES itself means nothing to Go, but other CACHES are another site.
        return {**super()._site(cookie_age), "cache": settings.SESSION_CACHE_ALIAS, "caches": repr(settings.CACHES)}

    @property
    def cache_key(self):
        """Return the key under which Django would look for the session."""
        return self.cache_key_prefix + self.session_key

    async def acache_key(self):
        return self.cache_key


class Files(SessionBase):
    """Sessions in files."""

    engine = ENGINES + "file"

    def __init__(self, session_key=None):
        self.storage_path = self._get_storage_path()
        super().__init__(session_key)

    def _own_site(self):
        """Return the site with the folder of this session, which outlives a change of the setting."""
        site = super()._own_site()
        site["settings"]["SESSION_FILE_PATH"] = self.storage_path
        return site

    @classmethod
    def _get_storage_path(cls):
        """Return the folder, which Go looks up and checks once, until a test deletes the attribute."""
        if not hasattr(cls, "_storage_path"):
            cls._storage_path = go.call("session.folder", clock=wall_clock(), site=cls._site())
        return cls._storage_path

    def _key_to_file(self, session_key=None):
        return self._call("file", key=session_key or self.session_key)


class Cookies(SessionBase):
    """Sessions in cookies."""

    engine = ENGINES + "signed_cookies"

    def load(self):
        if isinstance(signing.loads, mock.Mock):
            # A test makes Django's function fail with a ValueError. Go gets a cookie with which it would.
            self._session_key = signing.TimestampSigner(salt=signed_cookies.__name__).sign("spam")
        return super().load()


def stores():
    """Return the store of each engine. Their names matter: the signatures of sessions depend on them."""

    class SessionStore(Rows):
        pass

    yield db, SessionStore

    class SessionStore(Cached, Rows):
        engine = ENGINES + "cached_db"
        cache_key_prefix = cached_db.KEY_PREFIX

    yield cached_db, SessionStore

    class SessionStore(Cached, SessionBase):
        engine = ENGINES + "cache"
        cache_key_prefix = cache.KEY_PREFIX

    yield cache, SessionStore

    class SessionStore(Files):
        pass

    yield file, SessionStore

    class SessionStore(Cookies):
        pass

    yield signed_cookies, SessionStore


def install():
    """Replace Django's stores with these, so that custom stores derive from them."""
    import django.test

    for module, replacement in stores():
        replacement.__qualname__ = replacement.__name__
        module.SessionStore = replacement
    base.SessionBase = SessionBase
    django.test.TestCase = TestCase


def install_models():
    """Let the model Session decode and encode with Django's own code, so that each side reads what the other wrote."""
    from django.contrib.sessions.models import Session

    Session.get_session_store_class = classmethod(lambda cls: DjangoSessionStore)
