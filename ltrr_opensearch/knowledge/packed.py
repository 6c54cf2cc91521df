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

_PREFIX = struct.Struct(">8sIIII")
"""Magic word, CRC-32 of what follows the prefix, length of the head, rows and columns of the matrix."""


def pack(magic: bytes, head: Json, matrix: Matrix | None = None) -> bytes:
    """`magic` has eight bytes and names the format with its version."""
    body = zlib.compress(json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode())
    rows, columns = matrix.shape if matrix is not None else (0, 0)
    tail = b"" if matrix is None else matrix.astype("<f2").tobytes()
    return _PREFIX.pack(magic, zlib.crc32(body + tail), len(body), rows, columns) + body + tail


def unpack(magic: bytes, data: bytes) -> tuple[Any, Matrix]:
    """The head, and the matrix as 32-bit floats."""
    name = magic.decode()
    if len(data) < _PREFIX.size:
        raise ModelError(f"{name}: {len(data)} bytes are too few; publish it again with `ltrr learn`")
    found, crc, length, rows, columns = _PREFIX.unpack_from(data)
    body = data[_PREFIX.size :]
    if found != magic:
        raise ModelError(
            f"{name}: starts with {found!r} instead of {magic!r}; it is no such part or of another version"
        )
    if zlib.crc32(body) != crc or len(body) != length + 2 * rows * columns:
        raise ModelError(f"{name}: damaged ({len(data)} bytes, checksum differs); publish it again with `ltrr learn`")
    try:
        head = json.loads(zlib.decompress(body[:length]))
    except (zlib.error, ValueError) as e:
        raise ModelError(f"{name}: unreadable ({e}); publish it again with `ltrr learn`") from e
    matrix = np.frombuffer(body, dtype="<f2", offset=length).reshape(rows, columns).astype(np.float32)
    return head, matrix
