"""Runs suites of Django's own tests with what is tested replaced by calls to a Go process; see __main__.py."""
