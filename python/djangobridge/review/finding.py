from typing import NamedTuple

LEVELS = ("fault", "warning", "note")

# The identifiers of faults in "manage.py check". Neither names nor numbers change.
IDS = {
    "session-engine": "W001",
    "session-serializer": "W002",
    "session-cache": "W003",
    "cache-key-function": "W004",
    "session-database": "W005",
    "user-database": "W006",
    "user-model": "W007",
    "cache-database": "W008",
    "authentication-backends": "W009",
}


class Finding(NamedTuple):
    """Something that needs attention.

    With a fault, Go refuses the site. With a warning, Django and Go may differ, or
    sessions may get lost. A note is good to know.
    """

    check: str
    level: str
    problem: str
    remedy: str

    @property
    def id(self):
        return "djangobridge." + IDS[self.check]

    @property
    def rank(self):
        return LEVELS.index(self.level)


def fault(check, problem, remedy):
    return Finding(check, "fault", problem, remedy)


def warning(check, problem, remedy):
    return Finding(check, "warning", problem, remedy)


def note(check, problem, remedy):
    return Finding(check, "note", problem, remedy)
