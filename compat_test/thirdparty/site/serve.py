"""Makes the database and the users ada (7) and root (8), prints the port, and serves the site until its input ends."""

import os
import socketserver
import sys
import threading
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import call_command


class Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Handler(WSGIRequestHandler):
    def log_message(self, *args):
        pass

    def address_string(self):
        return self.client_address[0]


def main():
    call_command("migrate", run_syncdb=True, verbosity=0)
    users = get_user_model().objects
    ada = users.create_user("ada", "ada@example.com", "pass word", pk=7)
    users.create_superuser("root", "root@example.com", "pass word", pk=8)
    if apps.is_installed("social_django"):
        from social_django.models import UserSocialAuth

        UserSocialAuth.objects.create(user=ada, provider="username", uid="ada", id_key="username")
    if apps.is_installed("django_otp"):
        from django_otp.plugins.otp_static.models import StaticDevice

        device = StaticDevice.objects.create(user=ada, name="codes")
        for _ in range(9):  # each is good once
            device.token_set.create(token="123456")
    server = make_server("127.0.0.1", 0, application, server_class=Server, handler_class=Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


main()
