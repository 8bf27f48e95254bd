"""Writes streams.txt: a zlib stream a line, in hexadecimal, with what Python's zlib says to it.

    python3 streams.py > streams.txt
"""

import zlib

# The order of the code lengths in a dynamic block.
ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
FINAL, FIXED, DYNAMIC = 1, 1, 2
END = 256
ALL_LENGTHS = [4] * 16 + [0] * 3  # a code for the code lengths 0 to 15


class Stream:
    """Bits, the first one first."""

    def __init__(self):
        self.bits = []

    def number(self, value, size):
        self.bits += [value >> i & 1 for i in range(size)]
        return self

    def code(self, value, size):
        self.bits += [value >> i & 1 for i in reversed(range(size))]
        return self

    def block(self, kind):
        return self.number(FINAL, 1).number(kind, 2)

    def codes(self, literals, dists, lengths, precode=ALL_LENGTHS):
        """Begins a dynamic block. A repeated length is a tuple: symbol, number, bits of the number."""
        self.block(DYNAMIC).number(literals - 257, 5).number(dists - 1, 5).number(15, 4)
        for symbol in ORDER:
            self.number(precode[symbol], 3)
        code = canonical(precode)
        for length in lengths:
            if isinstance(length, tuple):
                self.code(*code[length[0]]).number(*length[1:])
            else:
                self.code(*code[length])
        return self

    def zlib(self, content=None):
        bits = self.bits + [0] * (-len(self.bits) % 8)
        data = bytes(sum(bits[i + j] << j for j in range(8)) for i in range(0, len(bits), 8))
        check = bytes(8) if content is None else zlib.adler32(content).to_bytes(4, "big")
        return b"\x78\x9c" + data + check


def canonical(lengths):
    codes, code = {}, 0
    for size in range(1, 16):
        for symbol, length in enumerate(lengths):
            if length == size:
                codes[symbol] = (code, size)
                code += 1
        code <<= 1
    return codes


def lengths(size, **of):
    """Code lengths of 0, but for the symbols named s1, s2 ..."""
    found = [0] * size
    for symbol, length in of.items():
        found[int(symbol[1:])] = length
    return found


def streams():
    fixed = Stream().block(FIXED)
    yield bytes.fromhex("789d0300")  # headers
    yield bytes.fromhex("77850300")
    yield bytes.fromhex("88980300")
    yield bytes.fromhex("78bb00000001")
    yield bytes.fromhex("789c0700")  # the kind of a block
    yield bytes.fromhex("789c0101000000")  # a stored block
    yield bytes.fromhex("789c0100000000ffff00000001")  # with a wrong complement
    yield bytes.fromhex("789c010000ffff00000001")
    yield bytes.fromhex("789cfdff000000000000")  # too many codes
    yield bytes.fromhex("789c1b03000000")  # a symbol that the fixed code has and nothing uses
    yield bytes.fromhex("789c03020000000000")  # nothing to go back to
    yield bytes.fromhex("789c030000000002")  # checksums
    yield bytes.fromhex("789c0300000000")
    yield bytes.fromhex("789c030000000001")
    yield fixed.code(0x30 + ord("a"), 8).code(1, 7).code(30, 5).zlib()  # as above, for distances

    # Codes for code lengths.
    yield Stream().codes(257, 1, [], lengths(19, s0=1, s1=1, s2=1)).zlib()
    yield Stream().codes(257, 1, [], lengths(19, s0=2, s1=2)).zlib()
    yield Stream().codes(257, 1, [], lengths(19, s0=1)).zlib()
    yield Stream().codes(257, 1, [], lengths(19)).zlib()
    # Repeated code lengths.
    yield Stream().codes(257, 1, [(16, 0, 2)], lengths(19, s0=1, s16=1)).zlib()
    yield Stream().codes(257, 1, [(18, 127, 7), (18, 127, 7)], lengths(19, s0=1, s18=1)).zlib()
    # Codes for literals.
    yield Stream().codes(257, 1, lengths(257, s0=1, s1=1) + [0]).zlib()
    yield Stream().codes(257, 1, lengths(257, s0=1, s1=1, s256=1) + [0]).zlib()
    yield Stream().codes(257, 1, lengths(257, s0=2, s256=2) + [0]).zlib()
    yield Stream().codes(257, 1, lengths(257, s256=2) + [0]).zlib()
    # Codes for distances.
    yield Stream().codes(257, 3, lengths(257, s0=1, s256=1) + [1, 1, 1]).zlib()
    yield Stream().codes(257, 1, lengths(257, s0=1, s256=1) + [2]).zlib()
    # Codes of one bit that leave the other pattern unused, and no code at all.
    yield Stream().codes(257, 1, lengths(257, s256=1) + [0]).code(0, 1).zlib(b"")
    yield Stream().codes(257, 1, lengths(257, s256=1) + [0]).code(1, 1).zlib(b"")
    runs = lengths(258, s97=1, s256=2, s257=2)
    yield Stream().codes(258, 1, runs + [1]).code(0, 1).code(3, 2).code(0, 1).code(2, 2).zlib(b"aaaa")
    yield Stream().codes(258, 1, runs + [1]).code(0, 1).code(3, 2).code(1, 1).code(2, 2).zlib(b"aaaa")
    yield Stream().codes(258, 1, runs + [0]).code(0, 1).code(3, 2).code(0, 1).code(2, 2).zlib(b"aaaa")
    # The longest codes.
    long = lengths(257, **{f"s{97 + i}": i + 1 for i in range(14)}, s256=15, s120=15)
    yield Stream().codes(257, 1, long + [0]).code(0x7FFE, 15).code(0x7FFF, 15).zlib(b"x")


for stream in streams():
    try:
        verdict = "ok " + zlib.decompress(stream).hex()
    except zlib.error as error:
        verdict = str(error).removeprefix("Error -3 while decompressing data: ")
    print(stream.hex(), verdict)
