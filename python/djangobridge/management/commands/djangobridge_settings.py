import os
import stat
import sys

from django.core.management.base import BaseCommand, CommandError

from djangobridge import export

DIFFERENT, UNREADABLE = 1, 2


class Command(BaseCommand):
    help = (
        "Prints the settings that a service in Go needs, as one line of JSON. It contains "
        "SECRET_KEY, and the password of the cache if sessions are in one. It reads no database "
        "and no cache. Exit status: 0, or with --check 1 if settings differ, and 2 if the file "
        "contains none."
    )
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser):
        group = parser.add_mutually_exclusive_group()
        group.add_argument(
            "--output",
            metavar="FILE",
            help="Replace FILE at once, with mode 0600, instead of printing. A symbolic link is "
            "replaced, not followed.",
        )
        group.add_argument(
            "--check",
            metavar="FILE",
            help='Compare FILE ("-" is standard input) with the settings of this process, and '
            "print the names of those that differ. It prints no values.",
        )

    def handle(self, *args, output, check, **options):
        if check is not None:
            self.check_file(check)
        elif output is not None:
            try:
                export.write(output, export.export() + "\n")
            except OSError as e:
                raise CommandError("cannot write %s: %s" % (output, e.strerror)) from e
        else:
            self.stdout.write(export.export())

    def check_file(self, path):
        name = "standard input" if path == "-" else path
        try:
            data, is_public = read(path)
            found = export.parse(data)
        except OSError as e:
            raise CommandError(
                "cannot read %s: %s" % (name, e.strerror), returncode=UNREADABLE
            ) from e
        except export.InvalidSettings as e:
            raise CommandError(
                "cannot use %s: %s: write it with --output" % (name, e), returncode=UNREADABLE
            ) from e
        if is_public:
            warning = "%s contains secrets, and all users can read it: chmod 600" % name
            self.stderr.write(self.style.WARNING(warning))
        names = export.differences(found, export.facts())
        if names:
            raise CommandError(
                "%s differs from the site in %s: write it again with --output, and reload the "
                "service in Go" % (name, ", ".join(names)),
                returncode=DIFFERENT,
            )
        self.stdout.write("%s is right" % name)


def read(path):
    """Return the bytes of a file, and whether all users can read them."""
    if path == "-":
        return sys.stdin.buffer.read(export.MAX_SIZE + 1), False
    with open(path, "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        is_public = os.name == "posix" and stat.S_ISREG(mode) and bool(mode & stat.S_IROTH)
        return file.read(export.MAX_SIZE + 1), is_public
