"""Bodies that a client packed, unpacked as far as we want to read them. Pure; what travels on is what came."""

from __future__ import annotations

import zlib

_WINDOWS = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}
"""`wbits` of zlib: with gzip's header, or zlib's."""


def readable(encoding: bytes | None) -> bool:
    return encoding is None or encoding.strip().lower() in _WINDOWS


def unpacked(raw: bytes, encoding: bytes | None, limit: int) -> bytes | None:
    """The plain body; None where it is longer than `limit`, damaged, or followed by something else."""
    if encoding is None:
        return raw
    reader = zlib.decompressobj(_WINDOWS[encoding.strip().lower()])
    try:
        plain = reader.decompress(raw, limit + 1)
    except zlib.error:
        return None
    return plain if reader.eof and not reader.unused_data and len(plain) <= limit else None
