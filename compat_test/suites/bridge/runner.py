"""Django's test runner, with an account of what ran, what passed, and what was left out."""

import json
import os
import unittest

import django
from django.test.runner import DiscoverRunner

from .pipe import go


def read_left_out():
    """Return the reasons by test, for the entries of the list that concern this release and these labels.

    A line is "TEST RELEASES reason", where RELEASES is "all", or series such as "4.2,5.2".
    """
    series = "%d.%d" % django.VERSION[:2]
    labels = os.environ["BRIDGE_LABELS"].split()
    reasons = {}
    with open(os.environ["BRIDGE_LEFT_OUT"], encoding="utf-8") as file:
        for line in file:
            if not line.strip() or line.startswith("#"):
                continue
            test, releases, reason = line.split(None, 2)
            here = any((test + ".").startswith(label + ".") for label in labels)
            if here and (releases == "all" or series in releases.split(",")):
                reasons[test] = reason.strip()
    return reasons


class Result(unittest.TextTestResult):
    """Counts a test as passed only if it has reached Go.

    A test on the list runs too. It is left out if it fails or does not reach Go, and otherwise the list is wrong.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.listed = read_left_out()
        self.ran, self.passed, self.left_out = [], [], set()

    def startTest(self, test):
        super().startTest(test)
        self.ran.append(test.id())

    def complain(self, test, text):
        super().addFailure(test, (AssertionError, AssertionError(text), None))

    def addSuccess(self, test):
        if test.id() in self.listed:
            if test.calls:
                self.complain(test, "passes: take it off the list of tests that are left out")
            else:
                self.left_out.add(test.id())
        elif not test.calls:
            self.complain(test, "passes without a call to Go: put it on the list of tests that are left out")
        else:
            self.passed.append(test.id())
            super().addSuccess(test)

    def addFailure(self, test, err):
        if not self.leave_out(test):
            super().addFailure(test, err)

    def addError(self, test, err):
        if not self.leave_out(test):
            super().addError(test, err)

    def addSubTest(self, test, subtest, err):
        if err is None or not self.leave_out(test):
            super().addSubTest(test, subtest, err)

    def addSkip(self, test, reason):
        if not self.leave_out(test):
            self.complain(test, "skipped: " + reason)

    def addExpectedFailure(self, test, err):
        self.addSuccess(test)  # Django and Go fail in the same way

    def leave_out(self, test):
        if test.id() not in self.listed:
            return False
        self.left_out.add(test.id())
        return True


def count_calls(case):
    """Let test cases count the calls to Go of the test itself, without its setUp and its cleanup."""
    run = case._callTestMethod

    def _callTestMethod(self, method):
        go.calls = 0
        try:
            return run(self, method)
        finally:
            self.calls = go.calls

    case._callTestMethod = _callTestMethod


class Runner(DiscoverRunner):
    def setup_test_environment(self, **kwargs):
        super().setup_test_environment(**kwargs)
        count_calls(unittest.TestCase)
        from django.contrib.sessions.backends import base

        from .store import SessionBase

        if base.SessionBase is SessionBase:
            from .sessions import install_models

            install_models()

    def get_resultclass(self):
        return Result

    def suite_result(self, suite, result, **kwargs):
        missing = sorted(set(result.listed) - set(result.ran))
        for test in missing:
            print("listed as left out, and not there:", test)
        with open(os.environ["BRIDGE_REPORT"], "w", encoding="ascii") as file:
            json.dump(
                {
                    "ran": result.ran,
                    "passed": result.passed,
                    "left_out": {test: result.listed[test] for test in sorted(result.left_out)},
                },
                file,
            )
        return super().suite_result(suite, result, **kwargs) + len(missing)
