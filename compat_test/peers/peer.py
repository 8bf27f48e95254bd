"""A Django process that does with sessions what it is told, a JSON object a line, and answers with one.

The first line holds its settings. It shares a database with the Go tests, which tell it what to do and look at what
has become of it.
"""

import importlib
import json
import os
import sys
import time
import traceback

import django
from django.conf import settings

# The apps of the tests, and the package djangobridge.
tests = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path += [os.path.join(tests, "apps"), os.path.join(os.path.dirname(tests), "python")]


class Peer:
    def __init__(self, store):
        self.store = store

    def do_migrate(self):
        from django.core.management import call_command

        call_command("migrate", verbosity=0, run_syncdb=True)

    def do_rows(self):
        """All columns of all rows, as the model has them."""
        fields = [f.attname for f in self.store.get_model_class()._meta.fields]
        rows = self.store.get_model_class().objects.order_by("session_key").values(*fields)
        return [{name: str(value) for name, value in row.items()} for row in rows]

    def do_create(self, values):
        session = self.store()
        session.update(values)
        session.create()
        return session.session_key

    def do_load(self, key):
        session = self.store(key)
        values = dict(session.items())
        return {"key": session.session_key, "values": values, "payload": session.serializer().dumps(values).decode("latin-1")}

    def do_change(self, key, set=None, delete=()):
        session = self.store(key)
        for name in delete:
            del session[name]
        session.update(set or {})
        session.save()

    def do_late_save(self, key, values, go_on):
        """Load, wait for a line, save."""
        session = self.store(key)
        session.update(values)
        print(json.dumps({"ok": "loaded"}), flush=True)
        sys.stdin.readline()
        session.save()

    def do_cycle(self, key):
        session = self.store(key)
        session.cycle_key()
        return session.session_key

    def do_flush(self, key):
        self.store(key).flush()

    def do_exists(self, key):
        return self.store().exists(key)

    def do_set_expiry(self, key, seconds=None, date=None):
        from datetime import datetime

        session = self.store(key)
        session.set_expiry(datetime.fromisoformat(date) if date else seconds)
        session.save()

    def do_expiry(self, key):
        session = self.store(key)
        age = session.get_expiry_age()
        date = session.get_expiry_date()
        return {"age": age, "date": date.isoformat(), "browser": session.get_expire_at_browser_close()}

    def do_set_row_date(self, key, date):
        from datetime import datetime

        self.store.get_model_class().objects.filter(pk=key).update(expire_date=datetime.fromisoformat(date))

    def do_at(self, key, now):
        """What Django does with a session when its clock shows now."""
        from datetime import datetime
        from unittest import mock

        from django.db import transaction

        now = datetime.fromisoformat(now)
        with mock.patch("django.utils.timezone.now", return_value=now):
            session = self.store(key)
            session.load()
            with transaction.atomic():
                self.store.clear_expired()
                cleared = not self.store().exists(key)
                transaction.set_rollback(True)
        return {"found": session.session_key is not None, "cleared": cleared}

    def do_clear(self):
        self.store.clear_expired()

    def do_count(self):
        return self.store.get_model_class().objects.count()

    def do_encode(self, values):
        return self.store().encode(values)

    def do_decode(self, text):
        return self.store().decode(text)

    def do_hammer(self, rounds):
        """Create a session and save it again and again."""
        session = self.store()
        session["n"] = 0
        session.create()
        for n in range(1, rounds + 1):
            again = self.store(session.session_key)
            assert again["n"] == n - 1, (again["n"], n - 1)
            again["n"] = n
            again.save()
        return session.session_key

    def do_dumps(self, value, salt, compress):
        from django.core import signing

        return signing.dumps(value, salt=salt, compress=compress)

    def do_loads(self, text, salt, max_age=None):
        from django.core import signing

        return signing.loads(text, salt=salt, max_age=max_age)

    def do_csrf(self, what, cases):
        """See csrf_peer.py."""
        import csrf_peer

        return getattr(csrf_peer, what)(cases)

    def do_http(self, what, **args):
        """See http_peer.py."""
        import http_peer

        return getattr(http_peer, what)(self.store, **args)


def main():
    options = json.loads(sys.stdin.readline())
    # Django does so when it loads a settings module, and datetime.now() depends on it.
    os.environ["TZ"] = options["TIME_ZONE"]
    time.tzset()
    database = options.pop("database")
    if database["ENGINE"].endswith("mysql"):
        # A driver without anything to compile. Django wants the version of another one.
        import pymysql

        pymysql.version_info = (2, 2, 7, "final", 0)
        pymysql.install_as_MySQLdb()
    custom = options.pop("custom", False)
    also = options.pop("also", None)
    settings.configure(
        INSTALLED_APPS=options.pop("INSTALLED_APPS", ["custom"] if custom else ["django.contrib.sessions"]),
        DATABASES={"default": database},
        **options,
    )
    django.setup()
    if custom:
        from custom.store import ShopStore as SessionStore
    else:
        SessionStore = importlib.import_module(settings.SESSION_ENGINE).SessionStore

    if also:  # a module with more that a test can ask for
        for name, function in vars(importlib.import_module(also)).items():
            if name.startswith("do_"):
                setattr(Peer, name, function)
    peer = Peer(SessionStore)
    print(json.dumps({"ok": django.get_version()}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = {"ok": getattr(peer, "do_" + order.pop("do"))(**order)}
        except Exception as error:
            traceback.print_exc()
            answer = {"raises": type(error).__name__}
        print(json.dumps(answer), flush=True)


main()
