import io
import json
import subprocess
import sys
from types import ModuleType
from unittest import mock

from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.contrib.sessions.backends.db import SessionStore as DBStore
from django.contrib.sessions.models import Session
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db.models.signals import post_save
from django.test import SimpleTestCase, override_settings

from djangobridge.review import review

BACKENDS = "django.contrib.sessions.backends."
CACHES = "django.core.cache.backends."


class Harmless(DBStore):
    @classmethod
    def get_model_class(cls):
        return Session


class Elsewhere(DBStore):
    def load(self):
        return {}


class Serializer:
    def dumps(self, obj):
        return b"hush"


class Router:
    def db_for_read(self, model, **hints):
        return "replica" if model._meta.app_label in ("sessions", "auth") else None


class Backend:
    def authenticate(self, request, username=None, password=None):
        return None


class Replaces:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.user = None
        request.session.flush()
        return self.get_response(request)


def untouched(get_response):
    return get_response


def engine(store):
    module = ModuleType("tests.engine")
    module.SessionStore = store
    return mock.patch.dict(sys.modules, {"tests.engine": module})


def cache(backend, **more):
    return {
        "SESSION_ENGINE": BACKENDS + "cache",
        "CACHES": {"default": dict({"BACKEND": CACHES + backend, "LOCATION": "/nowhere"}, **more)},
    }


def function(key, prefix, version):
    return key


SQLITE = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}

# Settings, and the faults that they must have.
FAULTS = [
    ({"SESSION_SERIALIZER": "tests.test_review.Serializer"}, {"W002"}),
    (cache("locmem.LocMemCache"), {"W003"}),
    (cache("dummy.DummyCache"), {"W003"}),
    (cache("filebased.FileBasedCache", KEY_FUNCTION="tests.test_review.function"), {"W004"}),
    (cache("filebased.FileBasedCache"), set()),
    (
        dict(cache("filebased.FileBasedCache"), SESSION_SERIALIZER="tests.test_review.Serializer"),
        set(),
    ),
    ({"DATABASE_ROUTERS": ["tests.test_review.Router"]}, {"W005", "W006"}),
    ({"AUTHENTICATION_BACKENDS": []}, {"W009"}),
    ({"SESSION_ENGINE": "djangobridge.sessions.db"}, set()),
    ({"SESSION_ENGINE": "djangobridge.sessions.cached_db"}, {"W003"}),
    (
        dict(cache("filebased.FileBasedCache"), SESSION_ENGINE="djangobridge.sessions.cache"),
        {"W001"},
    ),
    ({"SESSION_ENGINE": BACKENDS + "signed_cookies"}, set()),
    ({"SESSION_ENGINE": BACKENDS + "missing"}, {"W001"}),
    ({"SESSION_SERIALIZER": "djangobridge.serializers.PickleSerializer"}, set()),
    ({"SESSION_SERIALIZER": "djangobridge.serializers.TransitionalSerializer"}, set()),
]


def faults():
    return {w.id.split(".")[1] for w in run_checks(tags=["djangobridge"])}


def named(check):
    return [finding for finding in review() if finding.check == check]


# A site that has no users, or no table of sessions.
SMALL_SITE = """
import django
from django.conf import settings
from django.core.management import call_command
urlpatterns = []
settings.configure(SECRET_KEY="s", INSTALLED_APPS=[%r, "djangobridge"], ROOT_URLCONF="__main__")
django.setup()
call_command("check", fail_level="CRITICAL")
"""


class CheckTests(SimpleTestCase):
    def test_a_site_without_users_or_without_a_table_starts(self):
        for app in ("django.contrib.sessions", "django.contrib.contenttypes"):
            done = subprocess.run(
                [sys.executable, "-c", SMALL_SITE % app],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            self.assertEqual(done.returncode, 0, done.stdout.decode())

    def test_a_new_project_has_no_findings(self):
        self.assertEqual(review(), [])
        self.assertEqual(run_checks(tags=["djangobridge"]), [])

    def test_each_setting_that_go_refuses_has_its_identifier(self):
        for changed, ids in FAULTS:
            with self.subTest(changed), override_settings(**changed):
                with mock.patch("django.db.utils.ConnectionRouter.routers", routers(changed)):
                    self.assertEqual(faults(), ids)

    def test_warnings_have_a_hint_and_no_secret(self):
        with override_settings(SESSION_SERIALIZER="tests.test_review.Serializer"):
            (found,) = run_checks(tags=["djangobridge"])
        self.assertTrue(found.hint)
        self.assertNotIn("a secret of the tests", str(found))

    def test_engines_of_the_site_are_examined(self):
        with override_settings(SESSION_ENGINE="tests.engine"):
            with engine(Harmless):
                self.assertEqual(faults(), set())
            with engine(Elsewhere):
                self.assertEqual(faults(), {"W001"})
                self.assertIn("Elsewhere that overrides load", named("session-engine")[0].problem)

    def test_a_merging_engine_gives_its_reason(self):
        changed = dict(cache("filebased.FileBasedCache"))
        changed["SESSION_ENGINE"] = "djangobridge.sessions.cache"
        with override_settings(**changed):
            self.assertIn("only if it is unchanged", named("session-engine")[0].problem)


def routers(changed):
    return [Router()] if "DATABASE_ROUTERS" in changed else []


class DoctorTests(SimpleTestCase):
    def test_middlewares_are_read(self):
        module = "tests.test_review."
        paths = [
            module + "untouched",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.gzip.GZipMiddleware",
            module + "untouched",
            module + "Replaces",
            module + "Missing",
        ]
        with override_settings(MIDDLEWARE=paths):
            problems = [finding.problem for finding in named("middleware")]
        self.assertEqual(
            problems,
            [
                "Go does not run tests.test_review.untouched.",
                "Go does not run tests.test_review.Replaces, which calls flush and sets "
                "request.user.",
                "Go does not run tests.test_review.Missing, which cannot be examined "
                "(ImportError).",
            ],
        )

    def test_receivers_of_signals_are_named(self):
        def receiver(**kwargs):
            pass

        for signal, sender, check in (
            (user_logged_in, None, "login-receiver"),
            (user_login_failed, None, "login-receiver"),
            (post_save, Session, "model-receiver"),
            (post_save, None, "model-receiver"),
        ):
            signal.connect(receiver, sender=sender)
            try:
                self.assertTrue(named(check))
                self.assertIn("receiver", named(check)[0].problem)
            finally:
                signal.disconnect(receiver, sender=sender)
            self.assertEqual(named(check), [])

    def test_other_differences_are_named(self):
        for changed, check, word in (
            (
                {"AUTHENTICATION_BACKENDS": ["tests.test_review.Backend"]},
                "own-backend",
                "defines authenticate, and Go does not call it. It comes first",
            ),
            ({"SIGNING_BACKEND": "shop.Signer"}, "signing-backend", "shop.Signer"),
            ({"SESSION_COOKE_AGE": 1}, "unknown-setting", "SESSION_COOKE_AGE"),
            (
                {"SESSION_SERIALIZER": "djangobridge.serializers.PickleSerializer"},
                "session-pickle",
                "pickle",
            ),
            (cache("filebased.FileBasedCache"), "cache-max-entries", "300"),
            ({"PASSWORD_HASHERS": ["shop.Hasher"]}, "own-hasher", "shop.Hasher"),
        ):
            with self.subTest(check), override_settings(**changed):
                (found,) = named(check)
                self.assertIn(word, found.problem)

    def test_the_command_prints_findings_and_fails_after_faults(self):
        out = io.StringIO()
        call_command("djangobridge_doctor", stdout=out)
        self.assertEqual(out.getvalue(), "no findings\n")
        out = io.StringIO()
        with override_settings(SESSION_SERIALIZER="tests.test_review.Serializer", SESSION_X=1):
            with self.assertRaisesMessage(CommandError, "1 faults"):
                call_command("djangobridge_doctor", "--json", stdout=out)
            found = json.loads(out.getvalue())
            self.assertFalse(found["ok"])
            self.assertEqual(
                [(f["check"], f["level"]) for f in found["findings"]],
                [("session-serializer", "fault"), ("unknown-setting", "note")],
            )
            out = io.StringIO()
            with self.assertRaises(CommandError):
                call_command("djangobridge_doctor", stdout=out, no_color=True)
            self.assertIn("FAULT session-serializer: ", out.getvalue())
