"""Knowledge as bytes where it is large: named arrays and byte strings beside a small JSON head, each compressed."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.types import Json

_PREFIX = struct.Struct(">8sII")
"""Magic word, CRC-32 of all that follows, length of the head."""


def pack_blobs(magic: bytes, head: Json, blobs: Mapping[str, bytes]) -> bytes:
    """`magic` has eight bytes and names the format with its version. The same content gives the same bytes."""
    packed = {name: zlib.compress(blob, 1) for name, blob in blobs.items()}
    sizes = {name: len(blob) for name, blob in packed.items()}
    front = json.dumps([head, sizes], ensure_ascii=False, separators=(",", ":")).encode()
    body = front + b"".join(packed.values())
    return _PREFIX.pack(magic, zlib.crc32(body), len(front)) + body


def unpack_blobs(magic: bytes, data: bytes) -> tuple[Any, dict[str, bytes]]:
    """The head and the blobs. Whatever is wrong with the bytes is one ModelError."""
    name = magic.decode()
    if len(data) < _PREFIX.size or data[: len(magic)] != magic:
        raise ModelError(
            f"{name}: starts with {data[:8]!r}, so it is of another version; publish it again with `ltrr setup`"
        )
    _, crc, length = _PREFIX.unpack_from(data)
    body = memoryview(data)[_PREFIX.size :]
    if zlib.crc32(body) != crc:
        raise ModelError(f"{name}: damaged ({len(data)} bytes, checksum differs); publish it again with `ltrr setup`")
    try:
        head, sizes = json.loads(bytes(body[:length]))
        blobs, at = {}, length
        for blob, size in sizes.items():
            blobs[blob] = zlib.decompress(body[at : at + size])
            at += size
    except (zlib.error, ValueError, TypeError, AttributeError) as e:
        raise ModelError(f"{name}: unreadable ({e}); publish it again with `ltrr setup`") from e
    return head, blobs
