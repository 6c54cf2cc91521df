"""Bad heads of requests: injected and oversized headers, odd request lines, targets that only look like others."""

from __future__ import annotations

import random
from urllib.parse import quote

from tests.fuzz.case import JSON, Made, Place, asked, request, sound

_BREAKS = (b"\r\n", b"\n", b"\r", b"\0", b"\x0b", b"\x0c", b"\x1f", b"\x7f", b"\xc2\x85", b"\xe5\x98\x8a\xe5\x98\x8d")
_NAMES = (b"X-Opaque-Id", b"X-LTRR-User", b"X-LTRR-Session", b"Authorization", b"securitytenant", b"Cookie", b"Host")


def injected(rng: random.Random, place: Place) -> Made:
    """Breaks and control characters in names and values of headers, and in values that come back in headers."""
    method, target, body = sound(rng, place.index)
    more = rng.choice((b"X-Injected: 1", b"Transfer-Encoding: chunked", b"Content-Length: 0", place.hidden()))
    pick = rng.random()
    if pick < 0.4:
        header = rng.choice(_NAMES) + b": a" + rng.choice(_BREAKS) + more
    elif pick < 0.7:
        names = (b"X A", b"X-A ", b" X-A", b"", b"X\0A", b"X\xffA", b"X(A)", b"Content-Length\t", b"Transfer-Encoding ")
        header = rng.choice(names) + rng.choice((b": ", b":", b"")) + b"b"
    else:
        value = "x" + rng.choice(("\r\n", "\n", "\r", "\0", "\u0085", "é", " ")) + "X-Injected: 1"
        body = b'{"query":{"match":{"title":"red"}},"ext":{"ubi":{"query_id":%s}}}' % _quoted(value)
        target += "?preference=" + quote(value)
        header = b"X-Opaque-Id: " + quote(value).encode()
    return Made(request(method, target, (JSON, header), body), waits=True)


def _quoted(text: str) -> bytes:
    return ('"' + "".join(c if " " < c < "\x7f" else f"\\u{ord(c):04x}" for c in text) + '"').encode()


def foreign_forms(rng: random.Random, place: Place) -> Made:
    """Targets in absolute, authority and asterisk form, and such as no client sends."""
    method, target, body = sound(rng, place.index)
    host = rng.choice(
        ("x", "elsewhere.example", "localhost:9200", "user:pw@x", "[::1]:9200", "", "127.0.0.1:1", "x:99999")
    )
    scheme = rng.choice(("http://", "https://", "HTTP://", "//", "ftp://", "http:", "http:///", "\\\\", "ws://"))
    whole = rng.choice(
        (
            *[f"{scheme}{host}{target}"] * 5,
            *(host, "*", "*/", "x:1", "", "@x" + target, ":1" + target, "?" + target, "#" + target, "." + target),
            *(target[1:], target + "#fragment", target + "?a#b", target + "#", f"/{place.index}#/_search"),
        )
    )
    method = rng.choice((method, method, "GET", "OPTIONS", "CONNECT", "HEAD"))
    return Made(request(method, whole, (JSON,), body), waits=True)


_TRICKS = (
    *("//{0}/_search", "/{0}//_search", "/./{0}/_search", "/x/../{0}/_search", "/{0}/../{0}/_search", "/{0}/_search/"),
    *(
        "/%2e/{0}/_search",
        "/x/%2e%2e/{0}/_search",
        "/{0}%2f_search",
        "/{0}/%5fsearch",
        "/{0}/_search%00",
        "/{0};a=b/_search",
    ),
    *("/{0}/_search;jsessionid=1", "/{0}/_search%20", "/ {0}/_search", "/{0}/_SEARCH", "/{1}/_search", "/{0}\\_search"),
    *("/{0}/_search?", "/{0}/_search??q=red", "/{0}/_search?q=red&q=shoe", "/{0}/_search?q=%ff", "/{0}/_search?q=%zz"),
    *(
        "/{0}/_search?q=%",
        "/{0}/_search?=red",
        "/{0}/_search?&&q=red",
        "/{0}/_search?q=red%00",
        "/{0}/_search?size=%31",
    ),
    *("/{0}/_search?q=red;size=1", "/{0}/_search?q=red+shoe", "/{0}/_search?q[]=red", "/{0},/_search", "/,{0}/_search"),
    *(
        "/{0},{0}/_search",
        "/{0}%2c{0}/_search",
        "/{0}*/_search",
        "/%3C{0}%3E/_search",
        "/-{0}/_search",
        "/{0},-{0}/_search",
    ),
    *(
        "/{0}/_search%0d%0aX:1",
        "/{0}%0a/_search",
        "/{0}/_msearch/",
        "//_msearch",
        "/{0}/_search/template",
        "/%2F{0}/_search",
    ),
    *(
        "/_ltrr/metrics",
        "/_ltrr/health/live",
        "/_ltrr",
        "/_ltrr/",
        "//_ltrr/events",
        "/_ltrr//events",
        "/_ltrr/events/",
    ),
    *(
        "/_ltrr/%65vents",
        "/_ltrr/events%2f",
        "/_ltrr/./events",
        "/_LTRR/events",
        "/_ltrr/explain/x",
        "/x/../_ltrr/metrics",
    ),
    *(
        "/_ltrr/events;x",
        "/%5fltrr/metrics",
        "/_ltrr%2fmetrics",
        "/_ltrr/admin",
        "/{0}\u00e9/_search",
        "/\u202e{0}/_search",
    ),
    *("/{0}\uff0f_search", "/\ufeff{0}/_search", "/{0}%c3%28/_search", "/{0}%c0%af_search", "/{0}%u002f_search", "/"),
)


def path_tricks(rng: random.Random, place: Place) -> Made:
    """Paths that are ours in one reading and not in another, also such as look like our own routes."""
    index = place.index
    spelled = "".join(f"%{ord(c):02x}" if rng.random() < 0.5 else c for c in index)
    target = rng.choice(_TRICKS).format(index, spelled)
    if rng.random() < 0.3:
        at = rng.randrange(1, len(target) + 1)
        target = (
            target[:at]
            + rng.choice(("%2e", "%2F", ";", "..", "/", "%00", "%25", "\u00a0", "é", "%", "?", "\\"))
            + target[at:]
        )
    method = rng.choice(("GET", "GET", "POST", "HEAD"))
    body = rng.choice((b"", b'{"query":{"match":{"title":"red"}}}'))
    raw_path = target.encode("utf-8") if rng.random() < 0.8 else target.encode("latin-1", "replace")
    return Made(request(method, raw_path, (JSON,), body), waits=" " in target)


def request_lines(rng: random.Random, place: Place) -> Made:
    """First lines that are no HTTP/1.1: other methods, versions, spaces, protocols, or nothing of the kind."""
    target = f"/{place.index}/_count"
    rest = b"\r\nHost: x\r\n\r\n"
    method = rng.choice(
        ("GET", "FOO", "get", "", "G\0T", "GET\t", "PROPFIND", "TRACE", "PATCH", "SEARCH", "\u00e9", "Q" * 300)
    )
    version = rng.choice(
        (
            "HTTP/1.1",
            "HTTP/1.0",
            "HTTP/0.9",
            "HTTP/2.0",
            "HTTP/9.9",
            "HTTP/1.10",
            "HTTP/11",
            "http/1.1",
            "HTTP/1.",
            "",
            "XTTP/1.1",
        )
    )
    gap = rng.choice((" ", "  ", "\t", "\u00a0", "\0", " x "))
    line = f"{method} {target}{gap}{version}".encode()
    odd = (
        *(
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + rng.randbytes(40) + rest,
            rng.randbytes(rng.randrange(1, 200)) + rest,
        ),
        *(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET " + target.encode() + b"\r\n\r\n", rest, b"\r\n\r\n" * 3),
        *(b"GET " + target.encode() + b" HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"{}\r\n\r\n"),
    )
    hops = (
        *(b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n",),
        *(b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: eA==\r\n", b"Expect: 100-continue\r\n"),
        *(
            b"Expect: 200-maybe\r\n",
            b"Connection: close, host\r\n",
            b"TE: trailers\r\n",
            b"Host: y\r\n",
            b"Connection: \xff\r\n",
        ),
    )
    if rng.random() < 0.3:
        sound_line = f"GET {target} HTTP/1.1\r\nHost: x\r\n".encode()
        return Made(sound_line + rng.choice(hops) + b"\r\n", waits=True)
    return Made(line + rest if rng.random() < 0.7 else rng.choice(odd), waits=True)


def oversized_heads(rng: random.Random, place: Place) -> Made:
    """One header, all headers together, their number or the target past what the node takes, or just below."""
    method, target, body = sound(rng, place.index)
    size = rng.choice((3_000, 3_900, 4_200, 7_000, 9_000, 15_000, 17_000, 40_000, 70_000, 200_000))
    pick = rng.random()
    if pick < 0.3:
        return Made(asked(method, f"{target}?preference={'p' * size}", body))
    if pick < 0.6:
        return Made(asked(method, target, body, (b"X-Long: " + b"a" * size,)))
    if pick < 0.8:
        return Made(asked(method, target, body, [b"X-%d: a" % n for n in range(size // 10)]))
    if pick < 0.9:
        return Made(asked(method, target, body, (b"X" * size + b": a",)))
    return Made(asked(method, target, body, (b"Authorization: Basic " + b"e" * size, b"X-Opaque-Id: " + b"o" * 300)))
