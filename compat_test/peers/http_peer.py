"""A site of one view, behind nothing but the session middleware: the view does what the request tells it."""

import io
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
            Session.objects.filter(pk=args[0]).delete()
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


def reset(store, now, rows):
    """Leave these rows in the table: key, values or else the text, and the seconds until it ends."""
    sessions = []
    for row in rows:
        data = row["text"] if "text" in row else store().encode(row["values"])
        ends = datetime.fromtimestamp(now + row["ends"], timezone.utc)
        sessions.append(Session(pk=row["key"], session_data=data, expire_date=ends))
    with transaction.atomic():
        Session.objects.all().delete()
        Session.objects.bulk_create(sessions)


def rows(store):
    return [[row.pk, store().decode(row.session_data), str(row.expire_date)] for row in Session.objects.all()]


def hurry(store):
    """Nothing here has to survive a power failure."""
    connection.cursor().execute("PRAGMA synchronous=OFF")


def visit(store, now, before, **order):
    """The answer to a request and the rows after it; another one may come then."""
    reset(store, now, before)
    answer = request(store, now, **order)
    answer["rows"] = rows(store)
    reset(store, now, before)
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
