"""Transactions of the caller on a server, in the isolation level of its OPTIONS.

compat_test runs this module on PostgreSQL and MariaDB. Its name keeps it out of the tests
that run on SQLite.
"""

import threading

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction
from django.http import HttpResponse
from django.test import Client, TransactionTestCase, override_settings
from django.urls import path

from djangobridge.sessions import cached_db, db

LEVEL = connection.settings_dict.get("OPTIONS", {}).get("isolation_level")
LEVEL = getattr(LEVEL, "name", LEVEL or "read committed").replace("_", " ").lower()


def setUpModule():
    call_command("migrate", verbosity=0)


def in_another_process(do):
    """Run a function with a connection of its own, to the end."""
    failures = []

    def run():
        try:
            do()
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


def add(request, name):
    """Add one to a number, and save in the view or leave that to the middleware."""
    request.session[name] = request.session.get(name, 0) + 1
    if "save" in request.GET:
        request.session.save()
    return HttpResponse(request.session[name])


urlpatterns = [path("<name>/", add)]


class TransactionTests(TransactionTestCase):
    store = db.SessionStore

    def setUp(self):
        connection.settings_dict["ATOMIC_REQUESTS"] = True
        self.addCleanup(connection.settings_dict.pop, "ATOMIC_REQUESTS")

    def new(self, **values):
        session = self.store()
        session.update(values)
        session.save()
        return session.session_key

    def stored(self, key):
        return self.store().decode(Session.objects.get(pk=key).session_data)

    def change(self, key, **values):
        session = self.store(key)
        session.update(values)
        session.save()

    def late_change(self, change):
        """Return the error of a change in a transaction that began before another change."""
        self.key = self.new(a=1)
        session = self.store(self.key)
        session["mine"] = 2
        error = None
        try:
            with transaction.atomic():
                Session.objects.filter(pk="other").exists()  # the transaction sees what is now
                in_another_process(lambda: self.change(self.key, theirs=3))
                change(session)
        except (DatabaseError, UpdateError) as raised:
            error = raised
        self.session = session
        return error

    def newest_is_readable(self):
        """Report whether a lock returns what was committed since the transaction began."""
        if LEVEL == "read committed":
            return True
        if connection.vendor == "postgresql":
            return False
        with connection.cursor() as cursor:
            cursor.execute("SHOW VARIABLES LIKE 'innodb_snapshot_isolation'")
            found = cursor.fetchone()
        return not found or found[1] == "OFF"

    def test_a_save(self):
        error = self.late_change(lambda session: session.save())
        if self.newest_is_readable():
            self.assertIsNone(error)
        else:
            self.assertIsInstance(error, UpdateError)
            self.assertEqual(self.stored(self.key), {"a": 1, "theirs": 3})
            self.session.save()
        self.assertEqual(self.stored(self.key), {"a": 1, "mine": 2, "theirs": 3})

    def test_a_change_of_the_key(self):
        error = self.late_change(lambda session: session.cycle_key())
        key = self.session.session_key
        if self.newest_is_readable():
            self.assertIsNone(error)
            self.assertNotEqual(key, self.key)
            self.assertFalse(self.store().exists(self.key))
        else:
            self.assertIsNotNone(error)
            self.assertEqual(key, self.key)
            self.assertEqual(self.stored(key), {"a": 1, "theirs": 3})
            self.session.save()
        self.assertEqual(self.stored(key), {"a": 1, "mine": 2, "theirs": 3})
        self.assertEqual(Session.objects.count(), 1)

    def test_a_logout_in_the_meantime(self):
        key = self.new(a=1)
        session = self.store(key)
        session["mine"] = 2
        with self.assertRaises(UpdateError), transaction.atomic():
            Session.objects.filter(pk="other").exists()
            in_another_process(lambda: self.store(key).flush())
            session.save()
        self.assertEqual(Session.objects.count(), 0)

    def test_overlapping_requests_lose_nothing(self):
        key = self.new(a=1)
        names = ["one", "two", "three", "four"]
        answered = dict.fromkeys(names, 0)
        failed = dict.fromkeys(names, 0)
        start = threading.Barrier(len(names))

        def visit(name):
            client = Client(raise_request_exception=False)
            client.cookies["sessionid"] = key
            start.wait()
            for n in range(20):
                answer = client.get("/%s/%s" % (name, "?save" if n % 2 else ""))
                if answer.status_code != 200:
                    failed[name] += 1
                    continue
                answered[name] += 1
                # What was confirmed before has lasted.
                self.assertEqual(int(answer.content), answered[name])

        visits = [
            threading.Thread(target=in_another_process, args=(lambda name=name: visit(name),))
            for name in names
        ]
        with override_settings(ROOT_URLCONF="tests.servers", ALLOWED_HOSTS=["testserver"]):
            for thread in visits:
                thread.start()
            for thread in visits:
                thread.join()
        print("\n%s, %s: %s answered, %s failed" % (connection.vendor, LEVEL, answered, failed))
        self.assertEqual(self.stored(key), {"a": 1, **answered})
        self.assertGreater(min(answered.values()), 0)
        if LEVEL == "read committed":
            self.assertEqual(answered, dict.fromkeys(names, 20))


class CachedTransactionTests(TransactionTests):
    store = cached_db.SessionStore

    def setUp(self):
        super().setUp()
        engine = override_settings(SESSION_ENGINE="djangobridge.sessions.cached_db")
        engine.enable()
        self.addCleanup(engine.disable)

    def stored(self, key):
        values = super().stored(key)
        self.assertEqual(dict(self.store(key).items()), values)  # whether copied or not
        return values
