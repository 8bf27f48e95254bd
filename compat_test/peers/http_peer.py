"""A site of one view, behind nothing but the session middleware: the view does what the request tells it."""

import io
import os
from datetime import datetime, timedelta, timezone
from unittest import mock

from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import override_settings
from django.urls import path


def view(request):
    order = request.META["order"]
    session = request.session
    for what, *args in order["steps"]:
        if what == "get":
            session.get(*args)
        elif what == "set":
            session[args[0]] = args[1]
        elif what == "delete":
            del session[args[0]]
        elif what == "set_expiry_delta":
            session.set_expiry(timedelta(seconds=args[0]))
        elif what == "set_expiry_date":
            session.set_expiry(datetime.fromisoformat(args[0]))
        elif what == "delete_row":
            place(type(session)).delete(args[0])
        elif what == "raise":
            raise ValueError
        else:  # flush, clear, cycle_key, save, set_expiry, is_empty
            getattr(session, what)(*args)
    response = HttpResponse(status=order["status"])
    if order["vary"]:
        response["Vary"] = order["vary"]
    return response


urlpatterns = [path("", view)]
application = None


def at(now):
    """A time at which the clock is stopped."""
    moment = datetime.fromtimestamp(now, timezone.utc if settings.USE_TZ else None)
    return mock.patch("time.time", lambda: now), mock.patch("django.utils.timezone.now", lambda: moment)


class Table:
    """Where the engine "db" keeps sessions."""

    def __init__(self, store):
        self.store = store

    def reset(self, now, rows):
        """Leave these rows: key, values or else the text, and the seconds until it ends."""
        sessions = []
        for row in rows:
            data = row["text"] if "text" in row else self.store().encode(row["values"])
            ends = datetime.fromtimestamp(now + row["ends"], timezone.utc)
            sessions.append(Session(pk=row["key"], session_data=data, expire_date=ends))
        with transaction.atomic():
            Session.objects.all().delete()
            Session.objects.bulk_create(sessions)

    def rows(self):
        return [[row.pk, self.store().decode(row.session_data), str(row.expire_date)] for row in Session.objects.all()]

    def delete(self, key):
        Session.objects.filter(pk=key).delete()


class Folder(Table):
    """Where the engine "file" keeps them."""

    def path(self, name):
        return os.path.join(self.store._get_storage_path(), name)

    def names(self):
        return sorted(os.listdir(self.path("")))

    def reset(self, now, rows):
        for name in self.names():
            os.unlink(self.path(name))
        for row in rows:
            if not row["key"].isalnum():
                continue  # no session has it
            path = self.path(settings.SESSION_COOKIE_NAME + row["key"])
            with open(path, "w") as file:
                file.write(row["text"] if "text" in row else self.store().encode(row["values"]))
            written = now + row["ends"] - 1209600
            os.utime(path, (written, written))

    def rows(self):
        found = []
        for name in self.names():
            with open(self.path(name)) as file:
                text = file.read()
            prefix = settings.SESSION_COOKIE_NAME
            key = name[len(prefix):] if name.startswith(prefix) else "not a session: " + name
            found.append([key, self.store().decode(text)])
        return found

    def delete(self, key):
        os.unlink(self.path(settings.SESSION_COOKIE_NAME + key))


class Nowhere(Table):
    """The engine "signed_cookies" keeps nothing."""

    def reset(self, now, rows):
        pass

    def rows(self):
        return []

    def delete(self, key):
        pass


def place(store):
    return {"file": Folder, "signed_cookies": Nowhere}.get(store.__module__.split(".")[-1], Table)(store)


def rows(store, changes=None):
    with override_settings(**changes or {}):
        return place(store).rows()


def token(store, now, values):
    """The cookie of a session that is signed at this time."""
    clock, today = at(now)
    with clock, today:
        session = store()
        session.update(values)
        session.save()
        return session.session_key


def hurry(store):
    """Nothing here has to survive a power failure."""
    connection.cursor().execute("PRAGMA synchronous=OFF")


def visit(store, now, before, **order):
    """The answer to a request and the rows after it; another one may come then."""
    with override_settings(**order["changes"]):
        clock, today = at(now)
        with clock, today:
            place(store).reset(now, before)
        answer = request(store, now, **order)
        answer["rows"] = place(store).rows()
        with clock, today:
            place(store).reset(now, before)
    return answer


def request(store, now, changes, cookie, **order):
    """The response's status, its cookies and what it varies on."""
    global application
    application = application or get_wsgi_application()
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "testserver", "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(), "wsgi.url_scheme": "http", "order": order,
    }
    if cookie is not None:
        environ["HTTP_COOKIE"] = cookie.encode().decode("latin-1")
    answer = {}

    def start_response(status, headers):
        answer["status"] = int(status.split()[0])
        answer["cookies"] = [value.strip() for name, value in headers if name == "Set-Cookie"]
        answer["vary"] = ", ".join(value for name, value in headers if name == "Vary")

    clock, today = at(now)
    with override_settings(**changes), clock, today:
        list(application(environ, start_response))
    return answer
