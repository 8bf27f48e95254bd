"""What the Go half cannot honour, and what it does otherwise, in a running site.

The facts are those of djangobridge.export, which Go reads too. Each module has functions
that take the facts and yield findings.
"""

from .. import export
from . import caches, databases, middleware, sessions, signals, users
from .finding import Finding

__all__ = ["Finding", "review"]

CHECKS = (
    sessions.engine,
    sessions.serializer,
    sessions.signing,
    sessions.unknown_settings,
    sessions.related_models,
    caches.cache,
    databases.databases,
    users.model,
    users.backends,
    users.hashers,
    middleware.middlewares,
    signals.login_receivers,
    signals.model_receivers,
)


def review():
    """Return the findings, faults first. They contain no secrets."""
    facts = export.facts()
    found = [finding for check in CHECKS for finding in check(facts)]
    return sorted(found, key=lambda finding: finding.rank)
