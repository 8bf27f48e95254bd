"""usage: login_pages_peer.py OPTIONS

Serves Django's login pages, and pages that add and show messages, on a free port, until its input ends. OPTIONS is JSON:
"database", a file; "script", djangosession.SettingsScript. It prints a line of JSON: "port", and what the script prints as
"settings".
"""

import contextlib
import io
import json
import sys
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings

PAGE = """<!doctype html><title>x</title><link rel="icon" href="data:,"><main>
<p id="backend">Served by Django</p><p id="who">{{ user.username }}</p>
<ul id="messages">{% for message in messages %}<li class="{{ message.tags }}">{{ message }}</li>{% endfor %}</ul>
<p id="link">{{ link }}</p>
{% if form %}<form method="post">{% csrf_token %}{{ form }}<button>Go on</button></form>{% endif %}</main>"""


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


def main():
    options = json.loads(sys.argv[1])
    # 1 MiB instead of 100, because several of these tests run at once.
    settings.configure(
        SECRET_KEY="compat-secret-key", ALLOWED_HOSTS=["*"], ROOT_URLCONF="__main__", USE_TZ=True, TIME_ZONE="UTC", LOGGING_CONFIG=None,
        LOGIN_REDIRECT_URL="/django/show/", DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        PASSWORD_HASHERS=["__main__.Argon2", "django.contrib.auth.hashers.PBKDF2PasswordHasher"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": options["database"], "OPTIONS": {"timeout": 20}}},
        INSTALLED_APPS=[
            "django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "django.contrib.messages",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware", "django.contrib.messages.middleware.MessageMiddleware",
        ],
        TEMPLATES=[{
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ],
                "loaders": [("django.template.loaders.locmem.Loader", {"page.html": PAGE})],
            },
        }],
    )  # fmt: skip
    django.setup()
    define()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application

    call_command("migrate", verbosity=0, run_syncdb=True)
    User.objects.create_user("ada", "ada@example.com", "tea time for ada")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(options["script"], {})
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_port, "settings": out.getvalue()}), flush=True)
    sys.stdin.read()


def define():
    """Define the hasher and the pages, which need the settings."""
    global Argon2, urlpatterns
    from django.contrib import messages
    from django.contrib.auth import hashers, views
    from django.contrib.auth.models import User
    from django.contrib.auth.tokens import default_token_generator
    from django.http import HttpResponseRedirect
    from django.shortcuts import render
    from django.urls import path
    from django.utils.encoding import force_bytes
    from django.utils.http import urlsafe_base64_encode
    from django.utils.safestring import mark_safe

    class Argon2(hashers.Argon2PasswordHasher):
        memory_cost = 1024

    Argon2.__qualname__ = "Argon2"

    def add(request):
        messages.success(request, "Django's <own>")
        messages.warning(request, mark_safe("<b>bold</b> of Django"), extra_tags="loud")
        return HttpResponseRedirect("/go/show/")

    def show(request):
        return render(request, "page.html")

    def link(request):
        user = User.objects.get(username="ada")
        parts = urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)
        return render(request, "page.html", {"link": "%s/%s/" % parts})

    reset = views.PasswordResetConfirmView.as_view(template_name="page.html", success_url="/django/show/")
    urlpatterns = [
        path("django/login/", views.LoginView.as_view(template_name="page.html")),
        path("django/add/", add),
        path("django/show/", show),
        path("django/link/", link),
        path("django/reset/<uidb64>/<token>/", reset),
    ]


if __name__ == "__main__":
    main()
