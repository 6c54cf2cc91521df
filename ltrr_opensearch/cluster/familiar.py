"""Heads that repeat the one before on their connection, but for the request line and the length of the body. Pure.

A client library writes the same headers again and again, and so does a node: comparing them costs a tenth of reading
them. What is new is read by `plain.py`, whose verdict this only repeats.
"""

from __future__ import annotations

import re

from ltrr_opensearch.cluster.plain import HEAD_END, LENGTH, REQUEST_LINE, plain_answer, plain_request

LARGEST = 4096
"""Bytes of a head that is remembered: so much a connection."""
_DIGITS = re.compile(rb"\d{1,15}")


class _Shape:
    """Headers to their end, with the line break before them, around the digits of a `Content-Length`."""

    __slots__ = ("_after", "_before", "sized_from")

    def __init__(self, headers: bytes) -> None:
        at = headers.lower().find(LENGTH)
        number = _DIGITS.search(headers, at) if at >= 0 else None
        self.sized_from = number.start() if number else len(headers)
        """Where the digits begin; the end where there are none."""
        self._before = headers[: self.sized_from]
        self._after = headers[number.end() :] if number else b""

    def whole(self, data: bytes, at: int) -> int:
        """Where a message ends whose headers begin at `at`; -1 where they are others."""
        if not data.startswith(self._before, at):
            return -1
        at += len(self._before)
        if not self._after:
            return at
        number = _DIGITS.match(data, at)
        if number is None or not data.startswith(self._after, number.end()):
            return -1
        return number.end() + len(self._after) + int(number[0])


class FamiliarRequests:
    """The requests of one client's connection."""

    __slots__ = ("_after_host", "_host", "_shape")

    def __init__(self) -> None:
        self._shape: _Shape | None = None
        self._host = 0
        self._after_host = 0

    def line(self, data: bytes) -> re.Match[bytes] | None:
        """Method and target of the one request that these bytes are, where it is a plain one."""
        line = REQUEST_LINE.match(data)
        if line is None:
            return None
        if self._shape is not None and self._shape.whole(data, line.end()) == len(data):
            return line
        return line if self._read(data, line.end()) else None

    def addressed(self, data: bytes, line: int, authority: bytes) -> bytes:
        """For another host, the request whose line was just found to end at `line`."""
        return b"%b %b%b" % (data[: line + self._host], authority, data[line + self._after_host :])

    def _read(self, data: bytes, at: int) -> bool:
        plain = plain_request(data)
        if plain is None:
            return False
        self._host, self._after_host = plain.host - at, plain.after_host - at
        shape = _Shape(data[at : plain.head])
        # a length of more digits would move a host behind it
        self._shape = shape if plain.head <= LARGEST and self._host < shape.sized_from else None
        return True


class FamiliarAnswers:
    """The answers on one connection to a node."""

    __slots__ = ("_shape",)

    def __init__(self) -> None:
        self._shape: _Shape | None = None

    def whole(self, data: bytes) -> int:
        """As `plain_answer`."""
        if self._shape is not None and (whole := self._shape.whole(data, 0)) >= 0:
            return whole
        whole = plain_answer(data)
        if whole and (head := data.find(HEAD_END) + len(HEAD_END)) <= LARGEST:
            self._shape = _Shape(data[:head])
        return whole
