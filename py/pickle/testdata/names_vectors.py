"""Writes names.jsonl: each name that fix_imports knows, what Python 3 looks for when it reads it below protocol 3, and what it
writes for it there.
"""

import _compat_pickle
import json
import pathlib


def renamed(module, name):
    """What pickle.load imports, by its own rule."""
    if (module, name) in _compat_pickle.NAME_MAPPING:
        return _compat_pickle.NAME_MAPPING[module, name]
    return _compat_pickle.IMPORT_MAPPING.get(module, module), name


def written(module, name):
    """What save_global writes below protocol 3."""
    r = _compat_pickle.REVERSE_NAME_MAPPING
    if (module, name) in r:
        return r[module, name]
    return _compat_pickle.REVERSE_IMPORT_MAPPING.get(module, module), name


if __name__ == "__main__":
    names = set(_compat_pickle.NAME_MAPPING) | set(_compat_pickle.REVERSE_NAME_MAPPING)
    for module in set(_compat_pickle.IMPORT_MAPPING) | set(_compat_pickle.REVERSE_IMPORT_MAPPING) | {m for m, _ in names} | {"shop.models"}:
        names |= {(module, "Other"), (module, "x")}
    with (pathlib.Path(__file__).parent / "names.jsonl").open("w") as f:
        for module, name in sorted(names):
            f.write(json.dumps([[module, name], renamed(module, name), written(module, name)]) + "\n")
