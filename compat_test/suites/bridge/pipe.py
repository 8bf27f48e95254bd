"""The Go process at the other end of the pipe. Each request and each answer is a JSON object on one line."""

import atexit
import json
import os
import subprocess
import threading
import time
from datetime import datetime, timedelta, timezone

from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.core.signing import BadSignature, SignatureExpired
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
        InvalidAlgorithm,
        KeyError,
        Refused,
        SignatureExpired,
        TypeError,
        UnsafeSeparator,
        UpdateError,
        ValueError,
    )
}

# Operations that setUp and the cleanup of Django's session tests call. They do not count as calls of the test itself.
HOUSEKEEPING = {"session.open", "session.delete"}


class Go:
    def __init__(self):
        self.lock = threading.Lock()
        self.process = None
        self.calls = 0  # since the current test began, without housekeeping

    def start(self):
        self.process = subprocess.Popen(
            [os.environ["BRIDGE_PEER"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="ascii"
        )
        atexit.register(self.stop)

    def stop(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def call(self, op, clock, site=None, session=None, **args):
        """Do op in Go at the time that clock says, and return the result or raise the exception."""
        order = {"op": op, "clock": clock, "site": site, "session": session, "args": tag(args)}
        with self.lock:
            if self.process is None:
                self.start()
            if op not in HOUSEKEEPING:
                self.calls += 1
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        if not line:
            raise GoError("the Go process has ended")
        answer = json.loads(line)
        if "raises" in answer:
            raise EXCEPTIONS.get(answer["raises"], GoError)(answer["text"])
        return untag(answer["ok"])


go = Go()


def wall_clock():
    """Return the time.time that tests freeze, in microseconds."""
    return round(time.time() * 1_000_000)


def microseconds(moment):
    """Return a datetime in microseconds since 1970. A naive one is in local time, as Django's are."""
    epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
    return (moment.astimezone(timezone.utc) - epoch) // timedelta(microseconds=1)
