from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


class ShopSession(AbstractBaseSession):
    account_id = models.CharField(max_length=20, null=True, db_index=True)
    number = models.IntegerField(null=True)
    ip = models.GenericIPAddressField(null=True)
    updated_at = models.DateTimeField(auto_now=True)
    saved_on = models.DateField(auto_now=True)
    saved_at = models.TimeField(auto_now=True)

    class Meta:
        app_label = "custom"
        db_table = "shop_session"

    @classmethod
    def get_session_store_class(cls):
        from custom.store import ShopStore

        return ShopStore
