"""Knowledge of millions of rows as bytes: named arrays behind a small head, each compressed by itself.

Bytes of equal weight are put together before compression, since neighbouring numbers differ in their low bytes only
(the shuffle filter of HDF5 and Blosc). Reading makes no object a row, so a proxy that loads it keeps answering.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.packed import opened, seal

Columns = Mapping[str, NDArray[Any]]

_LENGTH = struct.Struct(">I")
_LEVEL = 1
"""zlib's fastest: 9 takes six times as long for a tenth less."""
_KINDS = frozenset({"u1", "u2", "u4", "u8", "i4", "i8", "f2", "f4", "f8"})


def pack_columns(magic: bytes, head: Any, columns: Columns) -> bytes:
    """`magic` has eight bytes and names the format with its version; `head` is any JSON."""
    packed = {name: zlib.compress(_shuffled(column), _LEVEL) for name, column in columns.items()}
    shapes = [[name, column.dtype.str[1:], list(column.shape), len(packed[name])] for name, column in columns.items()]
    told = json.dumps({"head": head, "columns": shapes}, ensure_ascii=False).encode()
    return seal(magic, _LENGTH.pack(len(told)) + told + b"".join(packed.values()))


def unpack_columns(magic: bytes, data: bytes) -> tuple[Any, dict[str, NDArray[Any]]]:
    """The head, and the arrays by name."""
    body = opened(magic, data, _LENGTH.size)
    (length,) = _LENGTH.unpack_from(body)
    at = _LENGTH.size + length
    try:
        told = json.loads(bytes(body[_LENGTH.size : at]))
        columns = {}
        for name, kind, shape, size in told["columns"]:
            columns[name] = _column(body[at : at + size], kind, shape)
            at += size
        return told["head"], columns
    except (zlib.error, ValueError, KeyError, TypeError) as e:
        raise ModelError(
            f"{magic.decode()}: unreadable ({e!r}); publish it again with `ltrr learn` or `ltrr setup`"
        ) from e


def _shuffled(column: NDArray[Any]) -> bytes:
    little = np.ascontiguousarray(column.astype(column.dtype.newbyteorder("<"), copy=False))
    return np.ascontiguousarray(little.reshape(-1).view(np.uint8).reshape(-1, little.dtype.itemsize).T).tobytes()


def _column(packed: memoryview, kind: str, shape: list[int]) -> NDArray[Any]:
    """Told how much comes, zlib grows no buffer, which it would do while everything else waits."""
    if kind not in _KINDS:
        raise ValueError(f"numbers of kind {kind!r}")
    dtype = np.dtype(f"<{kind}")
    raw = zlib.decompress(packed, bufsize=max(1, dtype.itemsize * math.prod(shape)))
    planes = np.frombuffer(raw, np.uint8).reshape(dtype.itemsize, math.prod(shape))
    return np.ascontiguousarray(planes.T).reshape(-1).view(dtype).reshape(shape)
