"""Requests of which two readers may see different ends: smuggling, in five classes."""

from __future__ import annotations

import random

from tests.fuzz.case import CRLF, JSON, Made, Place, request, sound


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"


def both_lengths(rng: random.Random, place: Place) -> Made:
    """`Content-Length` beside `Transfer-Encoding`, in either order, the one or the other ending too soon."""
    method, target, body = sound(rng, place.index)
    hidden = place.hidden()
    coded = chunked(body) + hidden
    length = rng.choice((len(body), len(coded), len(chunked(body)), 0, 4, len(coded) + 7))
    headers = [b"Content-Length: %d" % length, rng.choice((b"Transfer-Encoding: ", b"transfer-encoding:")) + b"chunked"]
    rng.shuffle(headers)
    return Made(request(method, target, (JSON, *headers), coded, framed=False), waits=True)


def odd_lengths(rng: random.Random, place: Place) -> Made:
    """A length that is given twice, or is no plain number."""
    method, target, body = sound(rng, place.index)
    true = b"%d" % len(body)
    other = b"%d" % rng.randrange(len(body) + 60)
    spelled = rng.choice(
        (
            *(b"+" + true, b"-" + true, b"0x%x" % len(body), true + b".0", true + b"e0", b"", b" ", true + b" 7"),
            *(b"%s, %s" % (true, true), b"%s,%s" % (true, other), b"9" * 30, b"18446744073709551616", true + b";"),
            *(b"\x0b" + true, true + b"\xa0", b"\xd9\xa3", b"4_0", b"1" + b"0" * 19, b"NaN"),
        )
    )
    twice = rng.choice(((true, true), (true, other), (other, true), (b"0", true), (true, b"0")))
    lengths = twice if rng.random() < 0.5 else (spelled,)
    headers = [b"Content-Length: " + length for length in lengths]
    return Made(request(method, target, (JSON, *headers), body + place.hidden(), framed=False), waits=True)


def folded(rng: random.Random, place: Place) -> Made:
    """A header that goes on in the next line (obs-fold), or seems to."""
    method, target, body = sound(rng, place.index)
    fold = rng.choice((b"\r\n ", b"\r\n\t", b"\r\n  \t ", b"\n ", b"\r "))
    name, value = rng.choice(
        (
            (b"X-Opaque-Id", b"a%sb" % fold),
            (b"Transfer-Encoding", fold + b"chunked"),
            (b"Transfer-Encoding", b"chunked" + fold + b"identity"),
            (b"Content-Length", fold + b"%d" % len(body)),
            (b"Authorization", b"Basic" + fold + b"eA=="),
            (b"X-A", b"b" + fold + b"Transfer-Encoding: chunked"),
            (b"Accept", b"application/json," + fold + b"text/html"),
        )
    )
    raw = request(method, target, (JSON, name + b": " + value), body)
    return Made(raw if rng.random() < 0.8 else raw.replace(b"Host: x", b"Host:" + fold + b"x"), waits=True)


def bare_breaks(rng: random.Random, place: Place) -> Made:
    """Lines that end in a bare line feed or carriage return, all of them or one."""
    method, target, body = sound(rng, place.index)
    raw = request(method, target, (JSON, b"X-A: b"), body)
    head, _, rest = raw.partition(CRLF * 2)
    lines = head.split(CRLF)
    ends = [CRLF] * (len(lines) + 1)
    odd = rng.choice((b"\n", b"\r", b"\r\r\n", b"\n\r", b"\x0b\r\n", b"\x85", b"\n\n", b"\r\n\0"))
    for at in range(len(ends)) if rng.random() < 0.4 else [rng.randrange(len(ends))]:
        ends[at] = odd
    bad = b"".join(line + end for line, end in zip([*lines, b""], ends, strict=True))
    return Made(bad + rest + (place.hidden() if rng.random() < 0.3 else b""), waits=True)


_CODINGS = (
    *(b"xchunked", b"chunkedx", b"chunked, identity", b"identity, chunked", b"gzip, chunked", b"chunked, chunked"),
    *(
        b"chunked, gzip",
        b"\tchunked",
        b"chunked\t",
        b"chunked ;a=b",
        b"Chunked",
        b"CHUNKED",
        b"chu\x00nked",
        b"identity",
    ),
    *(b"", b",chunked", b"chunked,", b"\x0bchunked", b'"chunked"', b"chunked\xff", b"deflate", b" chunked", b"cHuNkEd"),
)
_SIZES = (
    *(b"0x%x", b"%x ", b" %x", b"+%x", b"-%x", b"%x\t", b"0000000000000000000%x", b"1%x", b"%x;", b"%xg"),
    *(b"ffffffffffffffff%x", b"8000000000000000%x", b"%x\n", b"%x\r", b"%x;\r\nx", b"%X", b"%x\0", b'%x;a="\r\n"'),
)


def codings(rng: random.Random, place: Place) -> Made:
    """Transfer codings that only seem to be chunked, and chunks that are not quite chunks."""
    method, target, body = sound(rng, place.index)
    names = rng.choice((b"Transfer-Encoding", b"transfer-encoding", b"TRANSFER-ENCODING"))
    if rng.random() < 0.5:
        headers = [names + b": " + rng.choice(_CODINGS)]
        if rng.random() < 0.3:
            headers.append(b"Transfer-Encoding: " + rng.choice((b"chunked", *_CODINGS)))
        coded = chunked(body)
    else:
        headers = [names + b": chunked"]
        coded = _odd_chunks(rng, body)
    raw = request(method, target, (JSON, *headers), coded + place.hidden(), framed=False)
    return Made(raw if rng.random() < 0.9 else raw.replace(b"HTTP/1.1", b"HTTP/1.0", 1), waits=True)


def _odd_chunks(rng: random.Random, body: bytes) -> bytes:
    size = rng.choice(_SIZES) % len(body)
    end = rng.choice((CRLF, b"\n", b"\r", b"", b"  \r\n"))
    after = rng.choice((CRLF, CRLF, b"\n", b"", b"xx\r\n"))
    trailers = rng.choice((b"", b"Content-Length: 7\r\n", b"X: y\r\n", b"Host: y\r\n", b"bad trailer\r\n", b"\n"))
    return size + end + body + after + b"0\r\n" + trailers + CRLF
