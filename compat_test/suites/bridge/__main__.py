"""Start Django's own test runner with sessions or signing forwarded to Go.

usage: python -m bridge TESTS REPLACE LABEL...

TESTS is the folder tests of a Django source archive. REPLACE names a module here whose install() replaces Django's code
with calls to Go. The labels select the tests to run. Environment variables: BRIDGE_PEER, the Go program;
BRIDGE_DATABASE, the database file; BRIDGE_LEFT_OUT, the list of tests that cannot apply; BRIDGE_REPORT, the file for
the result.

Django's runtests.py runs unchanged. The replacement happens before it, because the test modules and their models import
names from Django.
"""

import importlib
import os
import runpy
import sys


def main():
    tests, replace, *labels = sys.argv[1:]
    os.environ["BRIDGE_LABELS"] = " ".join(labels)
    os.environ["DJANGO_SETTINGS_MODULE"] = "bridge.settings"  # some modules of 4.2 read settings at import
    sys.path.insert(0, tests)
    importlib.import_module("bridge." + replace).install()
    runner = os.path.join(tests, "runtests.py")
    # One process, because all tests share one Go process and one database file.
    sys.argv = [runner, "--settings=bridge.settings", "--parallel=1", "--noinput", *labels]
    runpy.run_path(runner, run_name="__main__")


main()
