"""A relay before the cluster that notes what is asked, and when something is under way: all other time is our own.

It works on bytes: a connection waits from the first byte of a request to the last of its answer. What the relay
itself costs counts as waiting for the cluster.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

import httptools


@dataclass
class Exchange:
    """One request as it came, and the time from its first byte to the last byte of its answer (s)."""

    started: float
    ended: float = 0.0
    target: str = ""
    body: bytes = b""


@dataclass
class Watch:
    """What came through since `forget`."""

    port: int = 0
    exchanges: list[Exchange] = field(default_factory=list)
    open: set[asyncio.Transport] = field(default_factory=set)

    def forget(self) -> None:
        self.exchanges.clear()

    def waited(self) -> float:
        """Time (s) in which at least one request was under way."""
        total, until = 0.0, 0.0
        for exchange in sorted(self.exchanges, key=lambda e: e.started):
            total += max(0.0, exchange.ended - max(exchange.started, until))
            until = max(until, exchange.ended)
        return total

    def to(self, path: str) -> list[Exchange]:
        """The requests to a path."""
        return [e for e in self.exchanges if e.target.partition("?")[0] == path]


@asynccontextmanager
async def watching(host: str, port: int) -> AsyncIterator[Watch]:
    """Relays connections to a server; its own port is in the watch."""
    watch = Watch()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Asking(watch, host, port), "127.0.0.1", 0)
    watch.port = server.sockets[0].getsockname()[1]
    try:
        yield watch
    finally:
        server.close()
        for transport in watch.open:
            transport.abort()
        await asyncio.sleep(0)


class _Asking(asyncio.Protocol):
    """The side of whoever asks."""

    def __init__(self, watch: Watch, host: str, port: int) -> None:
        self._watch, self._there = watch, (host, port)
        self._held: list[bytes] = []
        self._to: asyncio.Transport | None = None
        self.now: Exchange | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._watch.open.add(self.transport)
        self._parser = httptools.HttpRequestParser(self)
        self._connecting = asyncio.ensure_future(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        self._to, _ = await loop.create_connection(lambda: _Answering(self), *self._there)
        self._watch.open.add(self._to)
        self._to.writelines(self._held)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)
        if self._to is None:
            self._held.append(data)
        else:
            self._to.write(data)

    def on_message_begin(self) -> None:
        self.now = Exchange(time.perf_counter())
        self._watch.exchanges.append(self.now)

    def on_url(self, url: bytes) -> None:
        assert self.now
        self.now.target += url.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        assert self.now
        self.now.body += body

    def connection_lost(self, _error: Exception | None) -> None:
        self._connecting.cancel()
        self._watch.open.discard(self.transport)
        if self._to is not None:
            self._to.close()


class _Answering(asyncio.Protocol):
    """The side of the server."""

    def __init__(self, asking: _Asking) -> None:
        self._asking = asking

    def data_received(self, data: bytes) -> None:
        self._asking.transport.write(data)
        if self._asking.now:
            self._asking.now.ended = time.perf_counter()

    def connection_lost(self, _error: Exception | None) -> None:
        self._asking.transport.close()
