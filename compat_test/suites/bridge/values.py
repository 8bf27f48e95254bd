"""Python values as tagged JSON. Types that JSON lacks become an object whose only key is a tag that begins with "$"."""

import base64
import math
from datetime import datetime


def tag(value):
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": repr(value)}
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    if isinstance(value, datetime):
        return {"$datetime": [value.isoformat(), 1] if value.fold else value.isoformat()}
    if isinstance(value, (list, tuple)):
        return [tag(item) for item in value]
    if isinstance(value, dict):
        names = list(value)
        if all(isinstance(name, str) for name in names) and not (len(names) == 1 and names[0].startswith("$")):
            return {name: tag(item) for name, item in value.items()}
        return {"$dict": [[tag(name), tag(item)] for name, item in value.items()]}
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


def untag(value):
    if isinstance(value, list):
        return [untag(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        [(name, item)] = value.items()
        if name == "$float":
            return float(item)
        if name == "$bytes":
            return base64.b64decode(item)
        if name == "$datetime":
            text, fold = item if isinstance(item, list) else (item, 0)
            return datetime.fromisoformat(text).replace(fold=fold)
        if name == "$dict":
            return {untag(key): untag(entry) for key, entry in item}
        if name.startswith("$"):
            raise ValueError("unknown tag " + name)
    return {name: untag(item) for name, item in value.items()}
