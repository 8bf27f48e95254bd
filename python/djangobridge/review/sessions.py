from importlib import import_module

from django.conf import global_settings, settings
from django.core.exceptions import ImproperlyConfigured

from . import harmless
from .finding import fault, note, warning

BACKENDS = "django.contrib.sessions.backends."
MERGING = "djangobridge.sessions."
DB, CACHED_DB, CACHE = BACKENDS + "db", BACKENDS + "cached_db", BACKENDS + "cache"
ENGINES = (
    DB,
    CACHED_DB,
    CACHE,
    BACKENDS + "file",
    BACKENDS + "signed_cookies",
    "redis_sessions.session",
)
SERIALIZERS = (
    "django.contrib.sessions.serializers.JSONSerializer",
    "django.core.signing.JSONSerializer",
    "django.contrib.sessions.serializers.PickleSerializer",
    "django.core.serializers.base.PickleSerializer",
    "djangobridge.serializers.PickleSerializer",
    "djangobridge.serializers.TransitionalSerializer",
)
SIGNER = "django.core.signing.TimestampSigner"

ADDED = ("SESSION_CACHE", "SESSION_DATABASE")
PREFIXES = ("SESSION_", "SECRET_KEY", "SIGNED_COOKIE_", "SIGNING_", "CSRF_")
SEPARATOR = ".SessionStore"


def base_engine(facts):
    """Return the module of the engine that the site's engine is or extends, or None."""
    for cls in facts["SESSION_STORE_CLASS"].get("mro", ()):
        module = cls[: -len(SEPARATOR)]
        if cls.endswith(SEPARATOR) and module in ENGINES:
            return module
    return None


def engine(facts):
    problem = engine_problem(facts, base_engine(facts))
    if problem:
        yield fault(
            "session-engine",
            "SESSION_ENGINE is %s, which %s." % (facts["SESSION_ENGINE"], problem),
            "Use an engine of Django or of djangobridge.sessions, or a subclass that only adds "
            "columns. If the engine reads nothing but its table, set Options.Tables.AcceptEngine "
            "in Go.",
        )


def engine_problem(facts, base):
    store = facts["SESSION_STORE_CLASS"]
    error, mro = store.get("error"), store.get("mro", ())
    merges = [cls for cls in mro if cls.startswith(MERGING)]
    if error and error.startswith("the session model"):
        return "may store data in another form: " + error
    if error and (merges or facts["SESSION_ENGINE"].startswith(MERGING) or not mro):
        return "does not work: " + merging_error(error)
    if base is None:
        return "does not extend an engine that Go knows"
    for cls in mro:
        if cls == DB + SEPARATOR and base not in (DB, CACHED_DB):
            return "extends two engines"
        if cls.startswith(MERGING) or cls in (base + SEPARATOR, DB + SEPARATOR):
            continue
        if cls.startswith("django.") and cls != BACKENDS + "base.SessionBase":
            return "extends " + cls
    if error and mro[0] != base + SEPARATOR:
        return "cannot be examined (%s)" % error
    for overrides, known in (
        ("overrides", harmless.STORE),
        ("model_overrides", harmless.SESSION_MODEL),
        ("manager_overrides", harmless.SESSION_MANAGER),
    ):
        for cls, names in sorted(store.get(overrides, {}).items()):
            unknown = sorted(set(names).difference(known))
            if unknown and cls != base + SEPARATOR and not cls.startswith(MERGING):
                return "has a class %s that overrides %s" % (cls, ", ".join(unknown))
    return None


def merging_error(error):
    """Return the reason that an engine of djangobridge.sessions gives for its error."""
    if error == "ImproperlyConfigured":
        try:
            import_module(settings.SESSION_ENGINE).SessionStore()
        except ImproperlyConfigured as e:
            if "djangobridge.sessions" in str(e) or "MergingRows" in str(e):
                return str(e).rstrip(".")
        except Exception:
            pass
    return error


def serializer(facts):
    path = facts["SESSION_SERIALIZER"]
    # The engine "cache" only imports the class.
    if path not in SERIALIZERS and base_engine(facts) != CACHE:
        yield fault(
            "session-serializer",
            "SESSION_SERIALIZER is %s, which has code of its own." % path,
            "Use djangobridge.serializers.PickleSerializer for pickle, or TransitionalSerializer "
            "on the way to JSON. For other formats, set Settings.Serializer in Go.",
        )
    elif path.endswith("PickleSerializer"):
        yield note(
            "session-pickle",
            "Sessions are in pickle: anyone who knows SECRET_KEY can run code in Django.",
            "docs/pickle.md describes the way to JSON.",
        )


def signing(facts):
    backend = facts.get("SIGNING_BACKEND", SIGNER)
    if backend != SIGNER:
        yield warning(
            "signing-backend",
            "SIGNING_BACKEND is %s: Go cannot read or write signed cookies, and messages in "
            "cookies." % backend,
            "Store messages in sessions (SessionStorage), or use Django's backend.",
        )


def unknown_settings(facts):
    for name in sorted(facts):
        # The export has no values of settings that it does not know.
        if not name.startswith(PREFIXES) or facts[name] is not None or name in ADDED:
            continue
        if hasattr(global_settings, name):
            continue
        yield note(
            "unknown-setting",
            "Go does not know the setting %s, and ignores it." % name,
            "Correct its name if it is a mistake. Nothing is to be done if it belongs to another "
            "package and does not change sessions.",
        )


def related_models(facts):
    """Find foreign keys to the session model. Go does not cascade a deletion to them."""
    store = getattr(import_engine(), "SessionStore", None)
    if base_engine(facts) not in (DB, CACHED_DB) or not hasattr(store, "get_model_class"):
        return
    try:
        model = store.get_model_class()
    except Exception:  # the app django.contrib.sessions is missing
        return
    for relation in model._meta.related_objects:
        yield warning(
            "session-relations",
            "%s.%s refers to sessions: a logout in Go fails or leaves its rows behind."
            % (relation.related_model._meta.label, relation.field.name),
            "Let the database delete such rows (ON DELETE CASCADE), or keep the session key in a "
            "plain column.",
        )


def import_engine():
    try:
        return import_module(settings.SESSION_ENGINE)
    except Exception:
        return None
