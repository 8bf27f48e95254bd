"""Streams for zlib, and what Python's zlib makes of them, a line each.

    python3 -c "import zlib_streams; zlib_streams.make()" SEED COUNT
    python3 -c "import zlib_streams; zlib_streams.check()" < LINES
"""

import json
import random
import sys
import zlib

STRATEGIES = [zlib.Z_DEFAULT_STRATEGY, zlib.Z_FILTERED, zlib.Z_HUFFMAN_ONLY, zlib.Z_RLE, zlib.Z_FIXED]


def text(pick):
    """A payload: a session with a cart, a run, a period, skewed bytes, or noise."""
    kind, size = pick.randrange(8), pick.choice([0, 1, 3, 20, 200, 200, 1000, 4000])
    if kind < 4:
        words = "blue mug set large steel olive cup oak lamp small".split()
        items = [
            {"sku": pick.randrange(10**8), "title": " ".join(pick.choices(words, k=3)), "price": pick.randrange(9999) / 100}
            for _ in range(size // 60)
        ]
        return json.dumps({"_auth_user_id": str(pick.randrange(10**4)), "cart": items}).encode()
    if kind == 4:
        return bytes([pick.randrange(256)]) * size
    if kind == 5:
        return (pick.randbytes(pick.randrange(1, 20)) * size)[:size]
    if kind == 6:
        return bytes(min(255, int(pick.expovariate(0.15))) for _ in range(size))
    return pick.randbytes(size)


def stream(pick):
    """A stream as zlib writes it at some level, of one or several blocks."""
    data = text(pick)
    z = zlib.compressobj(pick.randrange(10), zlib.DEFLATED, pick.randrange(9, 16), pick.randrange(1, 10), pick.choice(STRATEGIES))
    out = bytearray()
    for i in range(pick.choice([1, 1, 1, 2, 4])):
        out += z.compress(data) + z.flush(pick.choice([zlib.Z_NO_FLUSH, zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH]))
        data = text(pick)
    return out + z.flush()


def mutate(pick, z):
    """Damage the stream: usually its beginning, which has the codes of a block, and sometimes its header."""
    kind = pick.randrange(11)
    if kind < 5:
        for _ in range(pick.choice([1, 1, 2, 5])):
            at = pick.randrange(2, min(len(z), pick.choice([20, 100, 10**6])))
            z[at] ^= 1 << pick.randrange(8)
    elif kind == 5:
        z[pick.randrange(len(z))] = pick.randrange(256)
    elif kind == 6:
        del z[pick.randrange(len(z)) :]
    elif kind == 7:
        z += pick.randbytes(pick.randrange(1, 20))
    elif kind == 8:
        at = pick.randrange(2, len(z))
        z[at : at + pick.randrange(1, 4)] = pick.randbytes(pick.randrange(4))
    elif kind == 9:
        z[2:] = pick.randbytes(pick.randrange(40))
    else:
        z[0] ^= 1 << pick.randrange(8)
        if pick.random() < 0.5:  # and make the two bytes a multiple of 31 again
            z[1] = z[1] & 0xE0 | 31 - (z[0] << 8 | z[1] & 0xE0) % 31
    return z


def mend(z):
    """Correct the checksum of what is a stream otherwise, and cut the rest off."""
    raw = zlib.decompressobj(-15)
    try:
        content = raw.decompress(bytes(z[2:]))
    except zlib.error:
        return z
    if not raw.eof:
        return z
    return z[: len(z) - len(raw.unused_data)] + zlib.adler32(content).to_bytes(4, "big")


def verdict(z):
    try:
        return "ok " + zlib.decompress(z).hex()
    except zlib.error as err:
        return str(err)


def make():
    """Print streams in hexadecimal, each with a tab and what zlib says to it."""
    pick = random.Random(sys.argv[1])
    for _ in range(int(sys.argv[2])):
        z = stream(pick)
        if pick.random() < 0.9:
            z = mutate(pick, z)
        if pick.random() < 0.6:
            z = mend(z)
        print(z.hex(), verdict(bytes(z)), sep="\t")


def check():
    """Read streams and their contents in hexadecimal, and report what zlib reads otherwise."""
    for n, line in enumerate(sys.stdin):
        z, content = line.rstrip("\n").split("\t")
        if (got := verdict(bytes.fromhex(z))) != "ok " + content:
            print(f"stream {n}: {got[:200]}")
    print("checked")
