"""A Django process that says how long Django takes, a JSON object a line in and out.

The first line holds the settings. Sessions are made here and read by both sides.
"""

import contextlib
import datetime
import decimal
import importlib
import io
import itertools
import json
import multiprocessing
import pickle
import random
import sys
import time
import uuid

import django
from django.conf import settings


def login():
    return {
        "_auth_user_id": "4711",
        "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
        "_auth_user_hash": "1aa43c4b8f7ce58ef45ac9bf7cbfd97dcf7672c9ac6c5b20d846c3813b9d386c",
    }


def cart(size):
    """A login with a shopping cart, the whole of about so many bytes of JSON. Every run makes the same."""
    pick = random.Random(size)
    words = "café blue mug of set large steel olive cup oak lamp small white glass pan tea grey linen chair two".split()
    values = login() | {"_language": "de-at", "recently_viewed": [pick.randrange(100_000) for _ in range(12)], "cart": []}
    while len(json.dumps(values, separators=(",", ":"))) < size:
        values["cart"].append(
            {
                "sku": f"{pick.choice('ABCDEF')}-{pick.randrange(10**8):08}",
                "title": " ".join(pick.choices(words, k=5)),
                "quantity": pick.randrange(1, 9),
                "price": pick.randrange(100, 20_000) / 100,
                "gift": pick.random() < 0.2,
                "note": None,
            }
        )
    return values


def mixed():
    """A login with what only a pickle can hold: a cart of 20 items, of about 1.1 KB."""
    pick = random.Random(20)
    return login() | {
        "cart": [
            {
                "sku": pick.randrange(10**6),
                "price": decimal.Decimal(pick.randrange(100, 20_000)) / 100,
                "quantity": pick.randrange(1, 9),
            }
            for _ in range(20)
        ],
        "seen": datetime.datetime(2024, 2, 29, 23, 59, 59, 123456),
        "tags": {"new", "sale", "gift"},
        "order": uuid.UUID(int=pick.getrandbits(128)),
    }


VALUES = {"login": login(), "2KB": cart(2_000), "20KB": cart(20_000), "mixed": mixed()}


def per_call(seconds, call):
    """The microseconds that a call takes, of as many as go into this time."""
    count, batch, spent = 0, 1, 0.0
    while spent < seconds:
        start = time.perf_counter()
        for _ in range(batch):
            call()
        elapsed = time.perf_counter() - start
        spent += elapsed
        count += batch
        if elapsed < seconds / 20:
            batch *= 2
    return spent / count * 1e6


def client(store, keys, barrier, seconds, counts):
    """A process of a web server: it loads one session after the other."""
    from django.db import connection

    key = itertools.cycle(keys)
    for _ in range(20):
        store(next(key))["_auth_user_id"]
    barrier.wait()
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        store(next(key))["_auth_user_id"]
        count += 1
    counts.put(count / (time.perf_counter() - start))
    connection.close()


class Peer:
    def __init__(self, store):
        self.store = store
        self.keys = []

    def do_fill(self, sessions):
        """Make the tables and this many logins."""
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        for _ in range(sessions):
            session = self.store()
            session.update(login())
            session.save()
            self.keys.append(session.session_key)
        return self.keys

    def do_export(self, script):
        """What djangosession.SettingsScript prints here."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(script, {})
        return out.getvalue()

    def do_text(self, size):
        session = self.store()
        return {
            "text": session.encode(VALUES[size]),
            "payload": session.serializer().dumps(VALUES[size]).decode("latin-1"),
        }

    def do_decode(self, seconds, size):
        session = self.store()
        text = session.encode(VALUES[size])
        return per_call(seconds, lambda: session.decode(text))

    def do_encode(self, seconds, size):
        session = self.store()
        return per_call(seconds, lambda: session.encode(VALUES[size]))

    def do_pickle(self, size):
        return list(pickle.dumps(VALUES[size], pickle.HIGHEST_PROTOCOL))

    def do_loads(self, seconds, size):
        data = pickle.dumps(VALUES[size], pickle.HIGHEST_PROTOCOL)
        return per_call(seconds, lambda: pickle.loads(data))

    def do_dumps(self, seconds, size):
        return per_call(seconds, lambda: pickle.dumps(VALUES[size], pickle.HIGHEST_PROTOCOL))

    def do_load(self, seconds):
        key = itertools.cycle(self.keys)
        return per_call(seconds, lambda: self.store(next(key)).load())

    def do_save(self, seconds):
        session = self.store(self.keys[0])
        session["_auth_user_id"]
        return per_call(seconds, session.save)

    def do_serve(self, seconds, clients):
        """Sessions loaded in a second by so many processes: threads of one would wait for each other."""
        from django.db import connection

        connection.close()
        fork = multiprocessing.get_context("fork")
        barrier, counts = fork.Barrier(clients), fork.SimpleQueue()
        arguments = (self.store, self.keys, barrier, seconds, counts)
        processes = [fork.Process(target=client, args=arguments) for _ in range(clients)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        if any(process.exitcode for process in processes):
            raise RuntimeError("a client failed")
        return sum(counts.get() for _ in processes)


def main():
    options = json.loads(sys.stdin.readline())
    database = options["DATABASES"]["default"]
    database["CONN_MAX_AGE"] = None
    if database["ENGINE"].endswith("mysql"):
        import pymysql

        pymysql.install_as_MySQLdb()
    settings.configure(
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
        USE_TZ=True,
        TIME_ZONE="UTC",
        DEBUG=False,
        **options,
    )
    django.setup()
    peer = Peer(importlib.import_module(settings.SESSION_ENGINE).SessionStore)
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(getattr(peer, "do_" + order.pop("do"))(**order)), flush=True)


main()
