"""Bad bodies of other kinds in well-framed requests: lines of an `_msearch`, sizes, compression, events."""

from __future__ import annotations

import gzip
import random
import zlib

import orjson

from tests.fuzz.case import JSON, Made, Place, request
from tests.fuzz.json_bodies import BYTES, MATCH, NDJSON, VALUES

LARGEST_SEARCH = 64 * 1024
"""Bytes; what the proxy under test reads of a search (`serve.max_search_kb`)."""


def lines(rng: random.Random, place: Place) -> Made:
    """`_msearch` bodies with lines missing, empty, doubled or of the wrong kind."""
    head = orjson.dumps(
        rng.choice(({}, {"index": place.index}, {"index": [place.index]}, {"index": 7}, {"index": "no-" + place.index}))
    )
    odd = (
        b"",
        b"{",
        b"[]",
        b"7",
        b"null",
        b'""',
        b"\xff",
        b" ",
        b"{}",
        head,
        b'{"query":' + MATCH + b"}",
        b"\r",
        b'{"index":',
        b'{"x":1}',
    )
    parts = [head, b'{"query":' + MATCH + b"}"] * rng.randrange(1, 4)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(parts) + 1)
        if rng.random() < 0.5 and parts:
            parts[at : at + 1] = [rng.choice(odd)]
        else:
            parts.insert(at, rng.choice(odd))
    end = rng.choice((b"\n", b"\n", b"\n", b"", b"\r\n", b"\n\n", b"\0"))
    body = rng.choice((b"\n", b"\n", b"\r\n")).join(parts) + end
    kind = rng.choice((NDJSON, NDJSON, JSON, b"Content-Type: text/plain"))
    target = rng.choice((f"/{place.index}/_msearch", f"/{place.index}/_msearch?max_concurrent_searches=x"))
    return Made(request("POST", target, (kind,), body))


def oversized(rng: random.Random, place: Place) -> Made:
    """Bodies about and beyond what we read of a search, whole and cut off; declared lengths that never come."""
    size = LARGEST_SEARCH + rng.choice((-200, -1, 0, 1, 200, 5_000, 100_000))
    pad = b" " * max(0, size - 40) if rng.random() < 0.5 else b""
    text = b"" if pad else b"a" * max(0, size - 40)
    body = b'{"query":{"match":{"title":"red%s"}}%s}' % (text, pad)
    route = rng.choice(("_search", "_search", "_count"))
    pick = rng.random()
    target = f"/{place.index}/{route}"
    if pick < 0.6:
        return Made(request("POST", target, (JSON,), body))
    if pick < 0.8:
        coded = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in _parts(body, rng)) + b"0\r\n\r\n"
        return Made(request("POST", target, (JSON, b"Transfer-Encoding: chunked"), coded, framed=False))
    declared = rng.choice((len(body) + 1, 10**9, 2**31, 2**40, 2**63 - 1))
    return Made(request("POST", target, (JSON, b"Content-Length: %d" % declared), body, framed=False), waits=True)


def _parts(body: bytes, rng: random.Random) -> list[bytes]:
    step = rng.choice((1_000, 7_000, 65_536))
    return [body[at : at + step] for at in range(0, len(body), step)]


def packed(rng: random.Random, place: Place) -> Made:
    """Compressed searches: cut off, followed by more, far larger than they look, or encoded other than they say."""
    plain = b'{"query":%s%s}' % (MATCH, b" " * rng.choice((0, 0, 0, 60_000, 70_000, 3_000_000)))
    body = rng.choice((gzip.compress(plain, mtime=0), zlib.compress(plain), zlib.compress(plain)[2:-4], plain))
    match rng.randrange(6):
        case 0:
            body = body[: rng.randrange(1, len(body))]
        case 1:
            body += rng.choice((b"\0", b"{}", gzip.compress(b"{}", mtime=0), body))
        case 2:
            at = rng.randrange(len(body))
            body = body[:at] + bytes([rng.randrange(256)]) + body[at + 1 :]
        case 3:
            body = gzip.compress(body, mtime=0)
    names = (
        b"gzip",
        b"gzip",
        b"deflate",
        b"GZIP",
        b"x-gzip",
        b"identity",
        b"br",
        b"gzip, gzip",
        b"",
        b"nothing",
        b"zstd",
    )
    encoding = b"Content-Encoding: " + rng.choice(names)
    route = rng.choice(("_search", "_search", "_count", "_msearch"))
    return Made(request("POST", f"/{place.index}/{route}", (JSON, encoding), body))


_EVENT = {"action_name": "click", "query_id": "q1", "event_attributes": {"object": {"object_id": "1"}}}


def events(rng: random.Random, place: Place) -> Made:
    """Posts of events that are none: wrong types, no JSON, odd methods, sizes and numbers."""
    event: dict[str, object] = dict(_EVENT)
    for name in rng.sample(("action_name", "query_id", "timestamp", "event_attributes", "message", "user_id", "x"), 2):
        event[name] = rng.choice(
            (*VALUES, {"object": []}, {"position": {"ordinal": -1}}, 10**18, "2026-13-01", "\0", "9" * 40)
        )
    raw = orjson.dumps(rng.choice((event, [event, 7], [[event]], event, None)))
    match rng.randrange(6):
        case 0:
            raw = raw[: rng.randrange(len(raw))]
        case 1:
            raw = raw.replace(b"click", rng.choice(BYTES))
        case 2:
            raw = b"[" * rng.choice((900, 2_000, 50_000))
        case 3:
            raw = b"\n".join([raw, rng.choice((b"{", b"\xff", b"NaN", b"", raw))] * rng.randrange(1, 9))
    method = "POST" if rng.random() < 0.9 else rng.choice(("PUT", "GET", "DELETE", "OPTIONS", "HEAD"))
    return Made(request(method, "/_ltrr/events", (rng.choice((JSON, b"Content-Type: text/plain", b"X: y")),), raw))
