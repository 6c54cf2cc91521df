"""Clients that send slowly or not at all: heads without an end, a byte at a time, bodies that stop."""

from __future__ import annotations

import random

JSON = b"Content-Type: application/json\r\n"


def begin(rng: random.Random, index: str) -> tuple[bytes, bytes]:
    """What is sent at once, and what then goes out byte by byte until the other side has had enough."""
    line = rng.choice((b"GET", b"POST", b"PUT")) + f" /{index}/_search HTTP/1.1\r\n".encode()
    length = rng.choice((100, 5_000, 10**6, 10**9))
    match rng.randrange(6):
        case 0:
            return line[: rng.randrange(1, len(line))], b""
        case 1:
            return line + b"Host: x\r\nX-Slow: ", b"a" * 1_000
        case 2:
            return line + b"Host: x\r\n", b"".join(b"X-%d: a\r\n" % n for n in range(200))
        case 3:
            return line + b"Host: x\r\n" + JSON + b"Content-Length: %d\r\n\r\n" % length, b""
        case 4:
            chunked = line + b"Host: x\r\n" + JSON + b"Transfer-Encoding: chunked\r\n\r\n"
            return chunked + rng.choice((b"", b"5", b"5\r\n{", b"ffff\r\n{")), b""
        case _:
            part = b'{"query":{"match":{"title":"red"'
            return line + b"Host: x\r\n" + JSON + b"Content-Length: %d\r\n\r\n" % length + part, b""
