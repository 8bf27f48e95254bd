"""What merging stores do with changes, deletions, transactions and data they cannot read."""

import datetime
import decimal
from unittest import mock, skipIf

import django
from asgiref.sync import async_to_sync
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.cached_db import SessionStore as DjangoCachedStore
from django.contrib.sessions.backends.db import SessionStore as DjangoStore
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.test import TransactionTestCase, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from djangobridge.sessions import cache, cached_db, cached_rows, db, merging, rows, swapping
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

    @override_settings(SESSION_SERIALIZER="djangobridge.serializers.PickleSerializer")
    def test_texts_that_are_also_names_undo_nothing(self):
        key = self.new(tab="tab", filters={"filters": 1}, n=1)
        one, two = self.store(key), self.store(key)
        one["tab"], one["filters"] = "other", {"filters": 2}
        two["n"] = 2
        one.save()
        two.save()
        self.assertEqual(self.stored(key), {"tab": "other", "filters": {"filters": 2}, "n": 2})

    @override_settings(SESSION_SERIALIZER="djangobridge.serializers.PickleSerializer")
    def test_sets_that_nobody_changed_undo_nothing(self):
        # Each pickle of {7, 15} has them in the other order, because their hashes collide.
        for first, second in ((7, 15), (15, 7)):
            seen = {first}
            seen.add(second)
            key = self.new(seen=seen)
            one, two = self.store(key), self.store(key)
            one["seen"].add(1)
            one.save()
            two.get("seen")
            two = self.store(key)
            three = self.store(key)
            two["seen"].add(2)
            three["a"] = 1
            two.save()
            three.save()
            three["a"] = 2
            three.save()
            self.assertEqual(self.stored(key), {"seen": {1, 2, 7, 15}, "a": 2})

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

    def test_a_transaction_may_save_twice(self):
        def rolled_back(session):
            with self.assertRaises(Rollback), transaction.atomic():
                session.save()
                raise Rollback
            session.save()

        for second in (lambda s: s.save(), lambda s: s.cycle_key(), rolled_back):
            key = self.new(a=1)
            session, other = self.store(key), self.store(key)
            self.assertEqual(session["a"], 1)
            other["c"] = 3
            other.save()
            with transaction.atomic():
                session["a"], session["b"] = 2, 1
                session.save()
                session["a"] = 1
                del session["b"]
                second(session)
            self.assertEqual(self.stored(session.session_key), {"a": 1, "c": 3})
            # What the transaction has stored is no change any more.
            other = self.store(session.session_key)
            other["a"] = 4
            other.save()
            session["d"] = 5
            session.save()
            self.assertEqual(self.stored(session.session_key), {"a": 4, "c": 3, "d": 5})

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

    def test_a_key_in_other_letters_is_no_session(self):
        key = self.new(a=1)
        session = self.store(key.upper())
        self.assertEqual(dict(session.items()), {})
        self.assertIsNone(session.session_key)
        with transaction.atomic():
            self.assertIsNone(rows.lock_row(session.model, key.upper(), "default"))

    @skipIf(django.VERSION < (4, 1), "the expiry cannot become JSON")
    @override_settings(SESSION_SERIALIZER="djangobridge.serializers.PickleSerializer")
    def test_an_expiry_that_is_a_date_can_be_merged_on_the_way_to_json(self):
        session = self.store()
        session.update({"a": 1, "_session_expiry": timezone.now() + datetime.timedelta(days=1)})
        session.save()
        key = session.session_key
        with override_settings(
            SESSION_SERIALIZER="djangobridge.serializers.TransitionalSerializer"
        ):
            one, two = self.store(key), self.store(key)
            one["a"], two["b"] = 2, 3
            one.save()
            two.save()
            found = self.stored(key)
            self.assertEqual((found["a"], found["b"]), (2, 3))

    def test_values_without_a_form_in_json_can_be_replaced(self):
        for save in (lambda s: s.save(), lambda s: transaction.atomic()(s.save)()):
            with override_settings(SESSION_SERIALIZER="djangobridge.serializers.PickleSerializer"):
                key = self.new(price=decimal.Decimal(1), a=1)
            with override_settings(
                SESSION_SERIALIZER="djangobridge.serializers.TransitionalSerializer"
            ):
                session, other = self.store(key), self.store(key)
                session["price"] = str(session["price"])
                other["price"], other["a"] = "2", 2
                other.save()
                save(session)
                self.assertEqual(self.stored(key), {"price": "1", "a": 2})

    def test_names_that_json_turns_into_text_can_be_deleted(self):
        key = self.new(a=1)
        session = self.store(key)
        session[5], session[6] = 1, 1
        session.save()
        session, other = self.store(key), self.store(key)
        five, six = (next(name for name in session.keys() if str(name) == n) for n in "56")
        other["b"] = 2
        other.save()
        session[six] = 2
        del session[five]
        session.save()
        found = self.django(key).model.objects.get(pk=key)
        self.assertEqual(self.store().decode(found.session_data), {"a": 1, "b": 2, "6": 2})

    def test_a_database_that_is_away_is_an_update_error(self):
        session = self.store(self.new(a=1))
        session["b"] = 2
        with mock.patch.object(rows, "in_transaction", side_effect=OperationalError):
            with self.assertRaises(UpdateError):
                session.save()

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

        class ShopCachedStore(DjangoCachedStore):
            def load(self):
                return super().load()

        with self.assertRaisesMessage(ImproperlyConfigured, "overrides load"):
            type("SessionStore", (cached_rows.MergingCachedRows, ShopCachedStore), {})


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

    def test_an_ended_worker_leaves_no_copy(self):
        for lock in ({}, {"side_effect": InterfaceError}):
            key = self.new(a=1)
            session = self.store(key)
            session["a"] = 2
            written = session._written

            def end(*args, written=written):
                written(*args)
                raise SystemExit

            with mock.patch.object(session, "_written", end):
                with mock.patch.object(cached_rows, "lock_row", **lock):
                    with self.assertRaises(SystemExit):
                        session.save()
            self.assertIsNone(self.copy(key))
            self.assertEqual(self.stored(key), {"a": 1})

    def test_what_this_process_cannot_read_is_not_copied(self):
        key = self.new(a=1)
        with override_settings(SECRET_KEY="a new secret"):
            text = self.store().encode({"a": 2})
        self.store().model.objects.filter(pk=key).update(session_data=text)
        session = self.store()
        session._cache.delete(session.cache_key_prefix + key)
        with self.assertLogs("django.security"):
            self.assertEqual(self.stored(key), {})
        self.assertIsNone(self.copy(key))
        # Django's engine has made a copy.
        session._cache.set(session.cache_key_prefix + key, {})
        with override_settings(SECRET_KEY="a new secret"):
            self.assertEqual(self.stored(key), {"a": 2})

    def test_a_copy_without_a_row_ends_with_the_next_save(self):
        for change in (lambda s: s.save(), lambda s: s.cycle_key()):
            key = self.new(a=1)
            session = self.store(key)
            session.model.objects.filter(pk=key).delete()
            self.assertEqual(session["a"], 1)
            with self.assertRaises(SessionGone):
                change(session)
            self.assertIsNone(self.copy(key))
            session = self.store(key)
            session.cycle_key()
            self.assertEqual(self.stored(session.session_key), {})


class CacheTests(MergingTests, TransactionTestCase):
    store = cache.SessionStore

    def test_values_with_times_are_refused(self):
        client = mock.Mock(client=mock.Mock(spec=["encode", "decode", "_pack"]))
        with self.assertRaisesMessage(ImproperlyConfigured, "HerdClient"):
            swapping.DjangoRedisSwapper(client)

    @override_settings(
        CACHES={"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    )
    def test_caches_that_cannot_compare_are_refused(self):
        with self.assertRaisesMessage(ImproperlyConfigured, "DummyCache"):
            self.store()
