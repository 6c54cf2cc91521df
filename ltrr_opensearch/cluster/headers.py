"""Reading, thinning and making raw headers: pairs of bytes, names compared without case."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Container, Iterable

from ltrr_opensearch.settings import ClusterSettings
from ltrr_opensearch.types import Headers

HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"te",
        b"transfer-encoding",
        b"upgrade",
        b"http2-settings",
        b"expect",
    )
)
"""Headers of one connection (RFC 9110, 7.6.1). Authentication for a proxy stays: security plugins read it."""

_BREAKS = (b"\r", b"\n", b"\0")


def header(headers: Headers, name: bytes) -> bytes | None:
    """The first value of a header, by its lower-case name."""
    for key, value in headers:  # asked several times a request: a generator would cost twice this
        if key.lower() == name:
            return value
    return None


def without(headers: Headers, names: Container[bytes]) -> Headers:
    """All headers but those of these lower-case names, in their order."""
    return tuple((key, value) for key, value in headers if key.lower() not in names)


def onward(headers: Headers) -> Headers:
    """The headers that go beyond this connection: not the usual ones, nor those that `Connection` lists."""
    kept = tuple([pair for pair in headers if pair[0].lower() not in HOP_BY_HOP])
    if len(kept) == len(headers):
        return kept
    listed = b",".join([value for name, value in headers if name.lower() == b"connection"])
    return without(kept, {name.strip().lower() for name in listed.split(b",")}) if listed else kept


def head_bytes(first_line: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """First line and headers as they travel. A line break in any part is refused: it would begin another header."""
    lines = [first_line, *[name + b": " + value for name, value in headers]]
    head = b"\r\n".join(lines)
    if head.count(b"\r") != len(lines) - 1 or head.count(b"\n") != len(lines) - 1 or b"\0" in head:
        wrong = next(line for line in lines if any(mark in line for mark in _BREAKS))
        raise ValueError(f"a line break or zero byte in the first line or a header: {wrong[:80]!r}")
    return head + b"\r\n\r\n"


def is_signed(headers: Headers) -> bool:
    """Whether AWS SigV4 covers the request: with another body it would need another signature."""
    return (header(headers, b"authorization") or b"").startswith(b"AWS4-")


def own_account(cluster: ClusterSettings) -> Headers:
    """Credentials for our own indexes; never for what a client reads."""
    if not cluster.username or cluster.password is None:
        return ()
    pair = f"{cluster.username}:{cluster.password.get_secret_value()}"
    return ((b"authorization", b"Basic " + b64encode(pair.encode())),)
