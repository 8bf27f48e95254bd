import io
import os
import stat
import tempfile
from contextlib import redirect_stdout
from unittest import mock

from django.core.management import CommandError, call_command
from django.test import SimpleTestCase, override_settings

from djangobridge import export

KEY = "a secret of the tests"


def run(*args):
    out, err = io.StringIO(), io.StringIO()
    call_command("djangobridge_settings", *args, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


class Case(SimpleTestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = os.path.join(folder.name, "site.json")

    def refused(self, status, path=None):
        with self.assertRaises(CommandError) as raised:
            run("--check", path or self.file)
        self.assertEqual(raised.exception.returncode, status)
        return str(raised.exception)


class OutputTests(Case):
    def test_the_file_is_the_printed_line_for_its_owner_only(self):
        for _ in range(2):
            self.assertEqual(run("--output", self.file), ("", ""))
            self.assertEqual(stat.S_IMODE(os.stat(self.file).st_mode), 0o600)
            os.chmod(self.file, 0o644)
        printed = export.parse(run()[0].encode())
        with open(self.file, "rb") as file:
            self.assertEqual(export.differences(export.parse(file.read()), printed), [])
        self.assertEqual(printed["SECRET_KEY"], KEY)
        self.assertEqual(os.listdir(os.path.dirname(self.file)), ["site.json"])

    def test_a_failed_write_leaves_the_file_as_it_was(self):
        run("--output", self.file)
        with open(self.file, "rb") as file:
            before = file.read()
        with mock.patch("os.fsync", side_effect=OSError(28, "No space left on device")):
            with self.assertRaisesMessage(CommandError, "No space left on device"):
                run("--output", self.file)
        with open(self.file, "rb") as file:
            self.assertEqual(file.read(), before)
        self.assertEqual(os.listdir(os.path.dirname(self.file)), ["site.json"])

    def test_a_link_is_replaced_and_not_followed(self):
        other = os.path.join(os.path.dirname(self.file), "other")
        with open(other, "w") as file:
            file.write("mine")
        os.symlink(other, self.file)
        run("--output", self.file)
        with open(other) as file:
            self.assertEqual(file.read(), "mine")
        self.assertFalse(os.path.islink(self.file))

    def test_other_output_is_not_part_of_it(self):
        out = io.StringIO()
        with redirect_stdout(out):
            self.assertTrue(export.export().startswith(export.MARKER))
        self.assertEqual(out.getvalue(), "")


class CheckTests(Case):
    def setUp(self):
        super().setUp()
        run("--output", self.file)

    def test_an_unchanged_site_is_right(self):
        out, err = run("--check", self.file)
        self.assertIn("is right", out)
        self.assertEqual(err, "")

    def test_each_change_is_named_without_its_value(self):
        for name, changed in {
            "SECRET_KEY": "rotated-key",
            "SECRET_KEY_FALLBACKS": ["old-key"],
            "SESSION_COOKIE_NAME": "shopid",
            "SESSION_COOKIE_AGE": 77,
            "SESSION_SAVE_EVERY_REQUEST": True,
            "SESSION_COOKIE_SAMESITE": None,
            "MIDDLEWARE": ["django.contrib.sessions.middleware.SessionMiddleware"],
            "AUTHENTICATION_BACKENDS": ["shop.Backend"],
            "SESSION_NEW": "x",
            "LOGIN_URL": "/in/",
            "USE_TZ": False,
        }.items():
            with self.subTest(name), override_settings(**{name: changed}):
                said = self.refused(1)
                self.assertRegex(said, r"differs from the site in ([\w.]+, )*%s[:,]" % name)
                for secret in (KEY, "rotated-key", "old-key"):
                    self.assertNotIn(secret, said)

    def test_a_switched_engine_is_named(self):
        with override_settings(SESSION_ENGINE="django.contrib.sessions.backends.cached_db"):
            said = self.refused(1)
        for name in ("SESSION_ENGINE", "SESSION_CACHE", "SESSION_STORE_CLASS.mro"):
            self.assertIn(name, said)

    def test_sets_have_one_order(self):
        hosts = {"%s.example.com" % i for i in range(20)}
        with override_settings(ALLOWED_HOSTS=hosts):
            found = export.facts()["ALLOWED_HOSTS"]
        self.assertEqual(found, sorted(hosts))

    def test_text_around_the_settings_is_ignored(self):
        line = run()[0]
        for data in (
            ("loading\n>>> " + line + "\nbye {}\n").encode(),
            ("\n" + line).encode("utf-8-sig"),
            line.encode("utf-16"),
        ):
            with open(self.file, "wb") as file:
                file.write(data)
            self.assertIn("is right", run("--check", self.file)[0])

    def test_a_file_without_settings_is_another_error(self):
        line = run()[0]
        for data in (
            "",
            "hush",
            "[]",
            "1",
            line + line,
            line[:-9],
            "{" + " " * export.MAX_SIZE + "}",
            "[" * 100000,
        ):
            with open(self.file, "w") as file:
                file.write(data)
            said = self.refused(2)
            self.assertNotIn("hush", said)
            self.assertNotIn(KEY, said)
        self.refused(2, self.file + "-missing")
        with open(self.file, "wb") as file:
            file.write(b"\xff\xfea")
        self.refused(2)

    def test_a_file_that_all_users_can_read_is_reported(self):
        os.chmod(self.file, 0o644)
        self.assertIn("chmod 600", run("--check", self.file)[1])
