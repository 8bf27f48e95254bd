"""What engines_test.go has a Django do; see peer.py. The functions become methods of its Peer."""

import contextlib
import datetime
import io

try:
    from memcache import Client
except ImportError:
    pass
else:
    if not hasattr(Client, "_deletetouch"):
        # Django 3.1 to 4.0 deletes with this method, which python-memcached 1.60 removed.
        Client._deletetouch = lambda self, expected, command, key: self.delete(key)

from pickle_peer import do_pickle_create, do_pickle_differences, do_pickle_wrong  # noqa: F401


def do_export(self, script):
    """Return what djangosession.SettingsScript prints here."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(script, {})
    return out.getvalue()


def do_python(self, code, **names):
    """Run statements on the class "store" and return what they assign to "result"."""
    names["store"] = self.store
    exec(code, names)
    return names.get("result")


def do_make(self, values):
    """Save a new session and return its key."""
    session = self.store()
    session.update(values)
    session.save()
    return session.session_key


def do_edit(self, key, set=None, delete=()):
    """Change a session and return its key, which an engine may change."""
    session = self.store(key)
    for name in delete:
        del session[name]
    session.update(set or {})
    session.save()
    return session.session_key


def do_end(self, key, form, seconds):
    """Set the expiry in one of the forms of set_expiry, and return the key."""
    from django.utils import timezone

    delta = datetime.timedelta(seconds=seconds)
    session = self.store(key)
    session.set_expiry({"int": seconds, "timedelta": delta, "datetime": timezone.now() + delta, "none": None}[form])
    session.save()
    return session.session_key


def do_create_again(self, key):
    """Create a session under a key that may be taken."""
    session = self.store(key)
    session._session_cache = {"n": "again"}
    session.save(must_create=True)


def do_put(self, key, value):
    """Put a value into the cache, in the place of a session."""
    session = self.store(key)
    session._cache.set(session.cache_key_prefix + key, value, 1000)


def do_held(self, key):
    """Return what the cache has in the place of a session."""
    session = self.store(key)
    return repr(session._cache.get(session.cache_key_prefix + key))
