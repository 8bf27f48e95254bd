"""Writes the test data of package pyjson: what CPython's json reads and writes.

    python3 generate.py [FOLDER]

The folder defaults to this one. All CPython releases from 3.8 on write the same files. The files:

texts.jsonl    [text, redump]: text as latin-1, what json.loads and json.dumps make of it, null if json.loads refuses it
strings.jsonl  the same for json.loads of a str; text holds its UTF-8 bytes (surrogatepass) as latin-1
floats.txt     the bits of a float in hexadecimal and its repr in JSON
dicts.jsonl    [[[type, text of the key], ...], the dict as JSON, each key's value being its place]
digests.txt    name and SHA-256 of texts too long to keep; see digests()
"""

import hashlib
import json
import random
import struct
import sys
from pathlib import Path

# Of the methods of random only getrandbits and random give the same on every release.
rng = random.Random(20240229)


def below(n):
    return int(rng.random() * n)


def pick(items):
    return items[below(len(items))]


def dumps(value):
    return json.dumps(value, separators=(",", ":"))


def redump(text):
    try:
        return dumps(json.loads(text))
    except ValueError:
        return None


# fmt: off
BY_HAND = [
    # Numbers.
    *"0 -0 1 -1 00 01 -01 1. 1.e1 .5 -.5 +1 - -- --1 1e 1E 1e+ 1e- 1e5 1E5 1e+5 1e-5 1E05 1e005 0e0 0E-0 -0.0 -0e0 0.0".split(),
    *"1.0 1.5 100 1e1.5 1.5.5 0x10 0b1 0o7 1_000 1,0 1e400 -1e400 1e-400 -1e-400 1e308 1.8e308 5e-324 2e-324 3e-324".split(),
    *"9007199254740993 9007199254740993.0 9223372036854775807 9223372036854775808 -9223372036854775808".split(),
    *"-9223372036854775809 18446744073709551616 123456789012345678 1234567890123456789 99999999999999999999".split(),
    *"0e999999999999999999999 1e999999999999999999999 1e-99999999999999999999 1e99999 1e00000000000000000005".split(),
    *"0.1e-999999999 123456789.123456789e-000003 1e23 8.5e22 1e22 1e16 1e15 123456789012345680.0 0.0001 0.00001".split(),
    "9" * 4300, "-" + "9" * 4300, "9" * 4301, "-" + "9" * 4301, "[" + "1" * 4301 + "]", "9" * 4301 + ".0",
    "1" * 5000 + "e-5000",
    "0." + "0" * 12000 + "1e12001", "-0." + "0" * 12000 + "25e12002", "1" + "0" * 12000 + "e-12000",
    "1" + "0" * 12000 + ".5e-11000",
    "0." + "0" * 12000 + "1e1000000", "1" + "0" * 400 + "e-0000000400", "0.000e0001000000", "12.5e-0000001",
    "2.4703282292062327208299493256768e-324", "2.4703282292062327208e-324", "2.47032822920623272089e-324",
    "1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308",
    "9007199254740992.99999999999999999999999",
    # Words.
    *"null true false NaN Infinity -Infinity -NaN +NaN +Infinity nul nulL None True nan inf -I -Infinit -infinity".split(),
    *"Infinit INFINITY N Na t f tru truex nullnull nullx NaNx Infinity1 -Infinity- [NaN,Infinity,-Infinity] undefined".split(),
    # Strings.
    '""', '"a"', "'a'", '"a', 'a"', '"', '"\\', '"\\"', '"\\u', '"\\u1', '"\\u12', '"\\u123', '"\\u1234', '"\\u12"',
    '"\\u123"', '"\\u1234"',
    '"\\\\"', '"\\/"', '"/"', '"\\b\\f\\n\\r\\t"', '"\\a"', '"\\v"', '"\\0"', '"\\x41"', '"\\U0041"', "\"\\'\"",
    '"\\u12G4"', '"\\u+123"',
    '"\\u 123"', '"\\u0x1"', '"\\u1_23"', '"\\u-123"', '"\\uABCD"', '"\\uabcd"', '"\\uAbCd"', '"\\u0000"', '"\\u0041"',
    '"\\u007f"', '"\\u007F"',
    '"\\u0080"', '"\\u00ff"', '"\x7f"', '"\x80"', '"\xff"', '"\xe9t\xe9"', '"\xc3\xa9"', '"\xed\xa0\xbd"', '"\t"',
    '"\n"', '"\x00"', '"\x1f"', '"\x20"',
    '"<script>&\'</script>"', '"\\ud83d\\ude00"', '"\\uD83D\\uDE00"', '"\\ud83D\\uDe00"', '"\\ud83d"', '"\\ude00"',
    '"\\ude00\\ud83d"',
    '"\\ud83d\\ud83d\\ude00"', '"\\ud83d\\ude00\\ude00"', '"\\ud83d\\u0041"', '"\\ud83dx"', '"\\ud83d\xe9"',
    '"\\ud83d\\n"', '"\\ud83d\\\\ude00"',
    '"\\ud83d\\u12"', '"\\ud83d\\uzzzz"', '"\\ud83d\\ude0"', '"\\ud83d', '"\\ud83d\\', '"\\ud83d\\u', '"\\ud83d\\ude00',
    '"\\udbff\\udfff"',
    '"\\ud800\\udc00"', '"\\udbff\\ue000"', '"\\ud7ff\\udc00"', '"\\udc00\\udc00"', '"1234567\\"', '"12345678\\"',
    '"1234567"', '"12345678"',
    '"123456789"', '"1234567\t"', '"12345678\t"', '"aaaaaaa\\u00e9aaaaaaaa\\n"', '"aaaaaaaaaaaaaaaa\xe9"',
    '"\xe9aaaaaaaaaaaaaaaa"',
    # Space.
    "", " ", "\n", " 1", "1 ", " \t\n\r1 \t\n\r", "\x0b1", "\x0c1", "1\x0c", "\xa01", "1\xa0", "\x851", "\x001",
    "1\x00", "\xef\xbb\xbf1", "\xfe\xff1",
    "1 2", "1,", ",1", "[1]]", "{}{}", "{} {}", "[] 1", "//x\n1", "1 // x", "/* */1", "# x",
    # Containers.
    "[]", "[ ]", "{}", "{ }", "[", "]", "{", "}", "[}", "{]", "[1", "[1,", "[1,]", "[,]", "[,1]", "[1,,2]", "[1 2]",
    "[1;2]", "[ 1 , 2 ]", "[\n1\t,\r2\n]",
    "[[[]]]", "[[],[]]", "[[],{}]", "[[}", "[[]", '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', '{"a":}', '{"a"}',
    '{"a" 1}', '{"a",1}', '{"a":1 "b":2}',
    '{"a":1;"b":2}', "{,}", '{,"a":1}', "{1:2}", "{null:2}", "{a:1}", "{'a':1}", '{"a"::1}', '{ "a" : 1 }',
    '\n{\n"a"\n:\n1\n,\n"b"\n:\n2\n}\n', '{"":""}',
    '{"\\u0061":1,"a":2}', '{"a":1,"a":2}', '{"a":1,"b":2,"a":3}', '{"a":{"b":1,"b":2},"a":3}',
    '{"a":[],"b":1,"a":{"c":1,"c":[2]}}', '{"\xe9":1,"\\u00e9":2}',
    '{"\\ud83d":1,"\\ud83d\\ude00":2}', '{"a":1}x', '{"a":[}', '{"a":[1,2}', '{"a":{"b":1}', '[{"a":1},{"a":2}]',
    '{"a":-}', '{"a":01}', '{"a":1.}',
    '{"x":1E5,"y":-0,"z":"\\u0041","w":1.0,"v":-0.0,"u":1e400,"t":NaN}', '{"a":nul}', '{"a":"\t"}', '{"a\t":1}',
    '{"a\\x":1}', '{"a":"\\x"}',
    *["[" * n + "]" * n for n in (2, 63, 64, 65, 100, 400)], "[" * 400, "]" * 400, "[" * 100 + "1" + "]" * 101,
    '{"":' * 300 + "1" + "}" * 300,
    '{"":[' * 40 + '"\\u00e9\xe9",NaN' + "]}" * 40,
    # Sessions.
    '{"_auth_user_id":"1","_auth_user_backend":"django.contrib.auth.backends.ModelBackend","_auth_user_hash":"8f6b2f0c9f"}',
    '{"cart":{"items":[{"sku":"A-1","qty":2,"price":19.99},{"sku":"B\\u00e9","qty":1,"price":5.0}]},"_session_expiry":300}',
]
# fmt: on


def character():
    kind = below(12)
    if kind < 7:
        return chr(0x20 + below(0x5F))
    if kind == 7:
        return chr(below(0x20))
    if kind == 8:
        return chr(0x7F + below(0x81))
    if kind == 9:
        return chr(0xD800 + below(0x800))
    if kind == 10:
        return chr(0x10000 + below(0x100000))
    return chr(below(0x10000))


def string():
    return "".join(character() for _ in range(below(pick([2, 9, 18, 40]))))


def finite_or_not():
    return struct.unpack(">d", struct.pack(">Q", rng.getrandbits(64)))[0]


def number():
    kind = below(8)
    if kind < 3:
        return below(300) - 100
    if kind == 3:
        return rng.getrandbits(1 + below(200)) * pick([1, -1])
    if kind == 4:
        return finite_or_not()
    if kind == 5:
        return (below(20001) - 10000) / 100
    if kind == 6:
        return float(rng.getrandbits(1 + below(70)))
    return pick([0.0, -0.0, float("inf"), float("-inf"), float("nan"), 1e16, 1e-5, 2**63, -(2**63), 2**63 - 1])


def value(depth):
    kind = below(10)
    if kind < 3 or depth == 0 and kind < 5:
        return number()
    if kind < 5 or depth == 0 and kind < 8:
        return string()
    if depth == 0 or kind == 9:
        return pick([None, True, False])
    if kind < 7:
        return [value(depth - 1) for _ in range(below(5))]
    return {string(): value(depth - 1) for _ in range(below(pick([3, 6, 14])))}


def with_space(text):
    """Puts space around every token of text."""
    out, quoted, escaped = [], False, False
    for c in text:
        space = pick(["", "", " ", "\n", "\t", "\r", " \r\n"])
        if not quoted and c in '[]{},:"':
            out.append(space)
        if not quoted and c in "]}":
            space = ""
        out.append(c)
        if quoted:
            quoted = escaped or c != '"'
            escaped = c == "\\" and not escaped
        elif c == '"':
            quoted = True
        if not quoted and c in "[]{},:":
            out.append(space)
    return "".join(out)


def mutated(text):
    """Changes text in one or two places, so that it is valid by chance."""
    for _ in range(1 + below(2)):
        at = below(len(text) + 1)
        kind = below(5)
        if kind == 0:
            text = text[:at] + text[at + 1 :]
        elif kind == 1:
            text = text[:at] + pick('[]{},:"\\0123456789.eE+-utfnNI \n\t\x00\x1f\x7f\x80\xa0\xe9\xff/') + text[at:]
        elif kind == 2:
            text = text[:at] + pick('[]{},:"\\019.eE+-u \n\xff') + text[at + 1 :]
        elif kind == 3:
            text = text[:at]
        else:
            to = below(len(text) + 1)
            text = text[: min(at, to)] + text[max(at, to) :]
    return text


def texts():
    yield from BY_HAND
    bases = [text for text in BY_HAND if 0 < len(text) < 200]
    for n in range(1100):
        top = {string(): value(3) for _ in range(below(12))} if n % 5 < 3 else value(4)
        text = json.dumps(top, ensure_ascii=n % 3 != 0)
        # What latin-1 has stands as a byte in every third text.
        text = "".join(c if ord(c) < 256 else json.dumps(c)[1:-1] for c in text)
        if n % 2:
            text = with_space(text)
        if len(text) < 600:
            bases.append(text)
            yield text
    for _ in range(2800):
        yield mutated(pick(bases))


def boundaries():
    """The code points at which an encoding changes, and their neighbours."""
    edges = "8 9 a c d 20 22 27 2f 5c 7f 80 a0 ff 100 7ff 800 fff 1000 2028 2029 d7ff d800 dbff dc00 dfff e000"
    edges += " feff fffd fffe ffff 10000 1f600 10ffff"
    edges = {int(edge, 16) for edge in edges.split()}
    edges.update(range(0, 0x10000, 0x400), range(0x10000, 0x110000, 0x10000), range(0x20), range(0x7F, 0xA1))
    return sorted({c for e in edges for c in (e - 1, e, e + 1) if 0 <= c < 0x110000})


def strings():
    for c in boundaries():
        yield '"' + chr(c) + '"' if c >= 0x20 and chr(c) not in '"\\' else json.dumps(chr(c))
    yield from (
        "\ufeff1",
        "\u0661",
        "\uff11",
        "\u20281",
        "1\u3000",
        '"\\ud83d\ude00"',
        '"\ud83d\\ude00"',
        '"\ud83d\ude00"',
        '{"\u00e9":"\u20ac"}',
        '{"\ud800":1,"\\ud800":2}',
    )
    for _ in range(400):
        yield json.dumps(value(3), ensure_ascii=False)


def floats():
    values = [2.0**n for n in range(-1074, 1024, 7)] + [10.0**n for n in range(-30, 31)]
    values += [n / 10 for n in range(-20, 20)] + [0.1 + 0.2, 1 / 3, 2 / 3]
    edges = "1e15 9999999999999998 1e16 10000000000000002 123456789012345678 0.0001 0.00009999999999999999 5e-324"
    edges += " 2.2250738585072014e-308 2.225073858507201e-308 1.7976931348623157e308"
    edges += " 9007199254740991 9007199254740992 9007199254740994"
    values += map(float, edges.split())
    values += [-v for v in values]
    kinds = [
        finite_or_not,
        rng.random,
        lambda: rng.random() * 10.0 ** below(25),
        lambda: round(rng.random() * 1000, below(5)),
    ]
    while len(values) < 3000:
        values.append(pick(kinds)())
    return values + [float("inf"), float("-inf"), float("nan")]


def digests():
    yield "each code point as a string of its own, in a list", dumps([chr(c) for c in range(0x110000)])
    yield "every code point in one string", dumps("".join(map(chr, range(0x110000))))
    yield "every power of two as a float", dumps([2.0**n for n in range(-1074, 1024)])


KEYS = {
    "str": str,
    "int": int,
    "float": float,
    "bool": lambda text: text == "true",
    "None": lambda text: None,
}

DICTS = [
    [("str", "a"), ("str", ""), ("str", 'a\u00e9"\\\n')],
    [
        ("int", n)
        for n in "0 -1 9223372036854775807 -9223372036854775809 10000000000000000000000000000000000000000".split()
    ],
    [("float", x) for x in "1.0 1.5 -0.0 1e16 1e-5 inf -inf nan".split()],
    [("bool", "true"), ("bool", "false"), ("None", "")],
    [("int", "1"), ("str", "1"), ("float", "1.5"), ("str", "1.5")],
    [("None", ""), ("str", "null"), ("bool", "false"), ("str", "false")],
    [("int", "1"), ("bool", "true"), ("float", "1.0")],
    [("bool", "true"), ("int", "1")],
    [("float", "0.0"), ("float", "-0.0"), ("bool", "false")],
    [("float", "1e20"), ("int", "100000000000000000000")],
    [("int", "9" * 4300)],
]


def dicts():
    for keys in DICTS:
        yield keys, {KEYS[kind](text): place for place, (kind, text) in enumerate(keys)}


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)

    def write(name, lines):
        (folder / name).write_text("".join(line + "\n" for line in lines), encoding="ascii")

    write("texts.jsonl", (dumps([text, redump(text)]) for text in dict.fromkeys(texts())))
    write(
        "strings.jsonl",
        (
            dumps([text.encode("utf-8", "surrogatepass").decode("latin-1"), redump(text)])
            for text in dict.fromkeys(strings())
        ),
    )
    write("floats.txt", (struct.pack(">d", v).hex() + " " + dumps(v) for v in floats()))
    write("dicts.jsonl", (dumps([keys, dumps(d)]) for keys, d in dicts()))
    write("digests.txt", (hashlib.sha256(text.encode("ascii")).hexdigest() + "  " + name for name, text in digests()))


if __name__ == "__main__":
    main()
