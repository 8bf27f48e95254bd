"""What merging stores do with changes, deletions, transactions and data they cannot read."""

from unittest import mock

from asgiref.sync import async_to_sync
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.cached_db import SessionStore as DjangoCachedStore
from django.contrib.sessions.backends.db import SessionStore as DjangoStore
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection, transaction
from django.test import TransactionTestCase, override_settings
from django.test.utils import CaptureQueriesContext

from djangobridge.sessions import cache, cached_db, db, merging, rows
from djangobridge.sessions.merging import OutdatedSettings, SessionGone


def setUpModule():
    call_command("migrate", verbosity=0)


def conflict():
    """Return the error of a transaction that can be repeated, as the database has it."""
    if connection.vendor == "mysql":
        return OperationalError(1213, "deadlock found")
    if connection.vendor == "postgresql":
        error = OperationalError("deadlock detected")
        error.__cause__ = Exception()
        error.__cause__.sqlstate = error.__cause__.pgcode = "40P01"
        return error
    return OperationalError("database is locked")


class Rollback(Exception):
    """Ends a transaction without effect."""


class MergingTests:
    """Run for each engine."""

    def new(self, **values):
        session = self.store()
        session.update(values)
        session.save()
        return session.session_key

    def stored(self, key):
        return dict(self.store(key).items())

    def test_changes_of_two_requests_are_merged(self):
        key = self.new(a=1, b={"x": [1]}, c=3, d=4)
        one, two = self.store(key), self.store(key)
        one["a"], two["new"] = 2, 5
        two["b"]["x"].append(2)
        del one["c"]
        two.pop("d")
        one.save()
        two.save()
        self.assertEqual(self.stored(key), {"a": 2, "b": {"x": [1, 2]}, "new": 5})
        self.assertEqual(dict(two.items()), self.stored(key))

    def test_unchanged_values_undo_nothing(self):
        key = self.new(a=["old"])
        one, two = self.store(key), self.store(key)
        self.assertEqual(two["a"], ["old"])
        one["a"] = ["new"]
        one.save()
        two.save()
        self.assertEqual(self.stored(key), {"a": ["new"]})

    def test_a_second_save_does_not_repeat_the_first(self):
        key = self.new(a=1)
        one, two = self.store(key), self.store(key)
        one["a"] = 2
        one.save()
        two["a"] = 3
        two.save()
        one["b"] = 4
        one.save()
        self.assertEqual(self.stored(key), {"a": 3, "b": 4})

    def test_expiry_is_a_value(self):
        key = self.new(a=1)
        one, two = self.store(key), self.store(key)
        one.set_expiry(1000)
        two["b"] = 2
        one.save()
        two.save()
        self.assertEqual(self.store(key).get_expiry_age(), 1000)
        self.assertEqual(two.get_expiry_age(), 1000)

    def test_a_save_after_clear_replaces_everything(self):
        key = self.new(a=1)
        one, two = self.store(key), self.store(key)
        self.assertEqual(one["a"], 1)
        two["b"] = 2
        two.save()
        one.clear()
        one["c"] = 3
        one.save()
        self.assertEqual(self.stored(key), {"c": 3})

    def test_a_deleted_session_stays_deleted(self):
        key = self.new(a=1)
        for change in (lambda s: s.save(), lambda s: s.cycle_key()):
            key = self.new(a=1)
            session = self.store(key)
            session["b"] = 2
            self.store(key).flush()
            with self.assertRaises(SessionGone):
                change(session)
            self.assertEqual(session.session_key, key)
            self.assertFalse(self.store().exists(key))

    def test_a_new_key_takes_the_changes_of_others(self):
        key = self.new(a=1)
        one, two = self.store(key), self.store(key)
        one["b"] = 2
        two["c"] = 3
        two.save()
        one.cycle_key()
        self.assertNotEqual(one.session_key, key)
        self.assertEqual(self.stored(one.session_key), {"a": 1, "b": 2, "c": 3})
        self.assertFalse(self.store().exists(key))

    def test_asynchronous_saves_merge(self):
        key = self.new(a=1)
        one, two = self.store(key), self.store(key)
        one["b"] = 2
        one.get("a"), two.get("a")
        two["c"] = 3
        two.save()
        async_to_sync(one.asave)()
        self.assertEqual(self.stored(key), {"a": 1, "b": 2, "c": 3})


class RowTests(MergingTests):
    """Run for each engine with a table."""

    def test_a_rollback_leaves_the_changes_to_the_next_save(self):
        key = self.new(a=1)
        one, two = self.store(key), self.store(key)
        with self.assertRaises(Rollback), transaction.atomic():
            one["b"] = 2
            one.save()
            raise Rollback
        self.assertEqual(self.stored(key), {"a": 1})
        two["a"] = 3
        two.save()
        one.save()
        self.assertEqual(self.stored(key), {"a": 3, "b": 2})

    def test_a_commit_ends_the_changes(self):
        key = self.new(a=1)
        one, two = self.store(key), self.store(key)
        with transaction.atomic():
            one["b"] = 2
            one.save()
        two["b"] = 3
        two.save()
        one["c"] = 4
        one.save()
        self.assertEqual(self.stored(key), {"a": 1, "b": 3, "c": 4})

    def test_a_rolled_back_change_of_the_key_leaves_the_old_one(self):
        key = self.new(a=1)
        session = self.store(key)
        with self.assertRaises(Rollback), transaction.atomic():
            session.cycle_key()
            raise Rollback
        self.assertEqual(self.stored(key), {"a": 1})
        with self.assertRaises(SessionGone):
            session.save()

    def test_autocommit_off(self):
        key = self.new(a=1)
        session = self.store(key)
        transaction.set_autocommit(False)
        try:
            # In SQLite, the savepoint of the save would be a transaction without this one.
            session.model.objects.filter(pk="").update(session_data="")
            session["b"] = 2
            session.save()
            transaction.rollback()
        finally:
            transaction.set_autocommit(True)
        self.assertEqual(self.stored(key), {"a": 1})
        session.save()
        self.assertEqual(self.stored(key), {"a": 1, "b": 2})

    def test_conflicts_are_repeated(self):
        key = self.new(a=1)
        session = self.store(key)
        session["b"] = 2
        save, failures = session.model.save, [conflict() for _ in range(3)]

        def fail(*args, **kwargs):
            if failures:
                raise failures.pop()
            return save(*args, **kwargs)

        with mock.patch.object(session.model, "save", autospec=True, side_effect=fail):
            session.save()
        self.assertEqual((failures, self.stored(key)), ([], {"a": 1, "b": 2}))

    def test_newer_data_of_another_key_are_not_overwritten(self):
        key = self.new(a=1)
        session = self.store(key)
        session["b"] = 2
        with override_settings(SECRET_KEY="a new secret"):
            text = self.store().encode({"new": 1})
        session.model.objects.filter(pk=key).update(session_data=text)
        with mock.patch("djangobridge.sessions.outdated.STARTED", 1):
            with self.assertRaises(OutdatedSettings), self.assertLogs("django.security"):
                session.save()
        self.assertEqual(session.model.objects.get(pk=key).session_data, text)

    def test_older_data_of_another_key_are_replaced(self):
        key = self.new(a=1)
        session = self.store(key)
        session["b"] = 2
        with override_settings(SECRET_KEY="a lost secret"):
            text = self.store().encode({"old": 1})
        session.model.objects.filter(pk=key).update(session_data=text)
        with mock.patch("djangobridge.sessions.outdated.STARTED", 1 << 40):
            with self.assertLogs("django.security"):
                session.save()
        self.assertEqual(self.stored(key), {"a": 1, "b": 2})

    def test_sites_switch_back_and_forth(self):
        key = self.new(a=1)
        session = self.django(key)
        session["b"] = 2
        session.save()
        self.assertEqual(self.stored(key), {"a": 1, "b": 2})
        session = self.store(key)
        session["c"] = 3
        session.save()
        self.assertEqual(dict(self.django(key).items()), {"a": 1, "b": 2, "c": 3})


class DBTests(RowTests, TransactionTestCase):
    store, django = db.SessionStore, DjangoStore

    def test_a_save_without_a_conflict_needs_the_statements_of_django(self):
        key = self.new(a=1)
        counts = []
        for store in (self.django, self.store):
            session = store(key)
            for n in range(2):
                session["n"] = n
                with CaptureQueriesContext(connection) as queries:
                    session.save()
                counts.append(len(queries))
        self.assertEqual(counts, counts[:1] * 4)

    def test_a_changed_row_is_merged_however_long_the_first_statement_waited(self):
        key = self.new(a=1)
        one, two = self.store(key), self.store(key)
        one["b"], two["c"] = 2, 3
        one.save()
        with mock.patch.object(merging, "PATIENCE", -1):
            two.save()
        self.assertEqual(self.stored(key), {"a": 1, "b": 2, "c": 3})

    def test_differences_of_case_are_changes(self):
        key = self.new(a=1)
        session = self.store(key)
        session["b"] = 2
        stored = session.model.objects.filter(pk=key)
        stored.update(session_data=stored.get().session_data.swapcase())
        with mock.patch.object(rows, "lock_row", side_effect=DatabaseError) as lock:
            with self.assertRaises(UpdateError):
                session.save()
        self.assertTrue(lock.called)

    def test_stores_whose_methods_would_be_hidden_are_refused(self):
        class ShopStore(DjangoStore):
            def save(self, must_create=False):
                super().save(must_create)

        with self.assertRaisesMessage(ImproperlyConfigured, "overrides save"):
            type("SessionStore", (rows.MergingRows, ShopStore), {})
        with self.assertRaisesMessage(ImproperlyConfigured, "MergingCachedRows"):
            type("SessionStore", (rows.MergingRows, DjangoCachedStore), {})
        with self.assertRaisesMessage(ImproperlyConfigured, "must come before"):
            type("SessionStore", (DjangoStore, rows.MergingRows), {})


class CachedDBTests(RowTests, TransactionTestCase):
    store, django = cached_db.SessionStore, DjangoCachedStore

    def copy(self, key):
        session = self.store()
        return session._cache.get(session.cache_key_prefix + key)

    def test_the_copy_has_what_was_merged(self):
        key = self.new(a=1)
        one, two = self.store(key), self.store(key)
        one["b"] = 2
        two["c"] = 3
        one.save()
        two.save()
        self.assertEqual(self.copy(key), {"a": 1, "b": 2, "c": 3})

    def test_the_copy_shows_nothing_that_may_be_rolled_back(self):
        key = self.new(a=1)
        session = self.store(key)
        with transaction.atomic():
            session["b"] = 2
            session.save()
            self.assertIsNone(self.copy(key))
        self.assertEqual(self.stored(key), {"a": 1, "b": 2})
        self.assertEqual(self.copy(key), {"a": 1, "b": 2})  # by the load

    def test_a_failed_commit_leaves_no_copy(self):
        key = self.new(a=1)
        session = self.store(key)
        session["b"] = 2
        with mock.patch("django.db.backends.base.base.BaseDatabaseWrapper.commit") as commit:
            commit.side_effect = OperationalError("no answer")
            with self.assertRaises(UpdateError):
                session.save()
        self.assertIsNone(self.copy(key))
        self.assertEqual(self.stored(key), {"a": 1})


class CacheTests(MergingTests, TransactionTestCase):
    store = cache.SessionStore

    @override_settings(
        CACHES={"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    )
    def test_caches_that_cannot_compare_are_refused(self):
        with self.assertRaisesMessage(ImproperlyConfigured, "DummyCache"):
            self.store()
