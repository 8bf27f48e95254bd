import weakref
from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth import signals as auth_signals
from django.db.models import signals as model_signals

from .finding import note, warning

LOGIN_SIGNALS = (
    ("user_logged_in", "OnLogin"),
    ("user_logged_out", "OnLogout"),
    ("user_login_failed", "OnLoginFailed"),
)
MODEL_SIGNALS = ("pre_save", "post_save", "pre_delete", "post_delete")


def login_receivers(facts):
    for name, hook in LOGIN_SIGNALS:
        for receiver in receivers(getattr(auth_signals, name)):
            yield warning(
                "login-receiver",
                "Django calls %s with %s, and Go does not." % (receiver, name),
                "Do the same in auth.Options.%s in Go, or let Django do this." % hook,
            )


def model_receivers(facts):
    """Find receivers for sessions, and for users, whose last_login and password Go stores."""
    for subject, find in (("sessions", session_model), ("users", get_user_model)):
        try:
            model = find()
        except Exception:  # another check reports it
            model = None
        if model is None:
            continue
        for name in MODEL_SIGNALS if subject == "sessions" else MODEL_SIGNALS[:2]:
            for receiver in receivers(getattr(model_signals, name), model):
                yield note(
                    "model-receiver",
                    "Django calls %s with %s of %s, and Go does not." % (receiver, name, subject),
                    "Do the same in a handler in Go if it matters there.",
                )


def session_model():
    store = import_module(settings.SESSION_ENGINE).SessionStore
    return store.get_model_class() if hasattr(store, "get_model_class") else None


def receivers(signal, sender=None):
    """Return the names of receivers outside Django; for a sender, also those without one."""
    found = set()
    for entry in signal.receivers:
        (_, of), receiver = entry[0], entry[1]
        if sender is not None and of not in (id(None), id(sender)):
            continue
        if isinstance(receiver, weakref.ReferenceType):
            receiver = receiver()
        if receiver is None:
            continue
        of_class = receiver if hasattr(receiver, "__qualname__") else type(receiver)
        name = "%s.%s" % (of_class.__module__, of_class.__qualname__)
        if not name.startswith("django."):
            found.add(name)
    return sorted(found)
