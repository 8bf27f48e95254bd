"""A site whose one view adds and shows messages, and logs in and out, as the request tells it; auth_peer.py has the users."""

import io

from auth_peer import *  # noqa: F403
from django.contrib import auth, messages
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpResponse
from django.urls import path
from django.utils.safestring import SafeData, mark_safe


def view(request):
    order = request.META["order"]
    for what, *args in order["steps"]:
        if what == "add":
            level, text, tags, safe = args
            messages.add_message(request, level, mark_safe(text) if safe else text, extra_tags=tags)
        elif what == "show":
            order["shown"] = [
                [message.level, str(message.message), isinstance(message.message, SafeData), message.tags]
                for message in messages.get_messages(request)
            ]
        elif what == "login":
            auth.login(request, auth.get_user_model().objects.get(pk=args[0]), "django.contrib.auth.backends.ModelBackend")
        elif what == "logout":
            auth.logout(request)
        elif what == "fail":
            raise ValueError
    return HttpResponse("ok")


urlpatterns = [path("", view)]
application = None


def do_hurry(self):
    """Nothing here has to survive a power failure."""
    connection.cursor().execute("PRAGMA synchronous=OFF")


def do_visit(self, cookie, steps):
    """Return the status, the cookies and the messages shown."""
    global application
    application = application or get_wsgi_application()
    order = {"steps": steps, "shown": None}
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "testserver", "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(), "wsgi.url_scheme": "http", "HTTP_COOKIE": cookie, "order": order,
    }  # fmt: skip

    def start_response(status, headers):
        order["status"] = int(status.split()[0])
        order["cookies"] = [value for name, value in headers if name == "Set-Cookie"]

    list(application(environ, start_response))
    return {name: order[name] for name in ("status", "cookies", "shown")}
