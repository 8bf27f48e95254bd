"""Merging with a router that reads from a replica, which may lag behind."""

from unittest import mock

from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connections, transaction
from django.test import TransactionTestCase, override_settings

from djangobridge.sessions import cached_db, db
from djangobridge.sessions.merging import SessionGone


def setUpModule():
    for alias in connections:
        call_command("migrate", database=alias, verbosity=0)


class Router:
    """Sends reads to the replica."""

    def db_for_read(self, model, **hints):
        return "replica"

    def db_for_write(self, model, **hints):
        return "default"

    def allow_relation(self, *args, **hints):
        return True


@override_settings(DATABASE_ROUTERS=["tests.test_routers.Router"])
class RouterTests(TransactionTestCase):
    databases = {"default", "replica"}
    store = db.SessionStore

    def new(self, **values):
        """Store a session that the replica has, too."""
        session = self.store()
        session.update(values)
        session.save()
        self.replicate(session.session_key)
        return session.session_key

    def replicate(self, key):
        self.row(key).save(using="replica")

    def row(self, key):
        return Session.objects.using("default").get(pk=key)

    def stored(self, key):
        """Return the values in the database for writes."""
        return self.store().decode(self.row(key).session_data)

    def load(self, key):
        session = self.store(key)
        session.get("a")
        return session

    def change(self, key, **values):
        session = self.load(key)
        session.update(values)
        session.save()

    def test_a_stale_load_undoes_nothing(self):
        key = self.new(a=1)
        self.change(key, theirs=2)
        self.change(key, mine=3)
        self.assertEqual(self.stored(key), {"a": 1, "theirs": 2, "mine": 3})
        self.assertFalse(Session.objects.using("replica").exclude(pk=key).exists())

    def test_the_next_save_builds_on_what_was_merged(self):
        key = self.new(a=1)
        session = self.load(key)
        self.change(key, theirs=2)
        session["mine"] = 3
        session.save()
        self.change(key, theirs=4)
        session["mine"] = 5
        session.save()
        self.assertEqual(self.stored(key), {"a": 1, "theirs": 4, "mine": 5})

    def test_a_logout_that_the_replica_does_not_know_yet(self):
        key = self.new(a=1)
        for change in (lambda s: s.save(), lambda s: s.cycle_key()):
            session = self.load(key)
            session["mine"] = 2
            Session.objects.using("default").filter(pk=key).delete()
            with self.assertRaises(SessionGone):
                change(session)
        self.assertFalse(Session.objects.using("default").exists())

    def test_a_change_of_the_key(self):
        key = self.new(a=1)
        session = self.load(key)
        self.change(key, theirs=2)
        session.cycle_key()
        self.assertEqual(self.stored(session.session_key), {"a": 1, "theirs": 2})
        self.assertFalse(Session.objects.using("default").filter(pk=key).exists())

    def test_only_a_transaction_of_the_database_for_writes_counts(self):
        key = self.new(a=1)
        session = self.load(key)
        session["b"] = 2
        with transaction.atomic(using="replica"):
            session.save()
            transaction.set_rollback(True, using="replica")
        self.assertEqual(self.stored(key), {"a": 1, "b": 2})
        with transaction.atomic(using="default"):
            session["c"] = 3
            session.save()
            transaction.set_rollback(True, using="default")
        self.assertEqual(self.stored(key), {"a": 1, "b": 2})
        session.save()
        self.assertEqual(self.stored(key), {"a": 1, "b": 2, "c": 3})


class CachedRouterTests(RouterTests):
    store = cached_db.SessionStore

    def load(self, key):
        session = self.store(key)
        if key:
            session._cache.delete(session.cache_key_prefix + key)  # which others may have
        with mock.patch.object(self.store, "_copy_row", return_value=None):  # a locked row
            session.get("a")
        return session

    def test_a_copy_has_the_row_of_the_database_for_writes(self):
        key = self.new(a=1)
        self.change(key, theirs=2)
        session = self.store(key)
        session._cache.delete(session.cache_key)
        self.assertEqual(dict(session.items()), {"a": 1, "theirs": 2})
        self.assertEqual(session._cache.get(session.cache_key), {"a": 1, "theirs": 2})
