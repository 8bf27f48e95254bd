"""Merging saves for stores with a table and a copy in a cache."""

import logging
import pickle

from asgiref.sync import sync_to_async
from django.db import DatabaseError, router, transaction
from django.utils import timezone

from .locking import in_transaction, lock_row
from .merging import Snapshot
from .rows import MergingRows

logger = logging.getLogger("django.contrib.sessions")


class MergingCachedRows(MergingRows):
    """Merging saves for a site's own store that extends Django's "cached_db" store.

    The row is what counts. The copy in the cache is only written while the row is locked, so
    it never contains what a later save has replaced, and never outlives a logout.
    """

    replaced_methods = (*MergingRows.replaced_methods, "load", "aload")
    _copied = ()  # the keys of copies that the current transaction has written

    def load(self):
        """Read the session from the cache, or else from the database."""
        try:
            values = self._cache.get(self.cache_key)
        except Exception:  # some caches refuse keys, and an unreachable one is no reason to stop
            values = None
        # An empty copy may be that of a process which could not read the row.
        if not values:
            return self._load_row()
        self._read = Snapshot(pickle.dumps(values, pickle.HIGHEST_PROTOCOL), pickle.loads)
        return values

    async def aload(self):
        return await sync_to_async(self.load)()

    def _load_row(self):
        """Read the row, and copy it to the cache unless others have locked it.

        MariaDB before 10.6, MySQL before 8.0 and SQLite wait for them. The row is locked in the
        meantime. Otherwise the copy might be made after a logout, or replace a newer one. Inside a
        transaction of the caller, the lock would last too long, so there is no copy.
        """
        using = router.db_for_write(self.model, instance=self.model(session_key=self.session_key))
        if not in_transaction(using):
            try:
                with transaction.atomic(using=using):
                    values = self._copy_row(using)
            except DatabaseError:  # such as a user of the database that cannot lock rows
                values = None
            if values is not None:
                return values
        row = self._get_session_from_db()
        return self.decode(row.session_data) if row else {}

    def _copy_row(self, using):
        row = lock_row(self.model, self.session_key, using, skip_locked=True)
        if row is None or row.expire_date <= timezone.now():
            return None
        values = self.decode(self._read_row(row).session_data)
        if not values:  # perhaps because only others can read it
            return values
        try:
            self._cache.add(self.cache_key, values, self.get_expiry_age(expiry=row.expire_date))
        except Exception:
            logger.exception("Error saving to cache (%s)", self._cache)
        return values

    def _created(self, row):
        self._put(row, self._session)

    def _written(self, row, values, joined, old=None):
        self._copied = ()
        if joined:
            # Others must not see what the caller's transaction may undo. The lock keeps them
            # from making a copy of the old row.
            self._remove(row.session_key)
        else:
            self._copied = (row.session_key,)
            self._put(row, values)
        if old:
            self._remove(old)

    def _undone(self, using):
        keys, self._copied = self._copied, ()
        for key in keys:
            try:
                # If the outcome of the commit is unknown, the lock waits for it.
                with transaction.atomic(using=using):
                    lock_row(self.model, key, using)
                    self._remove(key)
            except Exception:  # also InterfaceError, of a connection that is closed
                self._remove(key)

    def _moved(self, old):
        self._remove(old)

    def _gone(self, key):
        # Otherwise, the copy would be loaded until it expires.
        self._remove(key)

    def _put(self, row, values):
        expiry = values.get("_session_expiry")
        age = self.get_expiry_age(expiry=expiry)
        left = self.get_expiry_age(expiry=row.expire_date)
        try:
            # Waiting for the lock must not make the copy outlive the row.
            timeout = left if age - left > 1 else age
            self._cache.set(self.cache_key_prefix + row.session_key, values, timeout)
        except Exception:
            self._remove(row.session_key)
            logger.exception("Error saving to cache (%s)", self._cache)

    def _remove(self, key):
        try:
            self._cache.delete(self.cache_key_prefix + key)
        except Exception:
            logger.exception("Error removing from cache (%s)", self._cache)
