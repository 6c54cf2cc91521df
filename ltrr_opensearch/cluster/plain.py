"""Heads that may travel as the bytes that came: nothing in them concerns one connection only. Pure.

Most requests and answers are of this kind, and finding it out costs a few microseconds where reading every header and
writing it again costs thirty (docs/performance.md). Whoever doubts says no: a parser then reads the same bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEADERS = rb"(?:[A-Za-z0-9!#$%&'*+.^_`|~-]++:[\t -~\x80-\xff]*+\r\n)*+\r\n"
_LINE = rb"(GET|POST|PUT|DELETE|OPTIONS) (/[!-\"$-~]*+) HTTP/1\.1"
REQUEST_LINE = re.compile(_LINE + rb"(?=\r\n)")
_REQUEST = re.compile(_LINE + rb"\r\n" + _HEADERS)
_ANSWER = re.compile(rb"HTTP/1\.1 (?!204|304|400|413|414|417|431)[2-5]\d\d [\t -~\x80-\xff]*+\r\n" + _HEADERS)
_OF_ONE_CONNECTION = re.compile(
    rb"\n(?:connection:(?! ?keep-alive\r)|t(?:e|railer|ransfer-encoding):|upgrade:|keep-alive:|proxy-connection:"
    rb"|expect:|http2-settings:|authorization: ?aws4-)"
)
"""In lower case; a signature belongs to them because it covers `Host`."""
_HOST = b"\r\nhost:"
LENGTH = b"\r\ncontent-length:"
HEAD_END = b"\r\n\r\n"
_NUMBER = re.compile(rb" ?(\d{1,15})\r\n")


@dataclass(slots=True)
class PlainRequest:
    """A whole request, with its body: `head` bytes of head, the value of its one `Host` from `host` to `after_host`."""

    data: bytes
    method: str
    target: str
    head: int
    host: int
    after_host: int

    def addressed(self, authority: bytes) -> bytes:
        """The same for another host."""
        data = self.data
        return b"%b %b%b" % (data[: self.host], authority, data[self.after_host :])

    @property
    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        lines = self.data[: self.head - 4].split(b"\r\n")[1:]
        return tuple((name, value.strip(b" \t")) for name, _, value in (line.partition(b":") for line in lines))


def plain_request(data: bytes) -> PlainRequest | None:
    """The one request that these bytes are; None where they are more, less, or a request that wants a closer look."""
    found = _REQUEST.match(data)
    if found is None:
        return None
    head = found.end()
    lower = data[:head].lower()
    if _OF_ONE_CONNECTION.search(lower) is not None:
        return None
    host = lower.find(_HOST) + len(_HOST)
    if host < len(_HOST) or lower.find(_HOST, host) >= 0 or len(data) != head + _length(lower, 0):
        return None
    method, target = found.groups()
    return PlainRequest(data, method.decode(), target.decode(), head, host, lower.find(b"\r\n", host))


def plain_answer(data: bytes) -> int:
    """The bytes that an answer has in all, head and body, by its first ones; 0 where it wants a closer look."""
    found = _ANSWER.match(data)
    if found is None:
        return 0
    head = found.end()
    lower = data[:head].lower()
    length = _length(lower, -1)
    return 0 if length < 0 or _OF_ONE_CONNECTION.search(lower) is not None else head + length


def _length(lower: bytes, absent: int) -> int:
    """What `Content-Length` says, `absent` where there is none, and less than any length where it is not clear."""
    at = lower.find(LENGTH)
    if at < 0:
        return absent
    number = _NUMBER.match(lower, at + len(LENGTH))
    if number is None or lower.find(LENGTH, at + 1) >= 0:
        return -len(lower) - 1
    return int(number[1])
