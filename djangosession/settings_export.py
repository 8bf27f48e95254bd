# Runs inside "manage.py shell", on Django 2.2 to 6.1, and prints settings as one JSON object. It has no apostrophe, because
# the shell line around it is quoted with them. Whatever a site prints when its modules are imported goes to stderr.
import base64, contextlib, django, importlib, json, pickle, platform, re, sys, time
from django.conf import settings
from django.db import models
from django.shortcuts import resolve_url
from django.utils.module_loading import import_string

WANTED = re.compile(
    "SESSION_|SECRET_KEY|SIGNED_COOKIE_|SIGNING_|DEFAULT_HASHING_|USE_TZ$|TIME_ZONE$|AUTHENTICATION_BACKENDS$|"
    "PASSWORD_HASHERS$|MIDDLEWARE$|CSRF_|USE_X_|SECURE_PROXY_SSL_HEADER$|ALLOWED_HOSTS$|DEBUG$|DATA_UPLOAD_MAX_"
)
METADATA = (
    "__module__ __qualname__ __doc__ __dict__ __weakref__ __firstlineno__ __static_attributes__ __slotnames__ "
    "__annotations__ __annotate_func__ __annotations_cache__ __parameters__ __orig_bases__ _meta"
).split()

def dotted(cls):
    return cls.__module__ + "." + cls.__qualname__

def is_foreign(cls):
    return cls.__module__.split(".")[0] not in ("django", "builtins", "typing")

def overrides(cls, known=None):
    # The names of Django and Python that each other class defines anew.
    if known is None:
        known = {n for c in cls.__mro__ if not is_foreign(c) for n in vars(c)}
    return {dotted(c): sorted({*known}.difference(METADATA).intersection(vars(c))) for c in cls.__mro__ if is_foreign(c)}

def column(field):
    return {
        "name": field.column,
        "type": field.get_internal_type(),
        "null": field.null,
        "has_default": field.has_default(),
        "auto_now": getattr(field, "auto_now", False),
        "auto_now_add": getattr(field, "auto_now_add", False),
        "primary_key": field.primary_key,
    }

def store_facts(out):
    facts = out["SESSION_STORE_CLASS"] = {}
    try:
        store = importlib.import_module(settings.SESSION_ENGINE).SessionStore
        out["SESSION_STORE"] = store.__qualname__
        facts["mro"] = [dotted(c) for c in store.__mro__]
        facts["overrides"] = overrides(store)
        facts["cache_key_prefix"] = getattr(store, "cache_key_prefix", None)
        session = store("a" * 32)
        if session.session_key != "a" * 32:
            facts["error"] = "the store changes session keys"
        if session.serializer is not import_string(settings.SESSION_SERIALIZER):
            out["SESSION_SERIALIZER"] = dotted(session.serializer)
        # Before 3.1 there is no such property: a class that has one then does not sign with it.
        if django.VERSION >= (3, 1) and session.key_salt != "django.contrib.sessions." + store.__qualname__:
            out["KEY_SALT"] = session.key_salt
        if hasattr(session, "model"):
            model = session.model
            if model is not store.get_model_class():
                facts["error"] = "the store has two models"
            manager = type(model.objects)
            facts["model"], facts["table"] = dotted(model), model._meta.db_table
            facts["columns"] = [column(f) for f in model._meta.concrete_fields]
            facts["model_overrides"] = overrides(model, {*dir(models.Model), "objects"})
            facts["manager_overrides"] = {**overrides(manager), **overrides(manager._queryset_class)}
    except Exception as e:
        facts["error"] = " ".join(filter(None, [type(e).__name__, getattr(e, "name", None)]))

out = {name: getattr(settings, name) for name in dir(settings) if WANTED.match(name)}
with contextlib.redirect_stdout(sys.stderr):
    store_facts(out)
    try:
        out["LOGIN_URL"] = resolve_url(settings.LOGIN_URL)
    except Exception as e:  # a reverse_lazy that fails has no text to print: no URL is like the name of an error
        out["LOGIN_URL"] = settings.LOGIN_URL if isinstance(settings.LOGIN_URL, str) else type(e).__name__
out.update(
    DJANGO_VERSION=django.get_version(),
    PYTHON_VERSION=platform.python_version(),
    PICKLE_PROTOCOL=pickle.HIGHEST_PROTOCOL,
    EXPORTED_AT=time.time(),
)
print(json.dumps(out, default=lambda v: {"$bytes": base64.b64encode(v).decode()} if isinstance(v, bytes) else str(v)))
