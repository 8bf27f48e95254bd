"""The site's settings in the form that Go reads, and what differs between two of them."""

import codecs
import contextlib
import io
import json
import os
import runpy
import tempfile

__all__ = ["differences", "export", "facts", "parse", "write"]

MARKER = '{"DJANGOBRIDGE_SETTINGS":'
MAX_SIZE = 1 << 20

# EXPORTED_AT differs each time, and Django has no setting ACCEPT_LEGACY_LAYOUT: a file may
# contain it for Go.
INCOMPARABLE = frozenset(["EXPORTED_AT", "ACCEPT_LEGACY_LAYOUT"])


class InvalidSettings(Exception):
    """A file does not contain settings. The message never quotes the file."""


def export():
    """Return the line that "djangosession settings script" makes this site print.

    It contains SECRET_KEY.
    """
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        runpy.run_module("djangobridge.settings_export")
    return out.getvalue().rstrip("\n")


def facts():
    """Return export as a dict."""
    return json.loads(export())


def parse(data):
    """Return the settings in the bytes of a file as a dict.

    As in Go, text around the line that export returns is ignored. A file in UTF-16, which
    Windows PowerShell writes, has a byte order mark.
    """
    if len(data) > MAX_SIZE:
        raise InvalidSettings("it is larger than 1 MiB")
    encoding = (
        "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    )
    try:
        text = data.decode(encoding)
        if text.count(MARKER) > 1:
            raise InvalidSettings("it contains settings twice")
        start = text.find(MARKER)
        if start >= 0:
            text = text[start:].split("\n", 1)[0]
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InvalidSettings("it contains no settings")
    return found


def differences(old, new):
    """Return the names of settings that differ, sorted.

    A name inside an object follows after a dot, such as "USER_MODEL.table".
    """
    names = set()
    for name in (old.keys() | new.keys()) - INCOMPARABLE:
        a, b = old.get(name), new.get(name)
        if (name in old) == (name in new) and a == b and type(a) is type(b):
            continue
        if isinstance(a, dict) and isinstance(b, dict):
            missing = object()
            inner = (
                key for key in a.keys() | b.keys() if a.get(key, missing) != b.get(key, missing)
            )
            names.update("%s.%s" % (name, key) for key in inner)
        else:
            names.add(name)
    return sorted(names)


def write(path, text):
    """Replace the file at once. Only its owner can read and write it."""
    folder, name = os.path.split(os.path.abspath(path))
    handle, temporary = tempfile.mkstemp(prefix=".%s." % name, dir=folder)  # with mode 0600
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    with contextlib.suppress(OSError, AttributeError):  # Windows cannot open folders
        folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
