from django.contrib.sessions.backends.db import SessionStore


class ShopStore(SessionStore):
    @classmethod
    def get_model_class(cls):
        from custom.models import ShopSession

        return ShopSession

    def create_model_instance(self, data):
        session = super().create_model_instance(data)
        session.account_id = session.number = data.get("_auth_user_id")
        session.ip = data.get("ip")
        return session
