"""Merging saves for every store that keeps its sessions in a table."""

from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.contrib.sessions.backends.cached_db import SessionStore as CachedDBStore
from django.contrib.sessions.backends.db import SessionStore as DBStore
from django.core import signing
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, IntegrityError, router, transaction

from .locking import (
    RowChanged,
    can_compare,
    in_transaction,
    is_conflict,
    lock_row,
    save_unchanged,
)
from .merging import (
    MergingBase,
    OutdatedSettings,
    SessionGone,
    Snapshot,
    changed_names,
    merge,
    replace_values,
    retry,
)
from .outdated import is_newer_than_settings


class MergingRows(MergingBase):
    """Merging saves for a site's own store that extends Django's "db" store.

    Put it before that store, and keep the name of the class, because Django derives the salt
    of the signatures from it:

        class SessionStore(MergingRows, shop.sessions.SessionStore):
            pass

    The store may have its own model and create_model_instance. It must not override save or
    cycle_key: the class then raises ImproperlyConfigured when it is defined. For a store
    that extends "cached_db", use MergingCachedRows.
    """

    # A store below this one must not have its own.
    replaced_methods = ("save", "asave", "cycle_key", "acycle_key")

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        check_bases(cls)

    def _get_session_from_db(self):
        return self._read_row(super()._get_session_from_db())

    async def _aget_session_from_db(self):
        return self._read_row(await super()._aget_session_from_db())

    def _read_row(self, row):
        if row and row.session_key != self.session_key:  # a collation that ignores case
            self._session_key = row = None
        if row:
            self._read = Snapshot(row.session_data, self.decode, exact=True)
        return row

    def _snapshot(self, values):
        return Snapshot(self.encode(values), self.decode)

    def save(self, must_create=False):
        """Store the session: as a new one, or merged into the stored one.

        Inside a transaction of the caller, the row remains locked until it ends, and the
        changes count as unsaved until it commits. A later save repeats them if it does not.
        """
        if self.session_key is None:
            return self.create()
        values = self._get_session(no_load=must_create)
        mine = self.create_model_instance(values)
        using = router.db_for_write(self.model, instance=mine)
        if must_create:
            return self._insert(mine, using)
        loaded, joined = self._loaded, False

        def unchanged():
            save_unchanged(mine, loaded.data, using)
            self._written(mine, values, joined)
            return mine, values

        def update():
            return self._update(mine, values, using, joined)

        try:
            joined = in_transaction(using)
            exact = loaded is not None and loaded.exact and not joined
            # Usually nobody else has changed the row, and there is no need to read it again.
            attempt = unchanged if exact and can_compare(self.model, using) else update
            try:
                stored, merged = self._transact(attempt, using, joined)
            except RowChanged:
                stored, merged = self._transact(update, using, joined)
        except IntegrityError:
            raise
        except DatabaseError as error:
            raise UpdateError(str(error)) from error
        if not joined:
            replace_values(values, merged)
            self._remember(Snapshot(stored.session_data, self.decode, exact=True))

    def cycle_key(self):
        """Move the session to a new key, with what others have stored under the old one.

        Raise SessionGone if the session was deleted. Django would store a copy of it.
        """
        values = self._get_session()
        old = self.session_key
        if old is None:
            return self.create()
        using = router.db_for_write(self.model, instance=self.model(session_key=old))
        joined = in_transaction(using)

        def attempt():
            return self._move(old, values, using, joined)

        try:
            stored, merged = self._transact(attempt, using, joined)
        except BaseException:
            self._session_key = old
            raise
        replace_values(values, merged)
        self._remember(Snapshot(stored.session_data, self.decode, exact=True))
        self.modified = True
        self._moved(old)

    def _transact(self, attempt, using, joined):
        """Run attempt in a transaction, and repeat it after conflicts if it has its own."""

        def run():
            try:
                with transaction.atomic(using=using):
                    return attempt()
            except BaseException:  # also a server that ends its worker
                self._undone(using)
                raise

        if joined:
            return run()
        return retry(run, lambda error: is_conflict(error, using))

    def _insert(self, mine, using):
        """Store a new session."""
        try:
            with transaction.atomic(using=using):
                mine.save(force_insert=True, using=using)
        except IntegrityError as error:
            raise CreateError from error
        self._remember(Snapshot(mine.session_data, self.decode, exact=True))
        self._created(mine)

    def _locked(self, key, using):
        """Return the row of a session, and lock it."""
        row = lock_row(self.model, key, using)
        if row is None:
            self._gone(key)
            raise SessionGone("The session was deleted.")
        return row

    def _update(self, mine, values, using, joined):
        """Merge the changes into the row, in a transaction."""
        row = self._locked(mine.session_key, using)
        merged = self._merged(row, values)
        stored = mine if merged is values else self._instance(merged)
        stored.save(force_update=True, using=using)
        if joined:
            turn = self._turn
            saved = Snapshot(mine.session_data, self.decode)
            if self._loaded is not None:
                self._uncommitted |= changed_names(self._loaded.values(), values, self.serializer())

            def committed():
                if self._turn == turn:
                    self._loaded, self._uncommitted = saved, frozenset()

            transaction.on_commit(committed, using=using)
        self._written(stored, merged, joined)
        return stored, merged

    def _move(self, old, values, using, joined):
        """Store the session under a new key and remove the old row, in a transaction."""
        row = self._locked(old, using)
        merged = self._merged(row, values)
        while True:
            self._session_key = self._get_new_session_key()
            stored = self._instance(merged)
            try:
                with transaction.atomic(using=using):
                    stored.save(force_insert=True, using=using)
            except IntegrityError:
                continue  # the key was taken
            break
        row.delete(using=using)
        self._written(stored, merged, joined, old)
        return stored, merged

    def _merged(self, row, values):
        """Return what a row should contain: the object values if all of it is ours."""
        loaded = self._loaded
        if loaded is not None and loaded.data is not None and row.session_data == loaded.data:
            return values
        stored = self._decode(row.session_data)
        if stored is None or loaded is None:
            return values
        return merge(loaded.values(), values, stored, self.serializer(), self._uncommitted)

    def _decode(self, text):
        """Return the values of a row, or None if they cannot be read."""
        stored = self.decode(text)
        if stored:
            return stored
        try:
            signing.loads(text, salt=self.key_salt, serializer=self.serializer)
        except Exception:
            if is_newer_than_settings(text):
                raise OutdatedSettings(
                    "The stored session does not decode, and was signed after this process "
                    "started: restart it with the current SECRET_KEY, SESSION_SERIALIZER and "
                    "DJANGOBRIDGE_PICKLE_CLASSES."
                ) from None
            return None
        return stored

    def _instance(self, values):
        """Return a row for other values than those of the session."""
        mine = self._session_cache
        self._session_cache = values
        try:
            return self.create_model_instance(values)
        finally:
            self._session_cache = mine

    # What a store with a copy in a cache has to do.

    def _created(self, row):
        """A new row was inserted."""

    def _written(self, row, values, joined, old=None):
        """A row was written, and the transaction has not ended. old is a key it replaces."""

    def _undone(self, using):
        """The transaction that wrote a row failed, or may have failed."""

    def _moved(self, old):
        """The session has a new key."""

    def _gone(self, key):
        """The row of a session does not exist."""


def check_bases(cls):
    """Refuse a class whose mixin does not fit the store, or would hide its methods."""
    mro = cls.__mro__
    if SessionBase not in mro:
        return  # another mixin
    name = "%s.%s" % (cls.__module__, cls.__qualname__)
    if DBStore not in mro or mro.index(MergingRows) > mro.index(DBStore):
        raise ImproperlyConfigured(
            "%s: MergingRows must come before a store that extends Django's db store." % name
        )
    if CachedDBStore in mro and not any(hasattr(base, "_copy_row") for base in mro):
        raise ImproperlyConfigured(
            "%s extends Django's cached_db store: use MergingCachedRows." % name
        )
    for base in mro[mro.index(MergingRows) + 1 :]:
        if base.__module__.startswith("django.") or issubclass(base, MergingBase):
            continue
        for method in cls.replaced_methods:
            if method in vars(base):
                raise ImproperlyConfigured(
                    "%s.%s overrides %s, which merging would hide: move the method to a class "
                    "that extends the merging store." % (base.__module__, base.__qualname__, method)
                )
