"""The settings of the site. The Go service gets the settings that it needs through djangosession.SettingsScript."""

import json
import os
from pathlib import Path

# The program that starts the site sets the paths, and may set other keys and ages.
SECRET_KEY = os.environ["SHOP_SECRET_KEY"]
SECRET_KEY_FALLBACKS = json.loads(os.environ.get("SHOP_SECRET_KEY_FALLBACKS", "[]"))
SESSION_COOKIE_AGE = int(os.environ.get("SHOP_SESSION_AGE", 14 * 24 * 60 * 60))
DATABASE = Path(os.environ["SHOP_DATABASE"])

# Where sessions are. SESSION_FILE_PATH and CACHES are for the engines that need them.
SESSION_ENGINE = "django.contrib.sessions.backends." + os.environ.get("SHOP_ENGINE", "db")
SESSION_FILE_PATH = str(DATABASE.parent / "sessions")
if os.environ.get("SHOP_REDIS"):
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": os.environ["SHOP_REDIS"]}}

# Unusual names, because cookies are shared by all ports of a host and 127.0.0.1 may have other sites.
SESSION_COOKIE_NAME = "kettles_session"
CSRF_COOKIE_NAME = "kettles_csrf"

DEBUG = True
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
ROOT_URLCONF = "shop.urls"
STATIC_URL = "/static/"
TIME_ZONE = "UTC"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"

INSTALLED_APPS = [
    "shop",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "shop.cart.context",
            ],
        },
    },
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATABASE,
        # A write transaction takes its lock at once and waits for it. One that upgrades a read lock would fail instead.
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 10},
    },
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
]
