"""Settings of a project whose keys are in a file, and change while it runs."""
import json

from shop.settings import *  # noqa: F403
from shop.settings import BASE_DIR, DATABASES

SECRET_KEY, *SECRET_KEY_FALLBACKS = json.loads((BASE_DIR / "keys.json").read_text())
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "rotating.urls"
LOGIN_URL = "/login/"
DATABASES["default"]["OPTIONS"] = {"timeout": 60}
# A slow hash would take the time of the test.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
