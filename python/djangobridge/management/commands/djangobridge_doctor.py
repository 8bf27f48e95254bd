import json

from django.core.management.base import BaseCommand, CommandError

from djangobridge.review import review


class Command(BaseCommand):
    help = (
        "Reports what a service in Go does not do for this site, and what only Django can see: "
        "engine, serializer, cache, databases, user model, backends, hashers, middlewares and "
        "receivers of signals. It reads no database and no cache. Exit status: 0 without faults, "
        "1 with faults."
    )
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args, json, **options):
        found = review()
        if json:
            self.stdout.write(as_json(found))
        else:
            self.print(found)
        faults = sum(finding.level == "fault" for finding in found)
        if faults:
            raise CommandError("%d faults: Go refuses this site" % faults)

    def print(self, found):
        for finding in found:
            head = "%s %s" % (finding.level.upper(), finding.check)
            self.stdout.write("%s: %s" % (self.style.SQL_KEYWORD(head), finding.problem))
            self.stdout.write("    " + finding.remedy)
        if not found:
            self.stdout.write("no findings")


def as_json(found):
    """Return findings in the form of "djangosession doctor --json"."""
    return json.dumps(
        {
            "ok": all(finding.level != "fault" for finding in found),
            "findings": [finding._asdict() for finding in found],
        }
    )
