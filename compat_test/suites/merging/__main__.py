"""usage: python -m merging TESTS LABEL...

Runs tests in the folder TESTS of a Django release with the session engines of the package
djangobridge in place of Django's. The last line of the output is a JSON object with the
names of the tests that ran, and of those that passed. SESSION_SUITE_DATABASE is the file
of the database, and SESSION_SUITE_REDIS the address of a Redis for the cache; without it,
the cache is in the process, as in Django's own settings for these tests.
"""

import importlib
import json
import os
import sys
import unittest

ENGINES = ("db", "cached_db", "cache")


def replace_engines():
    """Put the merging stores where the tests import Django's."""
    for engine in ENGINES:
        merging = importlib.import_module("djangobridge.sessions." + engine).SessionStore
        original = importlib.import_module("django.contrib.sessions.backends." + engine)
        original.SessionStore = merging


def main():
    tests, labels = sys.argv[1], sys.argv[2:]
    sys.path.insert(0, tests)
    from django.conf import settings

    redis = os.environ.get("SESSION_SUITE_REDIS")
    cache = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    if redis:
        cache = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": redis}
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sites"]
        + ["django.contrib.sessions", "sessions_tests"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": os.environ["SESSION_SUITE_DATABASE"],
                "TEST": {"NAME": os.environ["SESSION_SUITE_DATABASE"]},
            }
        },
        CACHES={"default": cache},
        SECRET_KEY="django_tests_secret_key",
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        SITE_ID=1,
        ROOT_URLCONF="urls",
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
        ],
    )
    import django

    replace_engines()  # before the models of the tests, whose custom store extends one of them
    django.setup()
    from django.test.runner import DiscoverRunner

    from djangobridge.sessions.merging import MergingBase

    ran, passed = [], []

    class Result(unittest.TextTestResult):
        def startTest(self, test):
            ran.append(test.id())
            super().startTest(test)
            if not issubclass(getattr(test, "backend", MergingBase), MergingBase):
                self.addError(test, (TypeError, TypeError("the store does not merge"), None))

        def addSuccess(self, test):
            passed.append(test.id())
            super().addSuccess(test)

    class Runner(DiscoverRunner):
        def get_resultclass(self):
            return Result

    failures = Runner(verbosity=1, interactive=False).run_tests(labels)
    print(json.dumps({"ran": ran, "passed": passed}))
    sys.exit(bool(failures))


main()
