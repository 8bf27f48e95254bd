"""Data that this process cannot read, but others can."""

import time

from django.core import signing

STARTED = time.time()

# How far the clock of another machine may be ahead, in seconds.
CLOCK_TOLERANCE = 24 * 60 * 60


def signed_at(text):
    """Return when Django signed a session, in seconds since 1970; None if it does not say."""
    parts = text.rsplit(":", 2) if isinstance(text, str) else ()
    if len(parts) != 3:
        return None
    decode = getattr(signing, "b62_decode", None) or signing.baseconv.base62.decode
    try:
        return decode(parts[1])
    except (ValueError, IndexError):
        return None


def is_newer_than_settings(text):
    """Report whether a session was signed after this process read its settings."""
    at = signed_at(text)
    return at is not None and STARTED < at < time.time() + CLOCK_TOLERANCE
