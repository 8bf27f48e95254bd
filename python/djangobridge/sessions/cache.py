"""Sessions in a cache, with merging saves.

Use it as SESSION_ENGINE = "djangobridge.sessions.cache". It replaces Django's engine
"django.contrib.sessions.backends.cache". The cache must be in Redis (Django's backend or
django-redis) or, for a site with one process, in its memory.
"""

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.cache import SessionStore as CacheStore

from .merging import MergingBase, SessionGone, Snapshot, merge, replace_values, retry
from .swapping import swapper_of


class Changed(UpdateError):
    """Other requests have changed the session, again and again, while it was saved."""


class SessionStore(MergingBase, CacheStore):
    """Django's cache store, with merging saves."""

    def __init__(self, session_key=None):
        super().__init__(session_key)
        self._swapper = swapper_of(self._cache)

    def load(self):
        """Read the session, from the server to which sessions are written."""
        try:
            at = self._swapper.key(self.cache_key)
            stored = self._swapper.read(at)
            values = None if stored is None else self._swapper.loads(stored)
        except Exception:  # as in Django: a key that the cache refuses, or no connection
            values = None
        if values is None:
            self._session_key = None
            return {}
        self._read = Snapshot(stored, self._swapper.loads, exact=True)
        return values

    async def aload(self):
        return await sync_to_async(self.load)()

    def save(self, must_create=False):
        """Store the session: as a new one, or merged into the stored one."""
        if self.session_key is None:
            return self.create()
        if must_create:
            super().save(must_create=True)
            self._remember(self._snapshot(self._session))
            return None
        values = self._get_session()
        at = self._swapper.key(self.cache_key)
        loaded = self._loaded
        # Usually nobody else has changed the session, and there is no need to read it again.
        guess = (loaded.data, values) if loaded is not None and loaded.exact else None

        def attempt():
            nonlocal guess
            (stored, merged), guess = guess or self._merged(at, values), None
            new = self._swapper.dumps(merged)
            if not self._swapper.swap(at, stored, new, self._age(merged)):
                raise Changed("The session was changed too often while it was saved.")
            return new, merged

        new, merged = retry(attempt, is_changed)
        replace_values(values, merged)
        self._remember(Snapshot(new, self._swapper.loads, exact=True))
        return None

    def cycle_key(self):
        """Move the session to a new key, with what others have stored under the old one.

        Raise SessionGone if the session was deleted. Django would store a copy of it.
        """
        values = self._get_session()
        old = self.session_key
        if old is None:
            return self.create()
        at = self._swapper.key(self.cache_key)

        def attempt():
            stored, merged = self._merged(at, values)
            key = self._add(merged)
            try:
                moved = self._swapper.swap(at, stored, None, None)
            except BaseException:
                self._cache.delete(self.cache_key_prefix + key)
                raise
            if not moved:
                self._cache.delete(self.cache_key_prefix + key)
                raise Changed("The session was changed too often while its key was changed.")
            return key, merged

        key, merged = retry(attempt, is_changed)
        self._session_key = key
        replace_values(values, merged)
        self._remember(self._snapshot(values))
        self.modified = True
        return None

    def _add(self, values):
        """Store values under a new key, and return it."""
        for _ in range(10000):
            key = self._get_new_session_key()
            if self._cache.add(self.cache_key_prefix + key, values, self._age(values)):
                return key
        raise RuntimeError("No new session could be stored: is the cache unavailable?")

    def _merged(self, at, values):
        """Return what is stored, in serialized form, and what should be stored."""
        stored = self._swapper.read(at)
        if stored is None:
            raise SessionGone("The session was deleted.")
        loaded = self._loaded
        if loaded is None or stored == loaded.data:
            return stored, values
        theirs = self._swapper.loads(stored)
        return stored, merge(loaded.values(), values, theirs, self._swapper)

    def _age(self, values):
        return self.get_expiry_age(expiry=values.get("_session_expiry"))

    def _snapshot(self, values):
        return Snapshot(self._swapper.dumps(values), self._swapper.loads)


def is_changed(error):
    return isinstance(error, Changed)
