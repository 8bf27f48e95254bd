"""A service without logins of its own: it shows which user the proxy has named.

Run it as: python3 service.py 127.0.0.1 9000
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

PAGE = """<!doctype html>
<title>Reports</title>
<main>
<p id="user">{user}</p>
<p id="path">{path}</p>
</main>
"""


class Reports(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        # Servers such as gunicorn read X_User_Id like X-User-Id, so this one does it too.
        sent = [value for name, value in self.headers.items() if name.lower().replace("_", "-") == "x-user-name"]
        user = unquote(",".join(sent)) or "nobody"
        page = PAGE.format(user=escape(user), path=escape(self.path)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(page)

    do_HEAD = do_POST = do_GET

    def log_message(self, *args):
        pass


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;")


if __name__ == "__main__":
    ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Reports).serve_forever()
