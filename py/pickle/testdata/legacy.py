"""Writes legacy.jsonl: pickles as Python 2 and protocols 0 and 1 write them, opcode by opcode, and what Python 3 reads.

For each pickle and each value of the encoding argument "want" is the value as text (see canon in generate.py), "" if
Python reads it and the value has no such text, and null if Python refuses it.
"""

import json
import pathlib
import pickle
import sys
import types
import warnings

from generate import canon


class Item:
    pass


class Called:
    def __init__(self, *args):
        self.args = args

    def __reduce__(self):
        return (Called, self.args) + ((self.state,) if hasattr(self, "state") else ())

    def __setstate__(self, state):
        self.state = state


class Set:
    """A class whose state a function sets."""

    def __reduce__(self):
        return Set, (), self.state, None, None, set_state


def set_state(obj, state):
    obj.state = state


shop = types.ModuleType("shop.models")
sys.modules["shop"], sys.modules["shop.models"] = types.ModuleType("shop"), shop
for thing in (Item, Called, Set, set_state):
    thing.__module__ = "shop.models"
    setattr(shop, thing.__name__, thing)

CASES = {
    "str in protocol 0": b"S'abc'\np0\n.",
    "str with the other quotes": b"S\"it's\"\np0\n.",
    "str with escapes": rb"S'a\n\t\r\\\'\"\x41\101\0\18\q'" b"\n.",
    "str that is not ASCII": rb"S'caf\xc3\xa9'" b"\n.",
    "str that is latin-1": rb"S'caf\xe9'" b"\n.",
    "str of all bytes": b"S" + repr("".join(map(chr, range(256)))).encode("ascii", "backslashreplace") + b"\n.",
    "str without quotes": b"Sabc\n.",
    "str with one quote": b"S'\n.",
    "str with unlike quotes": b"S'abc\"\n.",
    "str and a space": b"S'abc' \n.",
    "str that ends in a backslash": b"S'abc\\'\n.",
    "str with half an escape": rb"S'\x4'" b"\n.",
    "empty str": b"S''\np0\n.",
    "SHORT_BINSTRING": b"\x80\x02U\x03abcq\x00.",
    "SHORT_BINSTRING of one byte over ASCII": b"\x80\x02U\x01\xe9q\x00.",
    "SHORT_BINSTRING in UTF-8": b"\x80\x02U\x03\xe2\x98\x83q\x00.",
    "SHORT_BINSTRING with a surrogate": b"\x80\x02U\x03\xed\xa0\x80q\x00.",
    "BINSTRING": b"\x80\x02T\x05\x00\x00\x00abc\xe9\xffq\x00.",
    "str and unicode as one key": b"\x80\x02}q\x00(U\x01aK\x01X\x01\x00\x00\x00aK\x02u.",
    "unicode in protocol 0": rb"Vcaf\xe9 \u2603 \U0001f600 \u005c \u000a" b"\np0\n.",
    "unicode with bytes over ASCII": b"Vcaf\xe9\np0\n.",
    "unicode with backslashes": rb"V\\u0041 \q \\" b"\n.",
    "unicode that ends in a backslash": b"V\\\n.",
    "unicode with half an escape": b"V\\u12\n.",
    "unicode beyond the last character": b"V\\U00110000\n.",
    "unicode with a lone surrogate": b"V\\ud83d\n.",
    "int": b"I-7\n.",
    "int with a sign": b"I+7\n.",
    "True": b"I01\n.",
    "False": b"I00\n.",
    "long": b"L12345678901234567890L\n.",
    "negative long": b"L-1L\n.",
    "long without L": b"L7\n.",
    "long of nothing": b"LL\n.",
    "int in words": b"Iseven\n.",
    "float": b"F-1.5e300\n.",
    "float inf": b"Finf\n.",
    "float of nothing": b"F\n.",
    "list of protocol 0": b"(lp0\nI1\naS'a'\np1\nag1\na.",
    "dict of protocol 0": b"(dp0\nS'a'\np1\nI1\ns.",
    "list and dict in one": b"((I1\nI2\nl(S'a'\nI1\ndt.",
    "tuple of protocol 0": b"(I1\nI2\ntp0\n.",
    "tuple that is empty": b"(t.",
    "numbers of the memo out of order": b"(I1\np7\nI2\np3\ng7\ng3\nt.",
    "LONG_BINPUT": b"\x80\x02]r\x00\x00\x01\x00(K\x01e0j\x00\x00\x01\x00.",
    "memo number of words": b"I1\npx\n.",
    "negative memo number": b"I1\np-1\n.",
    "INST": b"(ishop.models\nItem\np0\n(dp1\nS'a'\np2\nI1\nsb.",
    "INST with arguments": b"(I1\nI2\nishop.models\nCalled\np0\n.",
    "INST with arguments and a state": b"(I1\nishop.models\nCalled\np0\nI5\nb.",
    "OBJ": b"(cshop.models\nItem\noq\x00}q\x01U\x01aK\x01sb.",
    "OBJ with arguments": b"(cshop.models\nCalled\nK\x01K\x02oq\x00.",
    "OBJ of nothing": b"(o.",
    "new-style class in protocol 0": b"ccopy_reg\n_reconstructor\np0\n(cshop.models\nItem\np1\nc__builtin__\nobject\np2\nNtRp3\n(dp4\nS'a'\nI1\nsb.",
    "new-style class in protocol 2": b"\x80\x02cshop.models\nItem\nq\x00)\x81q\x01}q\x02U\x01aK\x01sb.",
    "set of Python 2": b"\x80\x02c__builtin__\nset\nq\x00]q\x01(K\x01K\x02e\x85Rq\x02.",
    "frozenset of Python 2": b"c__builtin__\nfrozenset\np0\n((lp1\nI1\natRp2\n.",
    "unicode as a class": b"c__builtin__\nunicode\n.",
    "long as a class": b"c__builtin__\nlong\n.",
    "exception of Python 2": b"cexceptions\nValueError\np0\n.",
    "datetime of Python 2": b"cdatetime\ndatetime\np0\n(S'\\x07\\xe8\\x02\\x1d\\x17;;\\x01\\xe2@'\np1\ntRp2\n.",
    "datetime of Python 2 with bytes in ASCII": b"cdatetime\ndatetime\np0\n(S'\\x08\\x00\\x02\\x1d\\x17;;\\x01\\x02@'\np1\ntRp2\n.",
    "date of Python 2": b"\x80\x02cdatetime\ndate\nq\x00U\x04\x07\xe8\x02\x1dq\x01\x85q\x02Rq\x03.",
    "global in UTF-8": "cshop.models\né\n.".encode(),
    "extension code": b"\x80\x02\x82\x01.",
    "persistent id": b"Pid\n.",
    "persistent value": b"U\x02idQ.",
    "DUP and POP": b"I1\n2I2\n0\x86.",
    "POP_MARK": b"I1\n(I2\nI3\n1.",
    "POP of a mark": b"I1\n(0.",
    "state and slots": b"\x80\x02cshop.models\nCalled\n)R(N}U\x01aK\x01stb.",
}
for protocol in range(6):
    one, two = Set(), Set()
    one.state, two.state = {"a": [1]}, {"me": None}
    two.state["me"] = two
    CASES[f"state setters in protocol {protocol}"] = pickle.dumps([one, one], protocol)
    CASES[f"state with its object in protocol {protocol}"] = pickle.dumps([two, "after"], protocol)


def text(v, name):
    if name.startswith("state with its object") or "date" in name:
        return ""
    return canon(v, 0 if "class in protocol 0" in name else 2)


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # of escapes that are none
    with (pathlib.Path(__file__).parent / "legacy.jsonl").open("w") as f:
        for name, data in CASES.items():
            wants = {}
            for encoding in ("ASCII", "latin1", "utf-8", "bytes"):
                try:
                    v = pickle.loads(data, encoding=encoding)
                except Exception:
                    wants[encoding] = None
                else:
                    wants[encoding] = text(v, name)
            f.write(json.dumps({"name": name, "pickle": data.hex(), "wants": wants}) + "\n")
