"""One connection to a node: HTTP/1.1 as a proxy needs it, one exchange at a time, told to a sink as it arrives.

Reading an answer with `httptools` costs the event loop a third of what a general client does (docs/performance.md).
"""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from http import HTTPStatus
from ssl import SSLContext
from typing import Protocol, cast

import httptools

from ltrr_opensearch.cluster.familiar import FamiliarAnswers
from ltrr_opensearch.types import Headers

HIGH_WATER = 512 * 1024
"""Bytes that may wait to be sent before whoever sends them is told to stop."""
DEAF = frozenset((400, 413, 414, 417, 431))
"""After these a node may leave the connection open and read no more on it: the next request would wait for ever."""
_FRAMED_BY = (b"content-length", b"transfer-encoding")
_SILENCE = (
    (socket.SO_KEEPALIVE, socket.SOL_SOCKET, 1),
    (getattr(socket, "TCP_KEEPIDLE", None), socket.IPPROTO_TCP, 30),
    (getattr(socket, "TCP_KEEPINTVL", None), socket.IPPROTO_TCP, 10),
    (getattr(socket, "TCP_KEEPCNT", None), socket.IPPROTO_TCP, 3),
)
"""A peer of which the network hears nothing for about a minute is gone, however long its answer may take."""


class Dropped(ConnectionError):
    """The connection ended before any of the answer came: what happens to one that was kept open too long."""


class NoConnection(ConnectionError):
    """None could be made, or none came free, in time."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a node answers. `authority` is host and port for its `Host` header, `path` what its URL puts before all."""

    host: str
    port: int
    tls: SSLContext | None
    authority: bytes = b""
    path: str = ""
    tls_name: str | None = None
    """The name its certificate must have, where that is not the host."""


@dataclass(frozen=True, slots=True)
class Head:
    """How an answer begins. `framed`: it says where it ends, by a length, by chunks or by having no body."""

    status: int
    reason: bytes
    headers: Headers
    framed: bool


class Asker(Protocol):
    """Who sent a request; told once how it ended, by a last `passed`, by `failed`, or by whoever is `parsed`."""

    def takes_plain(self) -> bool:
        """Whether an answer that is nothing special may be told by `passed` alone, as the bytes that come."""

    def passed(self, data: bytes, last: bool, /) -> None: ...
    def parsed(self) -> Sink:
        """Who reads an answer of which the first bytes came, and that does not pass."""

    def failed(self, error: ConnectionError) -> None: ...
    def hold_request(self, held: bool, /) -> None:
        """Whether the request should wait until the node has taken more of it."""


class Sink(Asker, Protocol):
    """Who reads an answer; called from the event loop, in this order, with `failed` instead of what did not come."""

    def informed(self, head: Head, /) -> None:
        """An answer before the answer: 100 Continue, 103 Early Hints."""

    def began(self, head: Head, /) -> None: ...
    def flush(self) -> None:
        """All that is there for now was told."""

    def chunk(self, data: bytes) -> None: ...
    def ended(self, trailers: Headers, /) -> None: ...


class Connection(asyncio.Protocol):
    """`begin` writes a request and says who reads its answer; `reusable` then tells whether another may follow."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.used = False
        """Whether it has answered before, and may have been closed by the node since."""
        self.idle_since = 0.0
        self._asker: Asker | None = None
        self._sink: Sink | None = None
        """The one that asked, once its answer is parsed."""
        self._kept = False
        self._begun = False
        self._bodiless = False
        self._left = 0
        """Bytes to come of an answer that is passed as it comes."""
        self._heads = FamiliarAnswers()
        self._clear()
        self._parser = httptools.HttpResponseParser(self)

    def _clear(self) -> None:
        self._reason = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._head: Head | None = None
        self._complete = False

    @property
    def reusable(self) -> bool:
        return self._kept and self._asker is None and self.transport is not None and not self.transport.is_closing()

    def begin(self, asker: Asker, request: bytes, bodiless: bool = False) -> None:
        """`bodiless`: the answer ends with its headers, whatever they say (HEAD)."""
        if self.transport is None:
            asker.failed(Dropped("the connection was closed while it was kept"))
            return
        self._asker, self._begun, self._bodiless, self._kept = asker, False, bodiless, False
        self.transport.write(request)

    def write(self, data: bytes) -> None:
        if self.transport is not None:
            self.transport.write(data)

    def pause(self, paused: bool) -> None:
        """Whether the node's answer should wait."""
        if self.transport is None or self.transport.is_closing():
            return
        if paused and self.transport.is_reading():
            self.transport.pause_reading()
        elif not paused and not self.transport.is_reading():
            self.transport.resume_reading()

    def abort(self) -> None:
        """Nobody waits for the answer any more; OpenSearch cancels a search whose connection closes."""
        self._asker = self._sink = None
        self._kept = False
        if self.transport is not None:
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=HIGH_WATER)
        silent = transport.get_extra_info("socket")
        for option, level, value in _SILENCE:
            if silent is not None and option is not None:
                silent.setsockopt(level, option, value)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        if self._head is not None and not self._head.framed:
            self._kept = False
            self._end()
            return
        reason = f"{exc or 'closed before the answer was complete'}"
        if isinstance(exc, TimeoutError):
            self._fail(ConnectionError(exc.errno, reason))
        else:
            self._fail(ConnectionError(reason) if self._begun else Dropped(reason))

    def data_received(self, data: bytes) -> None:
        asker = self._asker
        if asker is None:  # nothing was asked: whatever this is, no later request may take it for its answer
            self.abort()
            return
        if self._left or (not self._begun and asker.takes_plain() and self._plainly(data)):
            self._pass(asker, data)
            return
        if not self._begun:
            self._begun = True
            self._asker = self._sink = asker.parsed()
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._broken("the node changed to another protocol, which nobody asked for")
        except httptools.HttpParserError as error:
            self._broken(f"the answer is no HTTP: {error}")
        if self._complete:  # told only now, so that what follows in the same bytes can never answer the next request
            self._end()
        elif self._sink is not None:
            self._sink.flush()

    def _plainly(self, data: bytes) -> bool:
        whole = self._heads.whole(data)
        if len(data) > whole:
            return False
        self._begun, self._left = True, whole
        return True

    def _pass(self, asker: Asker, data: bytes) -> None:
        self._left -= len(data)
        if self._left > 0:
            asker.passed(data, False)
        elif self._left < 0:
            self._left = 0
            self._broken("the node sent more than its answer")
        else:
            self._asker = None
            self._kept = self.used = True
            asker.passed(data, True)

    def pause_writing(self) -> None:
        if self._asker is not None:
            self._asker.hold_request(True)

    def resume_writing(self) -> None:
        if self._asker is not None:
            self._asker.hold_request(False)

    def on_status(self, reason: bytes) -> None:
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        bare = self._bodiless or status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
        framed = bare or any(name.lower() in _FRAMED_BY for name, _ in self._headers)
        head = Head(status, self._reason, tuple(self._headers), framed)
        self._reason, self._headers = b"", []
        if self._sink is None or self._complete:
            return
        if status < HTTPStatus.OK:
            self._sink.informed(head)
            return
        self._head = head
        self._kept = self._parser.should_keep_alive() and status not in DEAF
        self._complete = self._bodiless
        self._sink.began(head)

    def on_message_begin(self) -> None:
        self._kept = False  # a second answer in the bytes of the first, unless a head says otherwise

    def on_body(self, body: bytes) -> None:
        if self._complete:
            self._kept = False
        elif self._sink is not None:
            self._sink.chunk(body)

    def on_message_complete(self) -> None:
        self._complete = self._head is not None

    def _end(self) -> None:
        if self._bodiless:  # its parser still waits for a body
            self._parser = httptools.HttpResponseParser(self)
        sink, trailers = self._sink, tuple(self._headers)
        self._asker = self._sink = None
        self.used = True
        self._clear()
        if sink is not None:
            sink.ended(trailers)

    def _broken(self, why: str) -> None:
        self._fail(ConnectionError(why))
        self.abort()

    def _fail(self, error: ConnectionError) -> None:
        asker = self._asker
        self._asker = self._sink = None
        self._complete = False
        if asker is not None:
            asker.failed(error)
