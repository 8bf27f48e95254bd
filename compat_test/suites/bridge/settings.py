"""Django's own settings for tests on SQLite, with a database in a file, which another process can open."""

import os

from test_sqlite import *  # noqa: F403

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["BRIDGE_DATABASE"],
        "TEST": {"NAME": os.environ["BRIDGE_DATABASE"]},
        "OPTIONS": {"timeout": 60},
    }
}

TEST_RUNNER = "bridge.runner.Runner"
