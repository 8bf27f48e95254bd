"""Tests whose rows are visible to other processes."""

from django.test import TransactionTestCase


class TestCase(TransactionTestCase):
    """Replaces django.test.TestCase, which runs each test in a transaction and rolls it back.

    Go is another process: it would not see the rows of such a transaction, and on SQLite it could not write during it.
    So this class commits the rows and empties the tables after each test.
    """

    available_apps = None
