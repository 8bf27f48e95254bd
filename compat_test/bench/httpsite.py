"""A Django site of one page, which shows who is logged in and a value of the session.

SITE in the environment is a JSON object with settings. gunicorn serves "httpsite:application"; run as a program with
SettingsScript as its input, the site makes its tables and users and prints their sessions and its settings.
"""

import contextlib
import importlib
import io
import json
import os
import sys
import time

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path

SITE = json.loads(os.environ["SITE"])


def page(request):
    return HttpResponse(f"{request.user.username}: {request.session['visits']} visits", content_type="text/plain")


def auth(request):
    """The answer to nginx, as package forwardauth gives it."""
    user = request.user
    if not user.is_authenticated:
        return HttpResponse(status=401, headers={"Location": "/login/?next=" + request.headers["X-Original-URI"]})
    headers = {
        "X-User-Id": user.pk,
        "X-User-Name": user.get_username(),
        "X-User-Email": user.email,
        "X-User-Staff": "true" if user.is_staff else "false",
        "X-User-Superuser": "true" if user.is_superuser else "false",
        "X-User-Groups": "",
        "Cache-Control": "no-store",
    }
    return HttpResponse(headers=headers)


urlpatterns = [path("", page), path("auth/nginx/login", auth)]

SITE["DATABASES"]["default"]["CONN_MAX_AGE"] = None
if SITE["DATABASES"]["default"]["ENGINE"].endswith("mysql"):
    import pymysql

    pymysql.install_as_MySQLdb()

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DEBUG=False,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    ROOT_URLCONF=__name__,
    TIME_ZONE="UTC",
    USE_TZ=True,
    **SITE,
)
application = get_wsgi_application()


def fill(users):
    """Make the tables and this many users, and log each of them in: the keys of the sessions, and what the page shows."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.hashers import make_password
    from django.contrib.auth.models import User
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    store = importlib.import_module(settings.SESSION_ENGINE).SessionStore
    password = make_password("tea")  # once, since it takes half a second
    pages = []
    for n in range(users):
        user = User.objects.create(username=f"visitor{n}", password=password)
        session = store()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session["visits"] = n
        session.save()
        pages.append({"key": session.session_key, "shows": f"{user.username}: {n} visits"})
    return pages


def exported(script):
    """What djangosession.SettingsScript prints here."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(script, {})
    return out.getvalue()


def unused(seconds):
    """The microseconds that SessionMiddleware adds to a request which does not use the session."""
    from django.contrib.sessions.middleware import SessionMiddleware
    from django.test import RequestFactory

    request = RequestFactory(headers={"cookie": "sessionid=" + 32 * "k"}).get("/")
    request.COOKIES
    response = HttpResponse()
    handlers = [lambda request: response, SessionMiddleware(lambda request: response)]
    best = [1e9, 1e9]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for i, handler in enumerate(handlers):
            start = time.perf_counter()
            for _ in range(1000):
                handler(request)
            best[i] = min(best[i], time.perf_counter() - start)
    return (best[1] - best[0]) * 1e3


if __name__ == "__main__":
    users, seconds = int(sys.argv[1]), float(sys.argv[2])
    print(json.dumps({"pages": fill(users), "unused": unused(seconds), "settings": exported(sys.stdin.read())}))
