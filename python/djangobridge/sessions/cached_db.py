"""Sessions in the database, with a copy in a cache and with merging saves.

Use it as SESSION_ENGINE = "djangobridge.sessions.cached_db". It replaces Django's engine
"django.contrib.sessions.backends.cached_db".
"""

from django.contrib.sessions.backends.cached_db import SessionStore as CachedDBStore

from .cached_rows import MergingCachedRows


class SessionStore(MergingCachedRows, CachedDBStore):
    """Django's store in database and cache, with merging saves."""
