"""A session engine that adds a column, as Django's documentation shows it."""

from django.contrib.sessions.backends.db import SessionStore as DBStore


class OwnStore(DBStore):
    key_salt = "shop.own"

    @classmethod
    def get_model_class(cls):
        from shop.models import OwnSession

        return OwnSession

    def create_model_instance(self, data):
        session = super().create_model_instance(data)
        session.account_id = data.get("_auth_user_id")
        return session


SessionStore = OwnStore
