"""The tokens of links that reset passwords, as calls to Go."""

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator

from .pipe import go, microseconds
from .site import current_settings


def call(generator, op, user, **args):
    fields = user and {
        "pk": str(user.pk),
        "password": user.password,
        "last_login": user.last_login,
        "email": getattr(user, user.get_email_field_name(), "") or "",
    }
    secret = generator.secret
    return go.call(
        "token." + op,
        clock=microseconds(generator._now()),
        site={"settings": current_settings()},
        user=fields,
        secret=None if secret == settings.SECRET_KEY else secret,
        fallbacks=generator._secret_fallbacks,
        **args,
    )


def make_token(self, user):
    return call(self, "make", user)


def check_token(self, user, token):
    return call(self, "check", user, token=token or "")


def install():
    PasswordResetTokenGenerator.make_token = make_token
    PasswordResetTokenGenerator.check_token = check_token
