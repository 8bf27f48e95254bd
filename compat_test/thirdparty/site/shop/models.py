"""The session model of shop.own_sessions."""

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


class OwnSession(AbstractBaseSession):
    account_id = models.CharField(max_length=20, null=True, db_index=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "own_session"

    @classmethod
    def get_session_store_class(cls):
        from shop.own_sessions import SessionStore

        return SessionStore
