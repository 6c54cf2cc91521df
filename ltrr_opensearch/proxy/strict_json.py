"""JSON of a client, read only where every reader would read the same.

OpenSearch refuses a key that is given twice, where other readers take the first or the last, and keeps whole numbers of
any size, of which `orjson` makes floating-point ones. Such a body is refused here, so that it goes on as it came.
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

_LONG_NUMBER = re.compile(rb"\d{19}")
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1


def loads(raw: bytes) -> Any:
    """Raises `ValueError` for what is no JSON, or not the same JSON to everybody."""
    value = orjson.loads(raw)
    try:
        written = orjson.dumps(value)
    except TypeError:
        raise ValueError("nested too deep to be written again") from None
    # a key that was dropped took its quotes along; escapes may add some, so with them nothing is sure
    if b"\\u" in raw or raw.count(b'"') != written.count(b'"') or _LONG_NUMBER.search(raw):
        _check(raw)
    return value


def _check(raw: bytes) -> None:
    try:
        json.loads(raw, object_pairs_hook=_each_once, parse_int=_exact)
    except RecursionError:
        raise ValueError("nested too deep to be checked") from None


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("a key is given twice")


def _exact(digits: str) -> int:
    """A whole number that fits; a longer one is not even parsed, which would take the square of its length in time."""
    if len(digits) > len(str(_SMALLEST)) or not _SMALLEST <= int(digits) <= _LARGEST:
        raise ValueError("a whole number beyond 64 bits")
    return 0
