from .finding import fault, note

FAMILIES = (
    "django.db.backends.",
    "django.contrib.gis.db.backends.",
    "django_prometheus.db.backends.",
)
VENDORS = {
    "sqlite3": "sqlite",
    "spatialite": "sqlite",
    "postgresql": "postgresql",
    "postgresql_psycopg2": "postgresql",
    "postgis": "postgresql",
    "mysql": "mysql",
}


def databases(facts):
    sessions, users = facts["SESSION_DATABASE"], facts["USER_DATABASE"]
    if facts["SESSION_STORE_CLASS"].get("mro"):  # otherwise the engine cannot be imported
        yield from database("session-database", sessions)
    yield from database("user-database", users)
    for subject, facts in (("Sessions", sessions), ("Users", users)):
        if facts and facts.get("search_path"):
            yield note(
                "search-path",
                "%s are in a database with a search_path in its settings." % subject,
                "Give the connection of the service the same, or set Options.Tables.Schema in Go.",
            )
    aliases = [facts.get("write_alias") for facts in (sessions, users) if facts]
    if len(aliases) == 2 and None not in aliases and aliases[0] != aliases[1]:
        yield note(
            "two-databases",
            "Sessions are in the database %r, and users in %r." % tuple(aliases),
            "Give the service in Go a connection to each.",
        )


def database(check, facts):
    if not facts:
        return
    subject = (
        "The database of %s"
        % {
            "session-database": "sessions",
            "user-database": "users",
            "cache-database": "the session cache",
        }[check]
    )
    if facts.get("error"):
        yield fault(
            check,
            "%s cannot be determined (%s)." % (subject, facts["error"]),
            "Correct DATABASES and DATABASE_ROUTERS.",
        )
    elif facts["alias"] != facts["write_alias"]:
        yield fault(
            check,
            "%s is %r for reading and %r for writing, by DATABASE_ROUTERS: Go could read old data."
            % (subject, facts["alias"], facts["write_alias"]),
            "Let the routers choose one database for these tables.",
        )
    elif vendor_of(facts["engine"]) != facts["vendor"]:
        yield fault(
            check,
            "%s has ENGINE %s, which Go does not know." % (subject, facts["engine"]),
            "Set Options.Dialect in Go if it creates tables exactly like Django's own engine.",
        )


def vendor_of(engine):
    for family in FAMILIES:
        if engine.startswith(family):
            return VENDORS.get(engine[len(family) :])
    return None
