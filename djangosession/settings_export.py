# Runs inside "manage.py shell", on Django 2.2 to 6.1, and prints settings as one JSON object
# on one line, which contains the secrets of the site. It writes nothing else and changes
# nothing. Output of modules that it imports goes to stderr.
#
# SettingsCommand and SettingsScript are made of this text. It contains no apostrophe and no
# docstring, because they are quoted with them.
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

# BEGIN SCRIPT: SettingsCommand has no room for this part.
from django.db import connections, router

# What is true of users whose model lacks the field.
BOOLEANS = {"is_active": True, "is_staff": False, "is_superuser": False}

def problem(e):
    return " ".join(filter(None, [type(e).__name__, getattr(e, "name", None)]))

def database(find_model):
    # The database that Django reads and writes a model in.
    facts = {}
    try:
        model = find_model()
        if model is None:
            return None
        facts["alias"] = router.db_for_read(model)
        facts["write_alias"] = router.db_for_write(model)
        connection = connections[facts["alias"]]
        facts["engine"] = connection.settings_dict["ENGINE"]
        facts["vendor"] = connection.vendor
        facts["time_zone"] = connection.settings_dict.get("TIME_ZONE")
    except Exception as e:
        facts["error"] = problem(e)
    return facts

def session_model():
    store = importlib.import_module(settings.SESSION_ENGINE).SessionStore
    return store.get_model_class() if hasattr(store, "get_model_class") else None

def user_model():
    from django.contrib.auth import get_user_model

    return get_user_model()

def key_type(field):
    # A class that is not one of Django may convert values.
    while getattr(field, "remote_field", None):
        field = field.target_field
    if type(field).__module__.split(".")[0] != "django":
        return None, dotted(type(field))
    kinds = {
        "uuid": [models.UUIDField],
        "integer": [models.IntegerField, models.AutoField],
        "text": [models.CharField, models.TextField],
    }
    for kind, classes in kinds.items():
        if isinstance(field, tuple(classes)):
            return kind, dotted(type(field))
    return None, dotted(type(field))

def link(model, name):
    # The table between users and groups, or permissions.
    meta = model._meta
    field = {f.name: f for f in meta.many_to_many}.get(name)
    if field is None:
        return None
    return {
        "table": field.m2m_db_table(),
        "user_column": field.m2m_column_name(),
        "other_column": field.m2m_reverse_name(),
        "model": field.related_model._meta.label,
    }

def user_facts():
    facts = {}
    try:
        from django.contrib.auth.base_user import AbstractBaseUser
        from django.contrib.auth.models import PermissionsMixin

        model = user_model()
        meta = model._meta
        fields = {f.name: f for f in meta.concrete_fields}
        facts["model"] = meta.label
        facts["table"] = meta.db_table
        facts["id_column"] = meta.pk.column
        facts["id_type"], facts["id_field"] = key_type(meta.pk)
        facts["username_column"] = fields[model.USERNAME_FIELD].column
        used = [meta.pk, fields[model.USERNAME_FIELD]]
        for name in ["password", "last_login", *BOOLEANS]:
            if name in fields:
                used.append(fields[name])
            facts[name + "_column"] = fields[name].column if name in fields else None
        facts["groups"] = link(model, "groups")
        facts["user_permissions"] = link(model, "user_permissions")
        missing = object()
        facts["computed"] = [
            name for name, default in BOOLEANS.items()
            if name not in fields and getattr(model, name, missing) not in (missing, default)
        ]
        hash_method = getattr(model, "get_session_auth_hash", None)
        if hash_method is None:
            facts["session_auth_hash"] = "absent"
        elif hash_method is AbstractBaseUser.get_session_auth_hash:
            facts["session_auth_hash"] = "django"
        else:
            facts["session_auth_hash"] = "overridden"
        known = {*dir(AbstractBaseUser), *dir(PermissionsMixin)} - {*METADATA, *fields, *BOOLEANS}
        known -= {f.name for f in meta.many_to_many} | {f.attname for f in meta.concrete_fields}
        facts["overrides"] = overrides(model, known)
        manager = type(model._default_manager)
        facts["manager_overrides"] = {**overrides(manager), **overrides(manager._queryset_class)}
        facts["other_tables"] = sorted({f.model._meta.db_table for f in used} - {meta.db_table})
    except Exception as e:
        facts["error"] = problem(e)
    return facts
# END SCRIPT

out = {name: getattr(settings, name) for name in dir(settings) if WANTED.match(name)}
with contextlib.redirect_stdout(sys.stderr):
    store_facts(out)
    # BEGIN SCRIPT
    out["SESSION_DATABASE"] = database(session_model)
    out["USER_DATABASE"] = database(user_model)
    out["USER_MODEL"] = user_facts()
    # END SCRIPT
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
# BEGIN SCRIPT: ReadSettings finds the settings by their first name.
out = {"DJANGOBRIDGE_SETTINGS": 2, **out}
# END SCRIPT
print(json.dumps(out, default=lambda v: {"$bytes": base64.b64encode(v).decode()} if isinstance(v, bytes) else str(v)))
