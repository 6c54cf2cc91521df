"""Which indexes a point in time covers, read from its id. Pure.

The id is base64 of what OpenSearch's `SearchContextId` writes: a version, then the shards with their index names. That
is no interface, so whatever looks different names nothing, and the search passes through.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from typing import Any

from ltrr_opensearch.types import Json

_BACKING = re.compile(r"\.ds-(.+)-\d{6,}")
"""The indexes behind a data stream: `.ds-{stream}-{generation}`."""
_CONTEXT_ID_BYTES = 8
_LONGEST_SHIFT = 28
"""Of a number of 32 bits, seven a byte."""
_REFUSED_BESIDE = frozenset(
    ("preference", "routing", "ignore_unavailable", "allow_no_indices", "expand_wildcards", "ignore_throttled")
)


class _Unreadable(Exception):
    """Not what we know of such an id."""


def target_of(pit: Any, params: Json) -> str | None:
    """The index expression that a search with this `pit` stands for; None where the cluster should answer it."""
    if not isinstance(pit, dict) or not pit.keys() <= {"id", "keep_alive"} or _REFUSED_BESIDE & params.keys():
        return None
    if not all(isinstance(value, str) for value in pit.values()):
        return None
    names = index_names(pit.get("id", ""))
    return ",".join(names) or None


def index_names(id: str) -> list[str]:
    """The indexes, data streams by their own name, sorted; none where the id cannot be read."""
    try:
        return sorted(_Reader(urlsafe_b64decode(id)).indexes())
    except (ValueError, IndexError, _Unreadable):
        return []


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0

    def indexes(self) -> set[str]:
        self._number()  # the version
        found = set()
        for _ in range(self._number()):
            name, _uuid, _shard = self._text(), self._text(), self._number()
            _node, remote = self._text(), self._number()
            if remote:
                raise _Unreadable
            self._at += _CONTEXT_ID_BYTES
            _session = self._text()
            stream = _BACKING.fullmatch(name)
            found.add(stream[1] if stream else name)
        return found

    def _number(self) -> int:
        """A variable-length integer, the lowest seven bits first."""
        value = shift = 0
        while True:
            byte = self._raw[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > _LONGEST_SHIFT:
                raise _Unreadable

    def _text(self) -> str:
        length = self._number()
        text = self._raw[self._at : self._at + length]
        if len(text) < length or not text.isascii():
            raise _Unreadable
        self._at += length
        return text.decode()
