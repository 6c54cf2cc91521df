"""Keep-alive connections for whole requests and answers: HTTP/1.1 as a search needs it, and no more.

A search through the engine is several small requests; parsing an answer with `httptools` costs the event loop a third
of what a general client does (docs/performance.md).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from ssl import SSLContext
from typing import cast

import httptools

from ltrr_opensearch.types import Headers

_BREAKS = (b"\r", b"\n", b"\0")


class Dropped(ConnectionError):
    """The connection ended before any of the answer came: what happens to one that was kept open too long."""


class NoConnection(ConnectionError):
    """None could be made, or none came free, in time."""


@dataclass(frozen=True, slots=True)
class Origin:
    host: str
    port: int
    tls: SSLContext | None


@dataclass(frozen=True, slots=True)
class Received:
    status: int
    headers: Headers
    body: bytes


class Connection(asyncio.Protocol):
    """One connection, one exchange at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Received] | None = None
        self._begin()

    def _begin(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._begun = False

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def exchange(self, request: bytes) -> Received:
        if self._transport is None:
            raise Dropped("the connection was closed while it was kept")
        self._begin()
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._waiting
        finally:
            self._waiting = None

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._begun and not self._framed():
            self._settle()
        self._fail(exc or ConnectionError("closed before the answer was complete"))

    def data_received(self, data: bytes) -> None:
        self._begun = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(ConnectionError(f"the answer is no HTTP: {error}"))
            self.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < HTTPStatus.OK:
            self._headers.clear()
            return
        kept = self._parser.should_keep_alive()
        self._settle()
        if not kept:
            self.abort()

    def _framed(self) -> bool:
        """Whether the answer says where it ends; one that does not ends with its connection."""
        return any(k.lower() in (b"content-length", b"transfer-encoding") for k, _ in self._headers)

    def _settle(self) -> None:
        if self._waiting and not self._waiting.done():
            received = Received(self._parser.get_status_code(), tuple(self._headers), b"".join(self._body))
            self._waiting.set_result(received)

    def _fail(self, error: Exception) -> None:
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(error if self._begun else Dropped(str(error)))


class Connections:
    """At most `limit` connections to one origin; the one used last is used again first."""

    def __init__(self, origin: Origin, limit: int, connect_s: float) -> None:
        self._origin = origin
        self._connect_s = connect_s
        self._free = asyncio.Semaphore(limit)
        self._idle: list[Connection] = []

    async def exchange(self, request: bytes) -> Received:
        """Raises `NoConnection`, and `Dropped` for a request that the other side has not begun to answer."""
        connection = await self._taken()
        try:
            return await connection.exchange(request)
        except BaseException:
            connection.abort()
            raise
        finally:
            if connection.usable:
                self._idle.append(connection)
            self._free.release()

    def close(self) -> None:
        for connection in self._idle:
            connection.abort()
        self._idle.clear()

    async def _taken(self) -> Connection:
        try:
            async with asyncio.timeout(self._connect_s):
                await self._free.acquire()
                try:
                    return self._kept() or await self._made()
                except BaseException:
                    self._free.release()
                    raise
        except OSError as error:  # a TimeoutError is one
            raise NoConnection(str(error) or f"none within {self._connect_s:g} s") from error

    def _kept(self) -> Connection | None:
        while self._idle:
            if (connection := self._idle.pop()).usable:
                return connection
        return None

    async def _made(self) -> Connection:
        o = self._origin
        _, connection = await asyncio.get_running_loop().create_connection(Connection, o.host, o.port, ssl=o.tls)
        return connection


def request_bytes(method: str, target: str, host: str, headers: Headers, body: bytes) -> bytes:
    """The request as it travels. A line break in any part is refused: it would begin another header."""
    lines = [f"{method} {target} HTTP/1.1".encode(), b"host: " + host.encode()]
    lines += [name + b": " + value for name, value in headers]
    if any(mark in line for line in lines for mark in _BREAKS):
        raise ValueError(f"{method} {target!r}: a line break or zero byte in the request line or a header")
    if body or method not in ("GET", "HEAD"):
        lines.append(b"content-length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
