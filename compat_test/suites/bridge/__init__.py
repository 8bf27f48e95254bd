"""Runs suites of Django's own tests against a Go process: calls to it replace the code under test; see __main__.py."""
