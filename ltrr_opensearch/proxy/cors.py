"""Which web pages may post events to us: cross-origin requests, as https://fetch.spec.whatwg.org has them. Pure."""

from __future__ import annotations

from collections.abc import Collection

from ltrr_opensearch.types import Answer, Headers

_REMEMBERED_S = b"600"
_ANY = "*"


def allowed(origin: bytes | None, origins: Collection[str]) -> Headers:
    """Headers that let a page of this origin read our answer; none where it may not, or no page asks.

    Never with credentials: the route needs none.
    """
    if origin is None or not origins:
        return ()
    vary = (b"vary", b"Origin")
    if _ANY in origins:
        return ((b"access-control-allow-origin", b"*"),)
    if origin.decode("latin-1") not in origins:
        return (vary,)
    return ((b"access-control-allow-origin", origin), vary)


def preflight(origin: bytes | None, origins: Collection[str]) -> Answer:
    """The answer to `OPTIONS`, by which a browser asks before it posts JSON."""
    granted = allowed(origin, origins)
    if not any(name == b"access-control-allow-origin" for name, _ in granted):
        return Answer(204, ((b"allow", b"POST, OPTIONS"), *granted), b"")
    asked = (
        (b"access-control-allow-methods", b"POST"),
        (b"access-control-allow-headers", b"content-type"),
        (b"access-control-max-age", _REMEMBERED_S),
    )
    return Answer(204, ((b"allow", b"POST, OPTIONS"), *granted, *asked), b"")
