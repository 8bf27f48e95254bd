"""The settings of Django as Go reads them."""

import base64
import re

import django
from django.conf import settings

# Some of the settings that djangosession.SettingsScript prints.
NAMES = re.compile("SESSION_|SECRET_KEY|MESSAGE_LEVEL$|PASSWORD_RESET_TIMEOUT$|SIGNED_COOKIE_|DEFAULT_HASHING_|USE_TZ$|TIME_ZONE$")


def plain(value):
    """Return a setting as a JSON value."""
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def current_settings(**changes):
    """Return the current settings, which tests override temporarily."""
    values = {name: plain(getattr(settings, name)) for name in dir(settings) if NAMES.match(name)}
    return {**values, "DJANGO_VERSION": django.get_version(), **changes}
