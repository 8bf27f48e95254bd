from django.utils.module_loading import import_string

from . import harmless
from .finding import fault, note, warning

MODULE = "django.contrib.auth.backends."
WITH_PASSWORDS = (MODULE + "ModelBackend", MODULE + "AllowAllUsersModelBackend")
WITHOUT = (MODULE + "RemoteUserBackend", MODULE + "AllowAllUsersRemoteUserBackend")
HASHERS = "django.contrib.auth.hashers."

# Methods of backends that Go answers from the tables.
BACKEND_METHODS = """
    authenticate get_user user_can_authenticate get_user_permissions get_group_permissions
    get_all_permissions has_perm has_module_perms
""".split()


def model(facts):
    for problem, remedy in model_problems(facts["USER_MODEL"]):
        yield fault("user-model", "The user model %s." % problem, remedy)


def model_problems(model):
    own_users = "Set Options.Users in Go to a function that reads users, or change the model."
    if model.get("error"):
        yield "cannot be examined (%s)" % model["error"], "Correct AUTH_USER_MODEL."
        return
    if model["other_tables"]:
        yield "has columns in other tables (%s)" % ", ".join(model["other_tables"]), own_users
    if model["id_type"] is None:
        yield "has a primary key of the class %s" % model["id_field"], own_users
    if model["computed"]:
        yield "computes or converts %s in Python" % ", ".join(model["computed"]), own_users
    if model["session_auth_hash"] == "overridden":
        yield (
            "overrides get_session_auth_hash, so Go cannot verify logins",
            "Remove the override.",
        )
    elif model["session_auth_hash"] == "django" and model["password_column"] is None:
        yield "binds sessions to a password, but has no column for it", own_users
    if not links_are_djangos(model):
        yield "has groups or user_permissions that are not those of PermissionsMixin", own_users
    for overrides, known in (
        (model["overrides"], harmless.USER_MODEL),
        (model["manager_overrides"], harmless.USER_MANAGER),
    ):
        for cls, names in sorted(overrides.items()):
            for name in names:
                if name not in known:
                    yield (
                        "overrides %s.%s, which may change who is logged in or what users may do"
                        % (cls, name),
                        "Name it in Options.KnownOverrides in Go if it does not.",
                    )


def links_are_djangos(model):
    groups, permissions = model["groups"], model["user_permissions"]
    if groups is None or permissions is None:
        return groups is permissions
    return (
        (groups["other_column"], groups["model"]) == ("group_id", "auth.Group")
        and (permissions["other_column"], permissions["model"])
        == ("permission_id", "auth.Permission")
        and groups["user_column"] == permissions["user_column"]
    )


def backends(facts):
    paths = facts["AUTHENTICATION_BACKENDS"]
    if not paths:
        yield fault(
            "authentication-backends",
            "AUTHENTICATION_BACKENDS is empty, so no user can log in.",
            "List a backend.",
        )
    passwords = False
    for path in paths:
        passwords = passwords or path in WITH_PASSWORDS
        if path in WITH_PASSWORDS + WITHOUT:
            continue
        first = "" if passwords else " It comes first, so Go refuses to check passwords."
        yield warning(
            "own-backend",
            "%s is not a backend of Django%s, and Go does not call it.%s"
            % (path, overridden(path), first),
            "List it in auth.Options.PasswordBackends in Go if it checks passwords as "
            "ModelBackend does, or in IgnoredBackends if it takes no passwords. If it does more, "
            "let Django log users in.",
        )


def overridden(path):
    try:
        cls = import_string(path)
    except Exception as e:
        return " and cannot be imported (%s)" % type(e).__name__
    try:
        djangos = import_string(MODULE + "ModelBackend")
    except Exception:  # the app django.contrib.auth is missing
        return ""
    names = [
        name
        for name in BACKEND_METHODS
        if hasattr(cls, name) and getattr(cls, name) is not getattr(djangos, name, None)
    ]
    return " and defines %s" % ", ".join(names) if names else ""


def hashers(facts):
    for hasher in facts["HASHERS"]:
        if not hasher["class"].startswith(HASHERS):
            yield note(
                "own-hasher",
                "%s is not a hasher of Django." % hasher["class"],
                "djangosession/hashers knows subclasses that change parameters. For others, set "
                "hashers.Options.Own in Go, if passwords are checked there.",
            )
