"""Signed cookies of responses and requests as calls to Go."""

from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse

from . import signers
from .pipe import go, wall_clock
from .site import current_settings
from .signers import max_age_microseconds

REQUIRED = object()


def call(op, name, salt, **args):
    return go.call(
        "cookie." + op, clock=wall_clock(), site={"settings": current_settings()}, name=name, salt=salt, **args
    )


def set_signed_cookie(self, key, value, salt="", **kwargs):
    return self.set_cookie(key, call("sign", key, salt, value=value), **kwargs)


def get_signed_cookie(self, key, default=REQUIRED, salt="", max_age=None):
    try:
        return call("unsign", key, salt, text=self.COOKIES[key], max_age=max_age_microseconds(max_age))
    except (KeyError, BadSignature):
        if default is REQUIRED:
            raise
        return default


def install():
    signers.install()
    HttpResponse.set_signed_cookie = set_signed_cookie
    HttpRequest.get_signed_cookie = get_signed_cookie
