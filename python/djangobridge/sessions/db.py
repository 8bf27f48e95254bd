"""Sessions in the database, with merging saves.

Use it as SESSION_ENGINE = "djangobridge.sessions.db". It replaces Django's engine
"django.contrib.sessions.backends.db".
"""

from django.contrib.sessions.backends.db import SessionStore as DBStore

from .rows import MergingRows


class SessionStore(MergingRows, DBStore):
    """Django's database store, with merging saves."""
