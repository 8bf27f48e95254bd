"""Tests whose rows other processes see."""

from django.test import TransactionTestCase


class TestCase(TransactionTestCase):
    """Stands in for django.test.TestCase, which keeps each test in a transaction and rolls it back.

    Go is another process: it would see nothing of such a transaction, and on SQLite it could not write while it lasts.
    So the rows are committed, and the tables are emptied after each test.
    """

    available_apps = None
