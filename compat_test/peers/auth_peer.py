"""What a Django process can be told about users and logins; peer.py has the rest."""

import json
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.contrib import auth
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.db.models import Q
from django.http import HttpRequest


class QuickHasher(PBKDF2PasswordHasher):
    iterations = 1000


def model():
    return auth.get_user_model()


def get(pk):
    return model()._default_manager.get(pk=pk)


def text(user):
    return user._meta.pk.value_to_string(user)


def request(self, key):
    r = HttpRequest()
    r.session = self.store(key)
    r.user = auth.get_user(r)
    return r


def finish(r):
    """Save the session as the middleware does, and tell what it is."""
    if r.session.modified and not r.session.is_empty():
        r.session.save()
    user = r.user
    return {
        "key": r.session.session_key,
        "user": text(user) if user.is_authenticated else None,
        "payload": r.session.serializer().dumps(dict(r.session.items())).decode("latin-1"),
    }


def do_settings(self, **changes):
    for name, value in changes.items():
        setattr(settings, name, value)


def do_make_user(self, username, password, **fields):
    fields[model().USERNAME_FIELD] = username
    user = model()(**fields)
    user.set_password(password)
    user.save()
    return text(user)


def do_set_user(self, pk, password=None, **fields):
    user = get(pk)
    for name, value in fields.items():
        setattr(user, name, value)
    if password is not None:
        user.set_password(password)
    user.save()


def do_delete_user(self, pk):
    get(pk).delete()


def do_user(self, pk):
    user = get(pk)
    last = getattr(user, "last_login", None)
    return {
        "username": user.get_username(),
        "password": user.password,
        "is_active": user.is_active,
        "is_staff": getattr(user, "is_staff", False),
        "is_superuser": getattr(user, "is_superuser", False),
        "last_login": last and last.isoformat(),
        "hash": user.get_session_auth_hash(),
    }


def do_login(self, key, pk, backend=None):
    r = request(self, key)
    auth.login(r, get(pk), backend)
    return finish(r)


def do_logout(self, key):
    r = request(self, key)
    auth.logout(r)
    return finish(r)


def do_whois(self, key):
    return finish(request(self, key))


def do_make_password(self, password):
    return make_password(password)


def do_new_password(self, key, password):
    r = request(self, key)
    r.user.set_password(password)
    r.user.save()
    auth.update_session_auth_hash(r, r.user)
    return finish(r)


def do_authenticate(self, username, password):
    user = auth.authenticate(None, username=username, password=password)
    return user and {"user": text(user), "backend": user.backend}


def do_grant(self, pk, groups=None, permissions=()):
    """Put the user into groups, which have these permissions, and grant others."""
    user = get(pk)

    def find(name):
        app, codename = name.split(".")
        return Permission.objects.get(content_type__app_label=app, codename=codename)

    for name, theirs in (groups or {}).items():
        group, _ = Group.objects.get_or_create(name=name)
        group.permissions.add(*map(find, theirs))
        user.groups.add(group)
    user.user_permissions.add(*map(find, permissions))


def do_permissions(self, pk, ask, apps):
    user = get(pk)
    return {
        "all": sorted(user.get_all_permissions()),
        "groups": sorted(g.name for g in user.groups.all()),
        "has": [user.has_perm(p) for p in ask],
        "modules": [user.has_module_perms(a) for a in apps],
    }


def do_set_last_login(self, pk, date):
    user = get(pk)
    user.last_login = datetime.fromisoformat(date)
    user.save(update_fields=["last_login"])


def do_last_login_text(self, pk):
    """The text in the column, as the database shows it."""
    quote, options = connection.ops.quote_name, model()._meta
    kind = "char" if connection.vendor == "mysql" else "text"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT CAST(%s AS %s) FROM %s WHERE %s = %%s" % (quote("last_login"), kind, quote(options.db_table), quote(options.pk.column)),
            [options.pk.get_db_prep_value(pk, connection)],
        )
        return cursor.fetchone()[0]


def do_column_type(self):
    """The type of the primary key in the database."""
    return model()._meta.pk.db_type(connection)


def do_fields(self):
    """The fields of the user model, as the settings script lists them."""
    def target(field):
        return field.target_field if field.is_relation else field

    return [
        {"name": f.attname, "column": f.column, "type": target(f).get_internal_type(), "null": f.null}
        for f in model()._meta.local_concrete_fields
    ]


def do_make_employees(self, password):
    """Make a user with a value in every field, and one with none; tell what Django reads."""
    at = datetime(2026, 7, 2, 3, 4, 5, 678901, timezone.utc)
    chief = model()(username="Bob", password=make_password(password))
    chief.save()
    employee = model()(
        username="Anne", password=make_password(password), first_name="Zoë", last_name="O'Hara ☃", mail="Anne@Example.com",
        score=2**63 - 1, small=-3, positive=2**31 - 1, member=True, phone="+1 \"2\"", page="https://example.com/ä", notes="a\nb\\",
        slug="a-b", photo="photos/ä.png", born=date(1999, 12, 31), wakes=time(7, 30, 0, 1), salary=Decimal("-1234.25"),
        token=UUID("12345678-1234-1234-1234-1234567890ab"), rate=0.1, key=b"\x00\xff'", ip="2001:db8::1", chief=chief,
        vacation=-timedelta(days=400, microseconds=1), seen=at if settings.USE_TZ else at.replace(tzinfo=None),
    )
    if hasattr(employee, "prefs"):
        employee.prefs = {"a": [1, None, "ä"]}
    employee.save()
    return [shown(get(user.pk)) for user in (employee, chief)]


def shown(user):
    """The fields of a user as text, in a form that Go can write too."""
    def text_of(value):
        if isinstance(value, datetime):
            return str(int((value - datetime(1970, 1, 1, tzinfo=value.tzinfo)) / timedelta(microseconds=1)))
        if isinstance(value, timedelta):
            return str(value // timedelta(microseconds=1))
        if isinstance(value, (bytes, memoryview)):
            return bytes(value).hex()
        if isinstance(value, dict):
            return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return str(value)

    return {
        "pk": text(user), "full_name": user.get_full_name(), "short_name": user.get_short_name(), "email": user.mail or "",
        "fields": {f.attname: text_of(getattr(user, f.attname)) for f in user._meta.local_concrete_fields},
    }


def do_find(self, **lookups):
    """The ids of the users that a query finds."""
    query = Q()
    for lookup, value in lookups.items():
        query |= Q(**{lookup: value})
    return sorted(text(user) for user in model()._default_manager.filter(query))
