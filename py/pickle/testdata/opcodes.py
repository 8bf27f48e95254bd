"""Writes opcodes.txt: each opcode that takes values, on many stacks, each that has an operand, cut off, and what CPython 3.11's pickle.loads returns.

Each line has the pickle in hexadecimal, then "-" if Python refuses it, "?" if Python reads it and the value is not plain
data, else the text that canon in generate.py has for the value.
"""

import pathlib
import pickle
import struct
import sys
import types


class C:
    """A class that takes everything."""

    def __new__(cls, *args, **kwargs):
        return object.__new__(cls)

    def __init__(self, *args, **kwargs):
        pass

    def nothing(self, *args):
        pass

    append = extend = __setitem__ = __setstate__ = nothing


sys.modules["m"] = types.ModuleType("m")
sys.modules["m"].C = C

STACKS = [
    "", "N", "NN", "NNN", "NNNN", "]", "]N", "]NN", "}", "}N", "}NN", "}NNN", "\x8f", "\x8fN", ")", ")N", "N)", "})", ")}", "(", "N(", "NN(", "NNN(",
    "](", "}(", "\x8f(", "(N", "N(N", "](N", "](NN", "}(N", "}(NN", "}(NNN", "}(]N", "}(]]", "\x8f(N", "\x8f(NN", "\x8f(]", "N(NN", "]((", "(]", "(}", "(]N",
    "(N(", "]]", "}}", "]}", "}]", "}]N", "}N]", "\x8c\x01aN", "N\x8c\x01a", "\x8c\x01m\x8c\x01C", "(]]", "(]N(N", "C\x01aN", "C\x01a", "K\x01K\x02", "]K\x01",
    "cm\nC\n", "cm\nC\nN", "cm\nC\n(", "cm\nC\n(N", "(cm\nC\n", "(cm\nC\nN", "(N)",
    "cm\nC\n)N", "cm\nC\n)]", "cm\nC\n])", "cm\nC\nN}", "cm\nC\n}", "cm\nC\n(}", "(cm\nC\n})",
    "N)}", "(N)}", "])}", ")N}", "N(N)}", "cm\nC\n]}",
]

OPCODES = "01 2 a e s u \x90 \x91 l d t \x85 \x86 \x87 R o b \x81 \x92 \x93 \x94 Q \x98".replace("01", "0 1").split(" ")
OPCODES += ["q\0", "r\0\0\0\0", "p0\n", "h\0", "j\0\0\0\0", "g0\n", "im\nC\n"]
ENDS = [".", "N.", "0N."]

# Opcodes with an operand of a fixed length, with a length before it, and up to the end of the line.
FIXED = {"K": 1, "M": 2, "J": 4, "G": 8, "\x80": 1, "\x95": 8, "h": 1, "j": 4, "q": 1, "r": 4, "\x82": 1, "\x83": 2, "\x84": 4}
SIZED = {"\x8c": 1, "X": 4, "\x8d": 8, "U": 1, "T": 4, "C": 1, "B": 4, "\x8e": 8, "\x96": 8, "\x8a": 1, "\x8b": 4, "\x95": 8}
LINES = "I L F V S P p g c i".split()
LINE_TEXTS = ["", "0", "1", "00", "01", "-1", "+1", "1L", "-0", "a", "'a'", '"a"', "'a", "a'", "'", "''", "'a\"", "'\\n'", "'\\x41'", "'\\x4'", "'\\x4g'", "'\\101'", "'\\18'",
    "'\\7'", "'\\77'", "'\\377'", "'\\400'", "'\\'", "'\\\\'", "'\\q'", "'\xe9'", "\\u0041", "\\u004", "\\u00g1", "\\U00000041", "\\U00110000", "\\", "\\n", "\xe9", "\\ud83d\\ude00",
    "1.5", "-1.5", "1e5", "1e400", "1e", "nan", "-nan", "inf", "+inf", "0x10", "1_0", ".5", "5.", "1.5 ", " 1.5", " 7", "7 ", "7\r", "9" * 30, "-" + "9" * 30, "9" * 30 + "L", "--1", "-",
    "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809"]


def operands():
    for opcode, size in FIXED.items():
        for n in range(size + 1):
            if opcode == "r" and 0 < n < size:
                continue  # with what follows it is a number for which Python has no memory
            yield "N" + opcode + "\x01" * n
            if opcode != "r" or n < size:
                yield "N" + opcode + "N" * n
    for opcode, size in SIZED.items():
        for n in range(size):
            yield "N" + opcode + "\1" * n
            yield "N" + opcode + "N" * n
        yield "N" + opcode + "N" * (size - 1) + "\x88"
        for last in "\0\x7f\x80":
            for length in "\0\1\2\x09":
                for text in ["", "a", "\xc3\xa9", "\xff", "abc", "\xed\xa0\x80", "abcdefgh\xff"]:
                    yield "N" + opcode + length + "\0" * (size - 2) + (last if size > 1 else "") + text
    for length in range(1, 9):
        for bad in range(length):
            text = "a" * bad + "\xff" + "a" * (length - bad - 1)
            yield "N\x8c" + chr(length) + text + "\x8c\x08abcdefgh"
    for opcode in LINES:
        for text in LINE_TEXTS:
            if opcode == "p" and text[:5] == "92233":
                continue  # Python has no memory for it
            yield "N" + opcode + text
            yield "N" + opcode + text + "\n"
            yield "N(" + opcode + text + "\n"


def canon(v):
    t = type(v)
    if v is None:
        return "N"
    if t is bool:
        return "T" if v else "F"
    if t is float:
        return "f" + struct.pack(">d", v).hex()
    if t is bytearray:
        return "a" + v.hex()
    if t is int:
        return f"i{v}"
    if t is str:
        return "s" + v.encode("utf-8", "surrogatepass").hex()
    if t is bytes:
        return "b" + v.hex()
    if t is list:
        return "[" + "".join(canon(x) + "," for x in v) + "]"
    if t is tuple:
        return "(" + "".join(canon(x) + "," for x in v) + ")"
    if t is dict:
        return "{" + "".join(canon(k) + ":" + canon(x) + "," for k, x in v.items()) + "}"
    if t is set:
        return "<" + "".join(sorted(canon(x) + "," for x in v)) + ">"
    if t is frozenset:
        return "|" + "".join(sorted(canon(x) + "," for x in v)) + "|"
    raise ValueError(v)


def want(data):
    try:
        v = pickle.loads(data)
    except Exception:  # of many types
        return "-"
    try:
        return canon(v)
    except ValueError:
        return "?"


def write(f, data):
    data = data.encode("latin-1")
    f.write(data.hex() + " " + want(data) + "\n")


with open(pathlib.Path(__file__).parent / "opcodes.txt", "w") as f:
    for text in [stack + opcode for stack in STACKS for opcode in OPCODES] + list(dict.fromkeys(operands())):
        for end in ENDS:
            write(f, text + end)
