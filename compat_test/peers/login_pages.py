"""A site with the login pages of django.contrib.auth, visited by Django's test client.

    python login_pages.py DATABASE export < SCRIPT    makes the database and runs SettingsScript
    python login_pages.py DATABASE visit              one request a line, one response a line
"""

import json
import os
import sys
import types

DATABASE = sys.argv[1] if len(sys.argv) > 2 else os.environ["LOGIN_PAGES_DATABASE"]
PAGES = ["login", "logged_out", "password_change_form", "password_reset_form", "password_reset_confirm"]
PLAIN = ["password_change_done", "password_reset_done", "password_reset_complete"]

from django.conf import settings

if __name__ == "__main__":
    module = types.ModuleType("login_pages_settings")
    module.__dict__.update(
        SECRET_KEY="pages-secret",
        ALLOWED_HOSTS=["shop.test"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATABASE}},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        PASSWORD_HASHERS=["login_pages_hashers.QuickHasher"],
        ROOT_URLCONF="login_pages_urls",
        USE_TZ=True,
        TIME_ZONE="America/Chicago",
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        LOGIN_REDIRECT_URL="/home/",
        MIGRATION_MODULES={name: None for name in ["auth", "contenttypes", "sessions"]},
        EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
        AUTH_PASSWORD_VALIDATORS=[
            {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 6}}
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [
                        (
                            "django.template.loaders.locmem.Loader",
                            {
                                **{"registration/%s.html" % page: "{% csrf_token %}" for page in PAGES[:1] + PAGES[2:]},
                                **{"registration/%s.html" % page: "" for page in PLAIN + PAGES[1:2]},
                                "registration/password_reset_email.html": "{{ protocol }} {{ uid }} {{ token }}",
                                "registration/password_reset_subject.txt": "reset",
                            },
                        )
                    ]
                },
            }
        ],
        **json.loads(os.environ.get("LOGIN_PAGES_SETTINGS", "{}")),
    )
    sys.modules["login_pages_settings"] = module
    os.environ["DJANGO_SETTINGS_MODULE"] = "login_pages_settings"

    hashers = types.ModuleType("login_pages_hashers")
    sys.modules["login_pages_hashers"] = hashers
    urls = types.ModuleType("login_pages_urls")
    sys.modules["login_pages_urls"] = urls
    import django

    django.setup()
    from django.contrib.auth import views
    from django.contrib.auth.hashers import PBKDF2PasswordHasher
    from django.http import HttpResponse
    from django.urls import include, path

    class QuickHasher(PBKDF2PasswordHasher):
        iterations = 1000

    QuickHasher.__module__ = "login_pages_hashers"
    hashers.QuickHasher = QuickHasher
    urls.urlpatterns = [
        path("accounts/", include("django.contrib.auth.urls")),
        path("again/", views.LoginView.as_view(redirect_authenticated_user=True)),
        path("who/", lambda request: HttpResponse(request.user.get_username())),
    ]


def export():
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    script = sys.stdin.read()
    call_command("migrate", run_syncdb=True, verbosity=0)
    create = get_user_model().objects.create_user
    create("ada", "Ada@Example.com", "pass word")
    create("ina", "ina@example.com", "pass word", is_active=False)
    create("nop", "nop@example.com")
    create("two", "ADA@example.com", "pass word")
    create("ﬁ\u0301".replace("ﬁ", "fi"), "mike@example.org", "pass word")
    create("like", "a_a@example.com", "pass word")
    exec(script, {"__name__": "__console__"})


def visit():
    from django.core import mail
    from django.core.handlers.wsgi import WSGIHandler
    from django.test import Client
    from django.test.utils import setup_test_environment

    hosts = settings.ALLOWED_HOSTS
    setup_test_environment()
    settings.ALLOWED_HOSTS = hosts
    for line in sys.stdin:
        order = json.loads(line)
        client = Client(enforce_csrf_checks=True, HTTP_HOST="shop.test")
        if hasattr(client, "raise_request_exception"):
            client.raise_request_exception = False
        mail.outbox = []
        extra = {"HTTP_COOKIE": order["cookie"]} if order["cookie"] else {}
        response = client.generic(order["method"], order["path"], order["body"].encode(), "application/x-www-form-urlencoded", **extra)
        context, form = response.context, None
        if context is not None:
            form = context.get("form")
        problems = []
        if form is not None and form.is_bound:
            for field, errors in form.errors.as_data().items():
                problems += [["" if field == "__all__" else field, e.code] for e in errors]
        json.dump(
            {
                "status": response.status_code,
                "headers": {k: response.get(k, "") for k in ("Location", "Content-Type", "Cache-Control", "Allow", "Vary")},
                "cookies": [c.OutputString() for c in response.cookies.values()],
                "template": next((t.name for t in response.templates if t.name and t.name.endswith(".html") and "email" not in t.name), ""),
                "problems": sorted(problems),
                "next": (context or {}).get("next", "") if response.templates else "",
                "valid": bool((context or {}).get("validlink", False)) if response.templates else False,
                "mails": sorted([m.to[0]] + m.body.split()[1:] for m in mail.outbox),
                "body": response.content.decode() if order["path"] == "/who/" else "",
            },
            sys.stdout,
        )
        print(flush=True)


if __name__ == "__main__":
    {"export": export, "visit": visit}[sys.argv[2]]()
