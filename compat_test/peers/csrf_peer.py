"""What Django's CsrfViewMiddleware does with requests, which come as JSON; see csrfCase in csrf_case_test.go."""

import io
import json
import time
from unittest import mock

from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse, HttpResponseForbidden
from django.http.multipartparser import MultiPartParserError
from django.middleware.csrf import CsrfViewMiddleware, get_token, rotate_token
from django.test.utils import override_settings

NOW = 1700000000


class Broken:
    """A connection that ends in the middle of the body."""

    def __init__(self, body):
        self.body = io.BytesIO(body)

    def read(self, size=-1):
        data = self.body.read(size)
        if size < 0 or len(data) < size:
            raise OSError("connection reset")
        return data

    readline = read

    def close(self):
        pass


def failure(request, reason=""):
    response = HttpResponseForbidden("refused")
    response.csrf_reason = reason
    return response


def environ(case):
    """What a WSGI server makes of the request: headers by name, several values joined with commas."""
    body = case["body"].encode("latin-1")
    env = {
        "REQUEST_METHOD": case["method"],
        "PATH_INFO": "/",
        "SERVER_NAME": "server.internal",
        "SERVER_PORT": case["port"],
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "https" if case["secure"] else "http",
        "wsgi.input": Broken(body) if case["broken"] else io.BytesIO(body),
    }
    if case["body"]:
        env["CONTENT_LENGTH"] = str(len(body) + case["broken"])
    for name, value in case["headers"]:
        key = name.upper().replace("-", "_")
        if key != "CONTENT_TYPE":
            key = "HTTP_" + key
        env[key] = env[key] + "," + value if key in env else value
    return env


def answer(case):
    tokens = []

    def view(request):
        for call in case["calls"]:
            if call == "get_token":
                tokens.append(get_token(request))
            elif call == "flush":  # a logout
                request.session.flush()
            else:
                rotate_token(request)
        return HttpResponse("fine")

    view.csrf_exempt = case["exempt"]
    out = {"reason": "", "set_cookie": "", "vary": "", "session": None, "tokens": tokens}
    try:
        request = WSGIRequest(environ(case))
        request.session = SessionStore()
        if case["session"] is not None:
            request.session["_csrftoken"] = case["session"]
        middleware = CsrfViewMiddleware(view)
        middleware.process_request(request)
        response = middleware.process_view(request, view, (), {}) or view(request)
        response = middleware.process_response(request, response)
    except (BadRequest, SuspiciousOperation, MultiPartParserError):
        return dict(out, status=400)
    except Exception as error:
        return dict(out, status=500, reason=type(error).__name__)
    out["status"] = response.status_code
    out["reason"] = getattr(response, "csrf_reason", "")
    out["set_cookie"] = response.cookies.output(header="", sep="\n").strip()
    out["vary"] = response.get("Vary", "")
    out["session"] = request.session.get("_csrftoken")
    return out


def answers(cases):
    out = []
    with mock.patch.object(time, "time", return_value=NOW):
        for case in json.loads(cases):
            with override_settings(CSRF_FAILURE_VIEW="csrf_peer.failure", **case["settings"]):
                out.append(answer(case))
    return json.dumps(out)
