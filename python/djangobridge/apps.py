from django.apps import AppConfig


class DjangobridgeConfig(AppConfig):
    """Adds the management commands and system checks. The app has no models."""

    name = "djangobridge"
    verbose_name = "djangobridge"
