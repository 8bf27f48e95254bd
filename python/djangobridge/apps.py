from django.apps import AppConfig
from django.core.checks import register


class DjangobridgeConfig(AppConfig):
    """Adds the management commands and system checks. The app has no models."""

    name = "djangobridge"
    verbose_name = "djangobridge"

    def ready(self):
        from .checks import check_settings

        register(check_settings, "djangobridge")
