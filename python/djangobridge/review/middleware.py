import ast
import inspect
import textwrap

from django.utils.module_loading import import_string

from . import harmless
from .finding import warning

SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"

# Attributes of a request that Go fills itself, and functions that change who is logged in
# or the session as a whole.
ATTRIBUTES = frozenset(["user", "auser", "session"])
FUNCTIONS = frozenset("login logout alogin alogout flush aflush cycle_key acycle_key".split())


def middlewares(facts):
    paths = facts["MIDDLEWARE"] or []
    if SESSION in paths:
        paths = paths[paths.index(SESSION) :]  # earlier ones have no session yet
    for path in paths:
        if path.startswith("django.middleware.") or path in harmless.MIDDLEWARES:
            continue
        try:
            uses = sorted(uses_of(import_string(path)))
        except Exception as e:
            uses = ["cannot be examined (%s)" % type(e).__name__]
        yield warning(
            "middleware",
            "Go does not run %s%s." % (path, ", which " + " and ".join(uses) if uses else ""),
            "Set auth.Options.EffectiveUser in Go if it replaces request.user or ends sessions. "
            "Then list it in auth.Options.KnownMiddleware.",
        )


def uses_of(middleware):
    """Return what the code of a middleware does with users and sessions."""
    classes = inspect.getmro(middleware) if inspect.isclass(middleware) else [middleware]
    for cls in classes:
        if cls.__module__.split(".")[0] in ("builtins", "django"):
            if cls.__module__ != "builtins" and cls.__name__ != "MiddlewareMixin":
                yield "extends %s.%s" % (cls.__module__, cls.__name__)
            continue
        for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(cls)))):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, (ast.Store, ast.Del)):
                if node.attr in ATTRIBUTES:
                    yield "sets request.%s" % node.attr
            elif isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", None))
                if name in FUNCTIONS:
                    yield "calls %s" % name
