"""Run Django's own csrf_tests, and write down each request that its CsrfViewMiddleware gets, with what it does with it.

usage: csrf_record.py TESTS OUT

TESTS is the folder tests of a Django source archive. OUT becomes a file of JSON: "cases" are what csrfCase in
csrf_case_test.go is, each with the outcome and the name of the test; "left_out" are those that are no requests.

The test modules take their names from Django as they are imported, so everything is replaced before.
"""

import json
import os
import runpy
import sys
import time
import unittest
from urllib.parse import urlencode

from django.conf import settings
from django.middleware import csrf

NOW = 1700000000
SETTINGS = (
    "ALLOWED_HOSTS CSRF_COOKIE_AGE CSRF_COOKIE_DOMAIN CSRF_COOKIE_HTTPONLY CSRF_COOKIE_MASKED CSRF_COOKIE_NAME "
    "CSRF_COOKIE_PATH CSRF_COOKIE_SAMESITE CSRF_COOKIE_SECURE CSRF_HEADER_NAME CSRF_TRUSTED_ORIGINS CSRF_USE_SESSIONS "
    "DEBUG SESSION_COOKIE_DOMAIN USE_X_FORWARDED_HOST USE_X_FORWARDED_PORT"
).split()

cases, left_out, running = [], [], ["?"]


def leave_out(why):
    left_out.append({"test": running[0], "why": why})


def snapshot(request):
    """The request as it came, or None with the reason noted why it cannot be sent."""
    meta = {k: v for k, v in request.META.items() if k.startswith("HTTP_") and k not in ("HTTP_COOKIE", "HTTP_HOST")}
    headers = [[k[5:].replace("_", "-"), v] for k, v in meta.items()]
    secure = request.is_secure()
    port = str(request.META.get("SERVER_PORT", "443" if secure else "80"))
    if "HTTP_HOST" in request.META:
        headers.append(["HOST", request.META["HTTP_HOST"]])
    elif "SERVER_NAME" in request.META:
        # What get_host makes of it.
        default = "443" if secure else "80"
        headers.append(["HOST", request.META["SERVER_NAME"] + ("" if port == default else ":" + port)])
    if request.COOKIES:
        headers.append(["COOKIE", "; ".join("%s=%s" % pair for pair in request.COOKIES.items())])
    body, broken = "", False
    if request.method == "POST":
        try:
            body = urlencode(list(request.POST.lists()), doseq=True)
        except csrf.UnreadablePostError if hasattr(csrf, "UnreadablePostError") else OSError:
            broken, body = True, "x=1"
        except OSError:
            leave_out("reads its body with an error that is not the connection's, which no server in Go does")
            return None
    if body:
        headers.append(["CONTENT-TYPE", "application/x-www-form-urlencoded"])
    session = getattr(request, "session", None)
    stored = session.get("_csrftoken") if session is not None else None
    return {
        "test": running[0],
        "settings": {name: getattr(settings, name) for name in SETTINGS if hasattr(settings, name)},
        # Old tests make requests without one, which is neither among the safe ones nor POST.
        "method": request.method or "UNKNOWN",
        "secure": secure,
        "port": port,
        "headers": headers,
        "body": body,
        "broken": broken,
        "session": stored,
        "no_session": session is None,
        "exempt": False,
        "calls": [],
    }


def outcome(status, reason=""):
    return {"status": status, "reason": reason, "set_cookie": "", "vary": "", "session": None, "tokens": []}


class Round:
    """A request from process_request to process_response of the outermost middleware."""

    def __init__(self, request):
        self.case = snapshot(request)
        self.left = None
        if self.case is None:
            return
        self.case["exempt"] = True  # until it is judged
        self.out = outcome(200)
        brings = self.case["session"] is not None or settings.CSRF_COOKIE_NAME in request.COOKIES
        if "CSRF_COOKIE" in request.META and not brings:
            self.left = "the request object has been used before, and remembers"

    def end(self, request, response):
        if self.left:
            leave_out(self.left)
        elif self.case is not None:
            name = settings.CSRF_COOKIE_NAME
            self.out["set_cookie"] = response.cookies[name].OutputString() if name in response.cookies else ""
            self.out["vary"] = response.get("Vary", "")
            self.out["session"] = request.session.get("_csrftoken") if hasattr(request, "session") else None
            if self.case["no_session"]:
                self.out["session"] = None
            cases.append(dict(self.case, outcome=self.out))


def install():
    middleware = csrf.CsrfViewMiddleware
    process_request, process_view = middleware.process_request, middleware.process_view
    process_response, reject = middleware.process_response, middleware._reject
    get_token, rotate_token = csrf.get_token, csrf.rotate_token

    def rounds(request):
        return request.__dict__.setdefault("recorded_rounds", [])

    def recording_process_request(self, request):
        open_rounds = rounds(request)
        for i, (owner, _) in enumerate(open_rounds):
            if owner is self:  # it was never answered
                del open_rounds[i:]
                break
        open_rounds.append((self, None if open_rounds else Round(request)))
        try:
            return process_request(self, request)
        except Exception as error:
            raises = outcome(500, type(error).__name__)
            cases.append(dict(snapshot(request), outcome=raises))
            raise

    def recording_reject(self, request, reason):
        request.recorded_reason = reason
        return reject(self, request, reason)

    def recording_process_view(self, request, callback, args, kwargs):
        if type(self)._reject is not recording_reject or getattr(request, "csrf_processing_done", False):
            return process_view(self, request, callback, args, kwargs)  # it does not judge, or has judged
        case = snapshot(request)
        request.recorded_reason = ""
        response = process_view(self, request, callback, args, kwargs)
        if case is None or getattr(request, "_dont_enforce_csrf_checks", False):
            return response
        case["exempt"] = getattr(callback, "csrf_exempt", False)
        verdict = outcome(403 if response else 200, request.recorded_reason)
        cases.append(dict(case, outcome=dict(verdict, judged_only=True)))
        for _, around in rounds(request):
            if around is not None and around.case is not None:
                around.case["exempt"] = case["exempt"]
                around.out.update(verdict)
        return response

    def recording_process_response(self, request, response):
        response = process_response(self, request, response)
        open_rounds = rounds(request)
        for i, (owner, around) in enumerate(open_rounds):
            if owner is self:
                del open_rounds[i:]
                if around is not None:
                    around.end(request, response)
                break
        return response

    def note(request, call, token=None):
        for _, around in rounds(request):
            if around is not None and around.case is not None:
                around.case["calls"].append(call)
                if token:
                    around.out["tokens"].append(token)

    def recording_get_token(request):
        token = get_token(request)
        note(request, "get_token", token)
        return token

    def recording_rotate_token(request):
        rotate_token(request)
        note(request, "rotate_token")

    middleware.process_request = recording_process_request
    middleware._reject = recording_reject
    middleware.process_view = recording_process_view
    middleware.process_response = recording_process_response
    csrf.get_token, csrf.rotate_token = recording_get_token, recording_rotate_token

    run = unittest.TestCase.run

    def recording_run(self, result=None):
        running[0] = self.id()
        return run(self, result)

    unittest.TestCase.run = recording_run


class Frozen:
    """The module time, for set_cookie."""

    def __getattr__(self, name):
        return getattr(time, name)

    @staticmethod
    def time():
        return NOW


def main():
    tests, out = sys.argv[1:]
    install()
    from django.http import response

    response.time = Frozen()
    runner = os.path.join(tests, "runtests.py")
    sys.path.insert(0, tests)
    sys.argv = [runner, "--parallel=1", "--noinput", "csrf_tests"]
    try:
        runpy.run_path(runner, run_name="__main__")
    finally:
        with open(out, "w", encoding="ascii") as file:
            json.dump({"cases": cases, "left_out": left_out}, file)


main()
