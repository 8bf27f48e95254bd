"""What all merging stores share: they remember what they loaded, and merge changes."""

import random
import time

from asgiref.sync import sync_to_async
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted

# How long a save is repeated after conflicts with other writers, in seconds.
PATIENCE = 5.0

# The longest pause before such a save is repeated, in seconds.
LONGEST_PAUSE = 0.002


class SessionGone(UpdateError, SessionInterrupted):
    """The stored session was deleted, usually by a logout in another request.

    Django's middleware expects UpdateError from a save. If a view does not catch the error,
    Django answers 400 as after the middleware's own SessionInterrupted.
    """


class OutdatedSettings(UpdateError, SessionInterrupted):
    """The stored session was signed after this process started, and does not decode.

    The settings of this process, usually SECRET_KEY, are out of date. Overwriting the
    session would log its visitor out of the processes that can read it.
    """


class Snapshot:
    """The values of a session as they were loaded or stored, in serialized form.

    exact reports whether the row or the cache contained these very data.
    """

    def __init__(self, data, loads, exact=False):
        self.data = data
        self.exact = exact
        self._loads = loads

    def values(self):
        """Return new objects for the values."""
        return self._loads(self.data)


NOTHING = Snapshot(None, lambda data: {})


def changed_names(loaded, mine, form):
    """Return the names of values that are new, changed or gone.

    form has dumps and loads, which convert dicts.
    """
    return {
        name
        for name in mine.keys() | loaded.keys()
        if name not in mine or name not in loaded or differs(name, mine[name], loaded[name], form)
    }


def differs(name, value, before, form):
    """Report whether a value was changed."""
    # Only the name of the expiry matters to serializers. With others, pickles would differ if
    # a text in one of the values and the name were the same object.
    if name != "_session_expiry":
        name = ""
    now = form.dumps({name: value})
    try:
        then = form.dumps({name: before})
    except Exception:  # such as a value of a pickle for which JSON has no form
        return True
    # A set may have its items in another order after it was loaded again, as before was.
    return now != then and form.dumps(form.loads(now)) != then


def merge(loaded, mine, stored, form, uncommitted=frozenset()):
    """Return the stored values with the changes that lead from loaded to mine.

    form is that of changed_names. uncommitted has names that count as changed, too. Values
    that nobody changed are the objects of mine.
    """
    changed = changed_names(loaded, mine, form) | uncommitted
    merged = dict(stored)
    for name in changed:
        stored_as = stored_name(name, form)
        if name not in mine or stored_as != name:
            merged.pop(stored_as, None)
    for name, value in mine.items():
        if name in changed:
            merged[name] = value
        elif name in stored and not differs(name, value, stored[name], form):
            merged[name] = value
    return merged


def stored_name(name, form):
    """Return what a name is when it is loaded again. JSON turns numbers into text."""
    return name if isinstance(name, str) else next(iter(form.loads(form.dumps({name: None}))))


def replace_values(values, by):
    """Give a dict other values. It remains the same object for those that refer to it."""
    if by is not values:
        by = dict(by)
        values.clear()
        values.update(by)


def retry(attempt, is_conflict):
    """Return the result of attempt, and repeat it after conflicts for a limited time.

    The pauses are short, because those who pause for long lose against those who do not.
    """
    deadline = time.monotonic() + PATIENCE
    pause = 0.0002
    while True:
        try:
            return attempt()
        except Exception as error:
            wait = random.uniform(0, pause)
            if not is_conflict(error) or time.monotonic() + wait > deadline:
                raise
        time.sleep(wait)
        pause = min(2 * pause, LONGEST_PAUSE)


class MergingBase:
    """The part of a merging store that does not depend on where sessions are stored.

    _loaded is the Snapshot to which changes are relative. It is None if the values replace
    those that are stored, as after clear().
    """

    _loaded = None
    _read = None  # the Snapshot of the last load
    _turn = 0  # the number of times that _loaded was replaced
    # Names that saves in a transaction of the caller have changed. The row has these values,
    # but _loaded does not until the commit: a value that is set back is another change.
    _uncommitted = frozenset()

    def _get_session(self, no_load=False):
        self.accessed = True
        try:
            return self._session_cache
        except AttributeError:
            pass
        self._read = None
        return self._loaded_values(super()._get_session(no_load), no_load)

    _session = property(_get_session)

    async def _aget_session(self, no_load=False):
        self.accessed = True
        try:
            return self._session_cache
        except AttributeError:
            pass
        self._read = None
        return self._loaded_values(await super()._aget_session(no_load), no_load)

    def _loaded_values(self, values, no_load):
        if no_load:
            self._remember(None)
        elif not values:
            self._remember(NOTHING)
        else:
            self._remember(self._read or self._snapshot(values))
        return values

    def _snapshot(self, values):
        """Return a Snapshot of values that the session loaded in an unknown way."""
        raise NotImplementedError

    def _remember(self, snapshot):
        self._loaded = snapshot
        self._turn += 1
        self._uncommitted = frozenset()

    def clear(self):
        super().clear()
        self._remember(None)

    async def asave(self, must_create=False):
        await sync_to_async(self.save)(must_create)

    async def acycle_key(self):
        await sync_to_async(self.cycle_key)()
