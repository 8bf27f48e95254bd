"""The Go process at the other end of the pipe. Each request and each answer is a JSON object on one line."""

import atexit
import json
import os
import subprocess
import threading
import time
from datetime import datetime, timedelta, timezone

from django.contrib.messages.api import MessageFailure
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.exceptions import InvalidSessionKey
from django.core.exceptions import ImproperlyConfigured
from django.core.signing import BadSignature, SignatureExpired
from django.db import connection
from django.utils.crypto import InvalidAlgorithm

from .values import tag, untag


class GoError(Exception):
    """A failure in Go that does not correspond to an exception of Django's. No test expects it."""


class UnsafeSeparator(ValueError):
    """The separator of a signer is refused."""


class Refused(ValueError):
    """The signature is valid, but the signed data cannot be read. Django raises various exceptions in this case."""


EXCEPTIONS = {
    kind.__name__: kind
    for kind in (
        BadSignature,
        CreateError,
        ImproperlyConfigured,
        InvalidAlgorithm,
        InvalidSessionKey,
        KeyError,
        MessageFailure,
        NotImplementedError,
        Refused,
        SignatureExpired,
        TypeError,
        UnsafeSeparator,
        UpdateError,
        ValueError,
    )
}

class Go:
    def __init__(self):
        self.lock = threading.Lock()
        self.process = None
        self.calls = 0  # during the current test, without its setUp and its cleanup

    def start(self):
        self.process = subprocess.Popen(
            [os.environ["BRIDGE_PEER"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="ascii"
        )
        atexit.register(self.stop)

    def stop(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def ask(self, order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise GoError("the Go process has ended")
        return json.loads(line)

    def serve(self, order):
        """Perform an operation on a cache for Go. Go decides what follows if it fails; the exception is kept."""
        from . import caches

        try:
            return {"ok": caches.perform(order)}
        except Exception as error:
            self.failure = error
            return {"raises": str(error)}

    def call(self, op, clock, site=None, session=None, **args):
        """Do op in Go at the time that clock says, and return the result or raise the exception."""
        order = {"op": op, "clock": clock, "site": site, "session": session, "args": tag(args)}
        with self.lock:
            if self.process is None:
                self.start()
            self.calls += 1
            answer = self.ask(order)
            while "cache" in answer:
                answer = self.ask(self.serve(answer["cache"]))
        if answer.get("raises") == "cache":
            raise self.failure
        if "raises" in answer:
            raise EXCEPTIONS.get(answer["raises"], GoError)(answer["text"])
        if connection.queries_logged:  # for tests that count the statements of an operation
            connection.queries_log.extend({"sql": sql, "time": "0"} for sql in answer["queries"] or ())
        return untag(answer["ok"])


go = Go()


def wall_clock():
    """Return the time.time that tests freeze, in microseconds."""
    return round(time.time() * 1_000_000)


def microseconds(moment):
    """Return a datetime in microseconds since 1970. A naive one is in local time, as Django's are."""
    epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (moment.astimezone(timezone.utc) - epoch) // timedelta(microseconds=1)
