"""A session engine that only changes a name of Django's cached_db."""

from django.contrib.sessions.backends.cached_db import SessionStore as CachedStore


class SessionStore(CachedStore):
    cache_key_prefix = "shop"
