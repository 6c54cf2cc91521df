"""Knowledge as bytes: a magic word, a CRC, a compressed JSON head and an optional half-precision matrix.

Whatever is wrong with the bytes ends in one ModelError, so that a loader has one thing to catch.
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

import numpy as np

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.types import Json, Matrix

_PREFIX = struct.Struct(">8sI")
"""Magic word, CRC-32 of all that follows."""
_SHAPE = struct.Struct(">III")
"""Length of the head, rows and columns of the matrix."""


def pack(magic: bytes, head: Json, matrix: Matrix | None = None) -> bytes:
    """`magic` has eight bytes and names the format with its version."""
    packed = zlib.compress(json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode())
    rows, columns = matrix.shape if matrix is not None else (0, 0)
    tail = b"" if matrix is None else matrix.astype("<f2").tobytes()
    return seal(magic, _SHAPE.pack(len(packed), rows, columns) + packed + tail)


def unpack(magic: bytes, data: bytes) -> tuple[Any, Matrix]:
    """The head, and the matrix as 32-bit floats."""
    body = opened(magic, data, _SHAPE.size)
    length, rows, columns = _SHAPE.unpack_from(body)
    end = _SHAPE.size + length
    try:
        head = json.loads(zlib.decompress(body[_SHAPE.size : end]))
    except (zlib.error, ValueError) as e:
        raise ModelError(
            f"{magic.decode()}: unreadable ({e}); publish it again with `ltrr learn` or `ltrr setup`"
        ) from e
    matrix = np.frombuffer(body, dtype="<f2", offset=end).reshape(rows, columns).astype(np.float32)
    return head, matrix


def seal(magic: bytes, body: bytes) -> bytes:
    """The body behind its magic word and checksum."""
    return _PREFIX.pack(magic, zlib.crc32(body)) + body


def opened(magic: bytes, data: bytes, least: int) -> memoryview:
    """The body, of at least so many bytes, unharmed."""
    name = magic.decode()
    if len(data) < _PREFIX.size + least:
        raise ModelError(f"{name}: {len(data)} bytes are too few; publish it again with `ltrr learn` or `ltrr setup`")
    found, crc = _PREFIX.unpack_from(data)
    body = memoryview(data)[_PREFIX.size :]
    if found != magic:
        raise ModelError(
            f"{name}: starts with {found!r} instead of {magic!r}, so it is of another version; publish it again with "
            "`ltrr learn`"
        )
    if zlib.crc32(body) != crc:
        raise ModelError(
            f"{name}: damaged ({len(data)} bytes, checksum differs); publish it again with `ltrr learn` or `ltrr setup`"
        )
    return body
