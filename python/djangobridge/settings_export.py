# Runs inside "manage.py shell" of Django 1.8 to 6.1, on Python 2.7 and 3, and prints settings
# as one JSON object on one line, which contains SECRET_KEY, and the password of the cache that
# sessions are in. It only reads: it connects to no database and no cache. Output of modules that it imports goes to stderr.
#
# It contains no apostrophe, because SettingsScript quotes it with them.
from __future__ import print_function, unicode_literals

import base64, datetime, importlib, json, logging, os, pickle, platform, re, sys, time, weakref

import django
from django.conf import settings
from django.core.cache import caches
from django.db import connections, models, router
from django.shortcuts import resolve_url
from django.utils.module_loading import import_string

# The process read its settings at some time before now. It had loaded logging before that,
# at a time that each log record contains. Before Django 2.2 it loaded logging right after the
# settings, which are read within a minute.
record = logging.LogRecord(str(""), 0, str(""), 0, str(""), None, None)
EXPORTED_AT = min(record.created - record.relativeCreated / 1000.0, time.time())
if django.VERSION < (2, 2):
    EXPORTED_AT -= 60

# Settings that are printed as they are. Only the names of others with these prefixes are
# printed, because packages keep passwords in some of them.
NAMES = """
    SECRET_KEY SECRET_KEY_FALLBACKS
    SESSION_COOKIE_NAME SESSION_COOKIE_AGE SESSION_COOKIE_DOMAIN SESSION_COOKIE_PATH
    SESSION_COOKIE_SECURE SESSION_COOKIE_HTTPONLY SESSION_COOKIE_SAMESITE
    SESSION_SAVE_EVERY_REQUEST SESSION_EXPIRE_AT_BROWSER_CLOSE SESSION_ENGINE
    SESSION_SERIALIZER SESSION_FILE_PATH SESSION_CACHE_ALIAS
    SIGNED_COOKIE_LEGACY_SALT_FALLBACK SIGNING_BACKEND DEFAULT_HASHING_ALGORITHM
    USE_TZ TIME_ZONE
    CSRF_COOKIE_NAME CSRF_COOKIE_AGE CSRF_COOKIE_DOMAIN CSRF_COOKIE_PATH CSRF_COOKIE_SECURE
    CSRF_COOKIE_HTTPONLY CSRF_COOKIE_SAMESITE CSRF_COOKIE_MASKED CSRF_USE_SESSIONS
    CSRF_HEADER_NAME CSRF_TRUSTED_ORIGINS
    ALLOWED_HOSTS DEBUG SECURE_PROXY_SSL_HEADER USE_X_FORWARDED_HOST USE_X_FORWARDED_PORT
    DATA_UPLOAD_MAX_MEMORY_SIZE DATA_UPLOAD_MAX_NUMBER_FIELDS DATA_UPLOAD_MAX_NUMBER_FILES
    AUTHENTICATION_BACKENDS PASSWORD_HASHERS MIDDLEWARE MESSAGE_STORAGE MESSAGE_TAGS
""".split()
PREFIXES = ("SESSION_", "SECRET_KEY", "SIGNED_COOKIE_", "SIGNING_", "CSRF_")
IGNORED = ["CSRF_FAILURE_VIEW"]

# What Python and Django define in each class, which overrides nothing.
METADATA = """
    __module__ __qualname__ __doc__ __dict__ __weakref__ __firstlineno__ __static_attributes__
    __slotnames__ __annotations__ __annotate_func__ __annotations_cache__ __parameters__
    __orig_bases__ _meta
""".split()

# In Python 2, texts may be bytes.
TEXTS = (str, type(""))

def problem(e):
    # Without the message, which may quote settings.
    return " ".join(filter(None, [type(e).__name__, getattr(e, "name", None)]))

def dotted(thing):
    if not hasattr(thing, "__name__"):
        thing = type(thing)
    module = "builtins" if thing.__module__ == "__builtin__" else thing.__module__
    return "%s.%s" % (module, getattr(thing, "__qualname__", thing.__name__))

def is_foreign(cls):
    return cls.__module__.split(".")[0] not in ("django", "builtins", "__builtin__", "typing")

def overrides(cls, known=None):
    # The names of Django and Python that each other class defines anew.
    if known is None:
        known = {n for c in cls.__mro__ if not is_foreign(c) for n in vars(c)}
    known = set(known).difference(METADATA)
    return {dotted(c): sorted(known.intersection(vars(c))) for c in cls.__mro__ if is_foreign(c)}

def manager_overrides(manager, called=()):
    # Also the methods in called: Django calls them even if the manager does not inherit them from Django.
    found = {}
    for cls in (type(manager), manager._queryset_class):
        known = {n for c in cls.__mro__ if not is_foreign(c) for n in vars(c)}
        found.update(overrides(cls, known.union(called)))
    return found

def own_classes(fields, names):
    # The names of fields whose class is not one of Django, and may convert what is in the column.
    return sorted(f.name for f in fields if f.name in names and is_foreign(type(f)))

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

CACHE_STORES = {"django.contrib.sessions.backends.%s.SessionStore" % name for name in ("cache", "cached_db")}

def session_model(store):
    if hasattr(store, "get_model_class"):
        return store.get_model_class()
    if "django.contrib.sessions.backends.db.SessionStore" in map(dotted, store.__mro__):
        # Before Django 1.9 all stores had this model.
        from django.contrib.sessions.models import Session

        return Session

def cache_key_prefix(store):
    # Of a store that uses a cache. Before Django 1.9 it is in the module.
    if CACHE_STORES.intersection(map(dotted, store.__mro__)):
        return getattr(store, "cache_key_prefix", getattr(sys.modules[store.__module__], "KEY_PREFIX", ""))

def file_path(store):
    # The folder of session files. It depends on TMPDIR if SESSION_FILE_PATH is not set.
    if hasattr(store, "_get_storage_path"):
        return os.path.abspath(store._get_storage_path())

def store_facts(out):
    facts = out["SESSION_STORE_CLASS"] = {}
    try:
        store = importlib.import_module(settings.SESSION_ENGINE).SessionStore
        out["SESSION_STORE"] = getattr(store, "__qualname__", store.__name__)
        facts["mro"] = [dotted(c) for c in store.__mro__]
        facts["overrides"] = overrides(store)
        facts["cache_key_prefix"] = cache_key_prefix(store)
        if getattr(store, "cache_key_prefix", None) == "":
            facts["error"] = "cache_key_prefix is empty"
        facts["file_path"] = file_path(store)
        session = store("a" * 32)
        if session.session_key != "a" * 32:
            facts["error"] = "the store changes session keys"
        # An own __init__ may choose another.
        if hasattr(session, "_cache") and session._cache is not caches[settings.SESSION_CACHE_ALIAS]:
            facts["error"] = "the store uses another cache than SESSION_CACHE_ALIAS"
        if session.serializer is not import_string(settings.SESSION_SERIALIZER):
            out["SESSION_SERIALIZER"] = dotted(session.serializer)
        # Before 3.1 there is no such property: a class that has one then does not sign with it.
        if django.VERSION >= (3, 1) and session.key_salt != "django.contrib.sessions." + out["SESSION_STORE"]:
            out["KEY_SALT"] = session.key_salt
        model = session_model(store)
        if model is not None:
            if getattr(session, "model", model) is not model:
                facts["error"] = "the store has two models"
            facts["model"], facts["table"] = dotted(model), model._meta.db_table
            facts["columns"] = [column(f) for f in model._meta.concrete_fields]
            facts["model_overrides"] = overrides(model, dir(models.Model) + ["objects"])
            facts["manager_overrides"] = manager_overrides(model.objects)
            own = own_classes(model._meta.concrete_fields, ("session_key", "session_data", "expire_date"))
            if own and "error" not in facts:
                facts["error"] = "the session model has fields of its own classes: " + ", ".join(own)
    except Exception as e:
        facts["error"] = problem(e)

# Packages that caches use. Formats, and the choice of a server, differ between versions.
CLIENTS = ("redis", "django_redis", "pymemcache", "pylibmc", "memcache", "msgpack")

def clients():
    # The versions of those that are installed.
    found = {}
    for name in CLIENTS:
        try:
            version = importlib.import_module(name).__version__
        except Exception:
            continue
        found[name] = ".".join(map(str, version)) if isinstance(version, tuple) else "%s" % (version,)
    return found

# Settings that caches read besides CACHES.
CACHE_SETTINGS = ("CACHE_HERD_TIMEOUT", "DJANGO_REDIS_CONNECTION_FACTORY", "DJANGO_REDIS_IGNORE_EXCEPTIONS")

def locations(backend, value):
    # LOCATION as the backend splits it (a relative folder depends on where Django runs), and the weights that python-memcached permits.
    if isinstance(value, TEXTS):
        names = [dotted(c) for c in import_string(backend).__mro__]
        if any(".memcached." in n or n == "django.core.cache.backends.redis.RedisCache" for n in names):
            value = re.split("[;,]", value)
        elif any(n.startswith("django_redis.") for n in names):
            value = value.split(",")
        elif "django.core.cache.backends.filebased.FileBasedCache" in names:
            value = os.path.abspath(value)
    places = value if isinstance(value, (list, tuple)) else [] if value in (None, "") else [value]
    weights = [place[1] if isinstance(place, (list, tuple)) else 1 for place in places]
    places = [place[0] if isinstance(place, (list, tuple)) else place for place in places]
    return [exact(place) for place in places], weights if set(weights) - {1} else None

def exact(value):
    # A value of OPTIONS as JSON has it. Classes and functions become their names.
    if isinstance(value, dict):
        return {"%s" % key: exact(v) for key, v in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(map(exact, value), key=repr)
    if isinstance(value, (list, tuple)):
        return [exact(v) for v in value]
    if hasattr(value, "__fspath__"):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, bytes) + TEXTS):
        return value
    if hasattr(value, "__name__") and hasattr(value, "__module__"):
        return dotted(value)
    return {"$object": dotted(value)}

def cache_database(backend, location):
    # The database of a cache that is a table.
    if "django.core.cache.backends.db.DatabaseCache" in [dotted(c) for c in import_string(backend).__mro__]:
        from django.core.cache.backends.db import Options

        class CacheEntry(object):
            _meta = Options(location)

        return database(lambda: CacheEntry)

def cache_facts(store_class):
    # The cache of sessions, for a store that uses one.
    facts = {}
    try:
        if store_class.get("cache_key_prefix") is None:
            return None
        facts["alias"] = settings.SESSION_CACHE_ALIAS
        cache = settings.CACHES[settings.SESSION_CACHE_ALIAS]
        facts["backend"] = cache["BACKEND"]
        facts["location"], facts["weights"] = locations(cache["BACKEND"], cache.get("LOCATION"))
        facts["options"] = exact(cache.get("OPTIONS") or {})
        for name in ("MAX_ENTRIES", "CULL_FREQUENCY"):
            if name.lower() in cache:  # which Django prefers
                facts["options"][name] = exact(cache[name.lower()])
        facts["settings"] = {name: exact(getattr(settings, name)) for name in CACHE_SETTINGS if hasattr(settings, name)}
        facts["clients"] = clients()
        facts["database"] = cache_database(cache["BACKEND"], cache.get("LOCATION"))
        facts["key_prefix"] = "%s" % (cache.get("KEY_PREFIX", ""),)
        facts["version"] = "%s" % (cache.get("VERSION", 1),)
        if not facts["version"]:
            facts["error"] = "VERSION is empty"
        key_function = cache.get("KEY_FUNCTION")
        facts["key_function"] = dotted(key_function) if callable(key_function) else key_function
        timeout = cache.get("timeout", cache.get("TIMEOUT", 300))
        facts["timeout"] = None if timeout is None else int(timeout)
    except Exception as e:
        facts["error"] = problem(e)
    return facts

def session_redis(out):
    # What django-redis-sessions reads, if the store is its own.
    if "redis_sessions.session.SessionStore" in out["SESSION_STORE_CLASS"].get("mro", ()):
        facts = out["SESSION_REDIS"] = exact(getattr(settings, "SESSION_REDIS", {}))
        for name in ("CONNECTION_OBJECT", "SENTINEL_LIST", "SENTINEL_MASTER_ALIAS"):
            value = getattr(settings, "SESSION_REDIS_" + name, None)
            if value is not None:
                facts["SESSION_REDIS_" + name] = exact(value)

def search_path(options):
    # The schemas in which PostgreSQL looks for tables, if the settings name them.
    found = re.search(r"search_path\s*=\s*((?:\\.|\S)+)", "%s" % (options.get("options") or "",))
    return found.group(1).replace("\\", "") if found else None

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
        # Before 1.9 that is not a setting, but what Django makes of others.
        facts["time_zone"] = connection.settings_dict.get("TIME_ZONE") if django.VERSION >= (1, 9) else None
        facts["search_path"] = search_path(connection.settings_dict.get("OPTIONS") or {})
    except Exception as e:
        facts["error"] = problem(e)
    return facts

def user_model():
    from django.contrib.auth import get_user_model

    return get_user_model()

def target(field):
    # The field that a foreign key refers to, and at last the one that has values of its own.
    while getattr(field, "remote_field", None) or getattr(field, "rel", None):
        field = field.target_field if hasattr(field, "target_field") else field.related_field
    return field

def key_type(field):
    # A class that is not one of Django may convert values.
    field = target(field)
    if type(field).__module__.split(".")[0] != "django":
        return None, dotted(type(field))
    for kind, classes in (
        ("uuid", (models.UUIDField,)),
        ("integer", (models.IntegerField, models.AutoField)),
        ("text", (models.CharField, models.TextField)),
    ):
        if isinstance(field, classes):
            return kind, dotted(type(field))
    return None, dotted(type(field))

def is_text(field):
    # Whether the column contains what Python gets: one of the fields for text of Django.
    return isinstance(field, (models.CharField, models.TextField)) and not is_foreign(type(field))

def label(model):
    return "%s.%s" % (model._meta.app_label, model._meta.object_name)

def link(model, name):
    # The table between users and groups, or permissions.
    field = {f.name: f for f in model._meta.many_to_many}.get(name)
    if field is None:
        return None
    return {
        "table": field.m2m_db_table(),
        "user_column": field.m2m_column_name(),
        "other_column": field.m2m_reverse_name(),
        "model": label(field.related_model),
    }

# What is true of users whose model lacks the field.
BOOLEANS = {"is_active": True, "is_staff": False, "is_superuser": False}

def fields_of(model):
    # The columns of the model in its own table. A foreign key has the type of its values.
    return [
        {"name": f.attname, "column": f.column, "type": target(f).get_internal_type(), "null": f.null}
        for f in model._meta.local_concrete_fields
    ]

def hash_of_sessions(model, base):
    # In Python 2, each access to a method makes another object.
    method, own = [getattr(c, "get_session_auth_hash", None) for c in (model, base)]
    if method is None:
        return "absent"
    return "django" if getattr(method, "__func__", method) is getattr(own, "__func__", own) else "overridden"

def user_facts():
    facts = {}
    try:
        from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin

        model = user_model()
        meta = model._meta
        fields = {f.name: f for f in meta.concrete_fields}
        facts["model"] = label(model)
        facts["table"] = meta.db_table
        facts["id_column"] = meta.pk.column
        facts["id_type"], facts["id_field"] = key_type(meta.pk)
        facts["username_column"] = fields[model.USERNAME_FIELD].column
        used = [meta.pk, fields[model.USERNAME_FIELD]]
        for name in ["password", "last_login"] + sorted(BOOLEANS):
            if name in fields:
                used.append(fields[name])
            facts[name + "_column"] = fields[name].column if name in fields else None
        facts["username_field"] = fields[model.USERNAME_FIELD].attname
        email = model.get_email_field_name() if hasattr(model, "get_email_field_name") else "email"
        facts["email_field"] = email if email in fields else None
        facts["email_computed"] = not is_text(fields[email]) if email in fields else hasattr(model, email)
        facts["fields"] = fields_of(model)
        facts["groups"] = link(model, "groups")
        facts["user_permissions"] = link(model, "user_permissions")
        missing = object()
        facts["computed"] = [
            name for name, default in sorted(BOOLEANS.items())
            if name not in fields and getattr(model, name, missing) not in (missing, default)
        ] + own_classes(meta.concrete_fields, ["password", "last_login"] + sorted(BOOLEANS))
        facts["session_auth_hash"] = hash_of_sessions(model, AbstractBaseUser)
        known = set(dir(AbstractBaseUser) + dir(PermissionsMixin)).difference(METADATA, fields, BOOLEANS)
        known.difference_update([f.name for f in meta.many_to_many], [f.attname for f in meta.concrete_fields])
        facts["overrides"] = overrides(model, known)
        # ModelBackend finds users with these methods.
        naming = ("get_by_natural_key", "aget_by_natural_key")
        facts["manager_overrides"] = manager_overrides(model._default_manager, naming)
        facts["other_tables"] = sorted({f.model._meta.db_table for f in used} - {meta.db_table})
    except Exception as e:
        facts["error"] = problem(e)
    return facts

def login_receivers():
    # The functions that Django calls after a login.
    try:
        from django.contrib.auth.signals import user_logged_in

        receivers = [entry[1] for entry in user_logged_in.receivers]
        receivers = [r() if isinstance(r, weakref.ref) else r for r in receivers]
        return sorted({dotted(r) for r in receivers if r is not None})
    except Exception:
        return None

def url(name):
    # The URL in a setting that may name a view.
    value = getattr(settings, name, None)
    if value is None:
        return None
    try:
        return resolve_url(value)
    except Exception as e:
        # A reverse_lazy that fails has no text. No URL looks like the name of an error.
        return value if isinstance(value, TEXTS) else type(e).__name__

# What password hashers let a subclass choose.
HASHER_PARAMETERS = """
    iterations rounds time_cost memory_cost parallelism work_factor block_size maxmem salt_entropy
""".split()

def hasher_facts(path):
    # A hasher of PASSWORD_HASHERS. The library that it needs may be missing.
    facts = {"class": path}
    try:
        cls = import_string(path)
        facts["mro"] = [dotted(c) for c in cls.__mro__]
        facts["overrides"] = overrides(cls)
        facts["algorithm"] = cls.algorithm
        values = {name: getattr(cls, name, None) for name in HASHER_PARAMETERS}
        facts["parameters"] = {name: v for name, v in values.items() if isinstance(v, int)}
    except Exception as e:
        facts["error"] = problem(e)
    return facts

def password_reset_timeout():
    # Before Django 3.1 it is a number of days.
    if django.VERSION < (3, 1):
        return settings.PASSWORD_RESET_TIMEOUT_DAYS * 24 * 60 * 60
    return settings.PASSWORD_RESET_TIMEOUT

def collect():
    # What old releases do without these settings.
    out = {"CSRF_USE_SESSIONS": False, "SESSION_COOKIE_SAMESITE": None, "CSRF_COOKIE_SAMESITE": None}
    out.update((name, getattr(settings, name)) for name in NAMES if hasattr(settings, name))
    for name in dir(settings):
        if name.startswith(PREFIXES) and name not in NAMES + IGNORED:
            out[name] = None
    if out.get("MIDDLEWARE") is None:  # since Django 1.10
        out["MIDDLEWARE"] = getattr(settings, "MIDDLEWARE_CLASSES", None)
    store_facts(out)
    session_redis(out)
    out.update(
        SESSION_CACHE=cache_facts(out["SESSION_STORE_CLASS"]),
        SESSION_DATABASE=database(lambda: session_model(importlib.import_module(settings.SESSION_ENGINE).SessionStore)),
        USER_DATABASE=database(user_model),
        USER_MODEL=user_facts(),
        LOGIN_RECEIVERS=login_receivers(),
        LOGIN_URL=url("LOGIN_URL"),
        LOGIN_REDIRECT_URL=url("LOGIN_REDIRECT_URL"),
        LOGOUT_REDIRECT_URL=url("LOGOUT_REDIRECT_URL"),
        PASSWORD_RESET_TIMEOUT=password_reset_timeout(),
        MESSAGE_LEVEL=getattr(settings, "MESSAGE_LEVEL", 20),
        MESSAGE_TAGS={k: v for k, v in getattr(settings, "MESSAGE_TAGS", {}).items() if isinstance(k, int)},
        HASHERS=[hasher_facts(path) for path in settings.PASSWORD_HASHERS],
        DJANGO_VERSION=django.get_version(),
        PYTHON_VERSION=platform.python_version(),
        PICKLE_PROTOCOL=pickle.HIGHEST_PROTOCOL,
        EXPORTED_AT=EXPORTED_AT,
    )
    return out

def plain(value):
    # A value as JSON has it.
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(map(plain, value), key=repr)
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, bytes):
        if bytes is str:
            try:
                return value.decode("utf-8")
            except UnicodeDecodeError:
                pass
        return {"$bytes": base64.b64encode(value).decode("ascii")}
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None  # JSON has no such numbers. A limit without end is None too
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return "%s" % (value,)

stdout, sys.stdout = sys.stdout, sys.stderr
try:
    text = json.dumps(plain(collect()), sort_keys=True)
finally:
    sys.stdout = stdout
# Readers find the settings by their first name. It is the version of the form.
print("{\"DJANGOBRIDGE_SETTINGS\": 2, " + text[1:])
