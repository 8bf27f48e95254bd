"""A Django site with a login page, for services behind forward authentication.

The argument is the database file, and standard input is SettingsScript, ended by a line "END". It prints a JSON object
with its port, its settings and the keys of some sessions. Then each further line is the name of a user to deactivate, and
is repeated when that is done. It ends with its input.
"""

import contextlib
import io
import json
import sys
import threading
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from django.conf import settings

settings.configure(
    SECRET_KEY="compat-secret-key",
    ALLOWED_HOSTS=["localhost", "127.0.0.1"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1], "OPTIONS": {"timeout": 20}}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    LOGIN_URL="/login/",
    ROOT_URLCONF=__name__,
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "loaders": [
                    (
                        "django.template.loaders.locmem.Loader",
                        {
                            "registration/login.html": "<title>Login</title><main><form method=post>{% csrf_token %}{{ form }}"
                            "<input type=hidden name=next value='{{ next }}'><button>Log in</button></form></main>",
                            "registration/logged_out.html": "<title>Bye</title><main><p id=user>nobody</p></main>",
                        },
                    )
                ]
            },
        }
    ],
    USE_TZ=True,
)

import django

django.setup()

from django.contrib.auth import views
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path


def home(request):
    from django.middleware.csrf import get_token

    who = request.user.get_username() or "nobody"
    return HttpResponse(
        "<title>Shop</title><main><p id=user>%s</p><form method=post action=/logout/><input type=hidden name=csrfmiddlewaretoken "
        "value=%s><button>Log out</button></form></main>" % (who, get_token(request))
    )


urlpatterns = [path("", home), path("login/", views.LoginView.as_view()), path("logout/", views.LogoutView.as_view())]


def login(user, secret="compat-secret-key", seconds=3600, **values):
    """A session in which the user is logged in, made with this SECRET_KEY."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.test.utils import override_settings

    with override_settings(SECRET_KEY=secret):
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.update(values)
        session.set_expiry(seconds)
        session.save()
    return session.session_key


def fill():
    call_command("migrate", verbosity=0)
    ada = User.objects.create_user("ada", "ada@example.com", "tea")
    ada.groups.add(Group.objects.create(name="Editors"))
    grace = User.objects.create_user("grace", "grace@example.com", "tea", is_staff=True)
    umlaut = User.objects.create_user("Zoë,\u2028 50%", "zoe@example.com", "tea")
    gone = User.objects.create_user("gone", "gone@example.com", "tea", is_active=False)
    leaving = User.objects.create_user("leaving", "leaving@example.com", "tea", is_staff=True)
    return {
        "ada": login(ada),
        "grace": login(grace),
        "umlaut": login(umlaut),
        "leaving": login(leaving),
        "inactive": login(gone),
        "expired": login(grace, seconds=-60),
        "wrong hash": login(grace, _auth_user_hash="0" * 64),
        "wrong key": login(grace, secret="another key"),
        "unknown backend": login(grace, _auth_user_backend="shop.Backend"),
    }


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


if __name__ == "__main__":
    script = "".join(iter(sys.stdin.readline, "END\n"))
    sessions = fill()
    exported = io.StringIO()
    with contextlib.redirect_stdout(exported):
        exec(script, {})
    server = Server(("127.0.0.1", 0), Quiet)
    server.set_app(get_wsgi_application())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_port, "settings": exported.getvalue(), "sessions": sessions}), flush=True)
    for line in sys.stdin:
        User.objects.filter(username=line.strip()).update(is_active=False)
        print(line.strip(), flush=True)
