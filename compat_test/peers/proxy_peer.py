"""usage: proxy_peer.py SETTINGS

Serves the site proxy_shop on a free port, which it prints, until its input ends. SETTINGS is JSON. What begins with /__ is
for the tests: it says what the tables hold, or changes them, and passes no middleware.
"""

import datetime
import hashlib
import json
import os
import socketserver
import sys
import threading
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings

# The apps of the tests.
sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "apps"))


class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class Handler(WSGIRequestHandler):
    def log_message(self, *args):
        pass


def looks(get_response):
    """Looks at the session if the request says so; a Go handler before it does so too."""

    def middleware(request):
        if "look" in request.GET:
            request.session.get("cart")
        return get_response(request)

    return middleware


def state():
    """All that requests may change."""
    from django.contrib.admin.models import LogEntry
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.utils import timezone
    from proxy_shop.models import Note

    now = timezone.now()
    # Ages are multiples of 10 minutes, and no sequence of requests takes 5.
    return {
        "sessions": [
            [row.pk, json.dumps(SessionStore().decode(row.session_data), sort_keys=True), round((row.expire_date - now).total_seconds() / 600)]
            for row in Session.objects.all()
        ],
        "notes": [[n.title, hashlib.sha256(n.file.read()).hexdigest() if n.file else ""] for n in Note.objects.order_by("pk")],
        "log": [[e.user_id, e.action_flag, e.object_repr] for e in LogEntry.objects.order_by("pk")],
        "users": [[u.username, u.last_login is not None] for u in User.objects.order_by("pk")],
    }


def reset():
    from django.contrib.admin.models import LogEntry
    from django.contrib.auth.models import User
    from django.contrib.sessions.models import Session
    from django.db import transaction
    from proxy_shop.models import Note

    with transaction.atomic():
        for model in (Session, LogEntry, Note, User):
            model.objects.all().delete()
        for pk, name in ((1, "ada"), (2, "bob")):
            user = User(pk=pk, username=name, is_staff=True, is_superuser=True)
            user.password = "md5$salt$" + hashlib.md5(b"saltpw").hexdigest()
            user.save()


def age(seconds):
    """Let time pass for all sessions."""
    from django.contrib.sessions.models import Session

    for row in Session.objects.all():
        Session.objects.filter(pk=row.pk).update(expire_date=row.expire_date - datetime.timedelta(seconds=seconds))


def main():
    given = json.loads(sys.argv[1])
    database = given.pop("database")
    settings.configure(
        SECRET_KEY="compat-secret-key", ALLOWED_HOSTS=["*"], ROOT_URLCONF="proxy_shop.urls", USE_TZ=True, TIME_ZONE="UTC",
        LOGGING_CONFIG=None, STATIC_URL="/static/", DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": database, "OPTIONS": {"timeout": 20}}},
        INSTALLED_APPS=[
            "django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "django.contrib.messages",
            "django.contrib.admin", "proxy_shop",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware", "__main__.looks", "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[{
            "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
            "OPTIONS": {"context_processors": [
                "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]},
        }],
        **given,
    )
    django.setup()
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application
    from django.db import connection

    call_command("migrate", verbosity=0, run_syncdb=True)
    connection.cursor().execute("PRAGMA journal_mode=WAL")
    site = get_wsgi_application()

    def application(environ, start_response):
        path = environ["PATH_INFO"]
        if not path.startswith("/__"):
            return site(environ, start_response)
        if path == "/__reset__":
            reset()
        elif path.startswith("/__age__"):
            age(int(environ["QUERY_STRING"]))
        body = json.dumps(state()).encode()
        connection.close()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    server = make_server("127.0.0.1", 0, application, Server, Handler)
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


main()
