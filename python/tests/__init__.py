"""Tests of the package, for unittest: cd python && python -m unittest discover -s tests -t ."""

import json
import os

import django
from django.conf import settings

# The databases "default" and "replica". compat_test also runs tests on servers.
databases = json.loads(os.environ.get("DJANGOBRIDGE_TEST_DATABASES", "{}")) or {
    alias: {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    for alias in ("default", "replica")
}
if databases["default"]["ENGINE"].endswith("mysql"):
    # A driver without anything to compile. Django expects the version of another one.
    import pymysql

    pymysql.version_info = (2, 2, 7, "final", 0)
    pymysql.install_as_MySQLdb()
isolation = databases["default"].get("OPTIONS", {}).get("isolation_level")
if isolation and databases["default"]["ENGINE"].endswith("postgresql"):
    from django.db.backends.postgresql.psycopg_any import IsolationLevel

    level = IsolationLevel[isolation.upper().replace(" ", "_")]
    databases["default"]["OPTIONS"]["isolation_level"] = level

settings.configure(
    SECRET_KEY="a secret of the tests",
    DATABASES=databases,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "djangobridge",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    USE_TZ=True,
    ROOT_URLCONF="tests",
    SESSION_ENGINE="djangobridge.sessions.db",
)
django.setup()
urlpatterns = []
