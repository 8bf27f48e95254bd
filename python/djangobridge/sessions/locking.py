"""Locks of rows, on each database that Django supports."""

from django.db import DatabaseError, connections
from django.db.models import F

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
            return rows.select_for_update(skip_locked=skip_locked).get()
        # A transaction of SQLite that begins with a write excludes all other writers.
        if rows.update(expire_date=F("expire_date")):
            return rows.get()
    except model.DoesNotExist:
        pass
    return None


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
