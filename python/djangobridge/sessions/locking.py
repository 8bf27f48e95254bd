"""Locks of rows, on each database that Django supports."""

from django.db import DatabaseError, connections
from django.db.models import BinaryField, F, Func

# Error codes for a transaction that another one made fail, and that can be repeated:
# deadlocks, lock timeouts, serialization failures and, in MariaDB, changed records.
CONFLICTS = {
    "postgresql": {"40001", "40P01", "55P03"},
    "mysql": {1020, 1205, 1213, 3572},
}


def in_transaction(using):
    """Report whether the caller has a transaction that outlives its next atomic block."""
    connection = connections[using]
    return connection.in_atomic_block or not connection.get_autocommit()


def lock_row(model, key, using, skip_locked=False):
    """Return the newest version of a session's row, expired or not; None if it has none.

    Nobody else can change the row until the end of the transaction. With skip_locked, a row
    that somebody else has locked is None, on databases that support that.
    """
    rows = model._base_manager.using(using).filter(session_key=key)
    features = connections[using].features
    try:
        if features.has_select_for_update:
            skip_locked = skip_locked and features.has_select_for_update_skip_locked
            return exact(rows.select_for_update(skip_locked=skip_locked).get(), key)
        # A transaction of SQLite that begins with a write excludes all other writers.
        if rows.update(expire_date=F("expire_date")):
            return exact(rows.get(), key)
    except model.DoesNotExist:
        pass
    return None


def exact(row, key):
    """Return a row, or None if a collation, such as one that ignores case, found another."""
    return row if row.session_key == key else None


class RowChanged(DatabaseError):
    """A row is no longer what was loaded: merge, in another transaction."""


def can_compare(model, using):
    """Report whether save_unchanged works: the database compares data byte by byte.

    Oracle cannot compare long texts, and other collations may ignore differences.
    """
    return (
        connections[using].vendor in ("postgresql", "mysql", "sqlite")
        and not getattr(model._meta.get_field("session_data"), "db_collation", None)
        and not model._meta.parents
    )


def save_unchanged(row, data, using):
    """Update the row of a session, with its signals, if it still has these data.

    Raise RowChanged otherwise. This takes one statement less than a lock. The transaction
    must end after the error.
    """
    found = None

    def update(rows, *args, **kwargs):
        nonlocal found
        if connections[using].vendor == "mysql":  # collations ignore case
            binary = Func(
                F("session_data"),
                template="CAST(%(expressions)s AS BINARY)",
                output_field=BinaryField(),
            )
            rows = rows.annotate(session_bytes=binary).filter(session_bytes=data.encode())
        else:
            rows = rows.filter(session_data=data)
        found = type(row)._do_update(row, rows, *args, **kwargs)
        return found

    row._do_update = update
    try:
        row.save(force_update=True, using=using)
    except DatabaseError as error:
        if found is None or found:
            raise
        raise RowChanged("The session was changed.") from error
    finally:
        del row._do_update


def is_conflict(error, using):
    """Report whether another transaction made this one fail, so that it can be repeated."""
    if not isinstance(error, DatabaseError):
        return False
    vendor = connections[using].vendor
    cause = error.__cause__
    if vendor == "postgresql":
        code = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    elif vendor == "sqlite":
        return "is locked" in str(error)
    elif vendor == "oracle":
        return any(code in str(error) for code in ("ORA-00060", "ORA-08177", "ORA-30006"))
    else:
        code = error.args[0] if error.args else None
    return code in CONFLICTS.get(vendor, ())
