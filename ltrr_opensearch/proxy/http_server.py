"""HTTP/1.1 on a socket: connections, the application that answers, and a stop that lets running requests finish."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from ssl import SSLContext
from typing import Any

from ltrr_opensearch.proxy.client_connection import GRACE_S, ClientConnection, Shortcut
from ltrr_opensearch.proxy.exchange import Exchange, HungUp
from ltrr_opensearch.proxy.failures import failure

_log = logging.getLogger(__name__)

App = Callable[[Exchange], Coroutine[Any, Any, None] | None]
"""Answers a request: at once and by callbacks of its own (None), or by a coroutine that is run beside the others."""

DRAIN_S = 30.0
"""Longest time that running requests get to finish."""
IDLE_S = 600.0
"""OpenSearch does not close idle connections; clients that keep theirs should not find ours closed."""
HEAD_S = 60.0
"""Longest time that a request line with its headers may take to arrive."""
SILENCE_S = 60.0
"""Longest time that nothing of a body may arrive that a client began to send."""
UNREAD_S = 60.0
"""Longest time that a client may take nothing of an answer that does not fit in what is held for it: meanwhile the
connection to the node is held too, and there are only `cluster.pool_size` of these."""
LOOK_S = 5.0
"""Between looks at who is too slow."""


class HttpServer:
    def __init__(self, app: App, tls: SSLContext | None = None, shortcut: Shortcut | None = None) -> None:
        self._app = app
        self._shortcut = shortcut
        self._tls = tls
        self._connections: set[ClientConnection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._left = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._looking: asyncio.Task[None] | None = None

    async def start(self, on: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, sock=on, ssl=self._tls)
        self._looking = loop.create_task(self._close_what_is_idle())

    async def stop(self) -> None:
        """Takes no more connections; what runs may finish, within `DRAIN_S`."""
        if self._server is None or self._looking is None:
            return
        self._server.close()
        self._looking.cancel()
        for connection in self._connections:
            connection.last = True
        await self._emptied(GRACE_S)
        for connection in tuple(self._connections):
            connection.close_if_idle()
        await self._emptied(DRAIN_S)
        for connection in tuple(self._connections):
            connection.break_off()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _emptied(self, within_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self._connections or self._tasks:
                    self._left.clear()
                    await self._left.wait()

    def _connection(self) -> ClientConnection:
        return ClientConnection(self._begin, self._connections.add, self._closed, self._shortcut)

    def _closed(self, connection: ClientConnection) -> None:
        self._connections.discard(connection)
        self._left.set()

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._left.set()

    def _begin(self, exchange: Exchange) -> None:
        try:
            answering = self._app(exchange)
        except Exception:
            _failed(exchange)
            return
        if answering is not None:
            task = asyncio.get_running_loop().create_task(_answered(exchange, answering))
            self._tasks.add(task)
            task.add_done_callback(self._answered)

    async def _close_what_is_idle(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_S)
            for connection in tuple(self._connections):
                connection.look(loop.time())
                if _too_slow(connection, loop.time()):
                    connection.break_off()


def _too_slow(connection: ClientConnection, now: float) -> bool:
    if connection.awaits_body and now - connection.heard > SILENCE_S:
        return True
    if connection.full and now - connection.took > UNREAD_S:
        return True
    waited = now - max(connection.since, connection.took)
    return not connection.busy and waited > (IDLE_S if connection.idle else HEAD_S)


async def _answered(exchange: Exchange, answering: Coroutine[Any, Any, None]) -> None:
    try:
        await answering
    except HungUp:
        pass
    except Exception:
        _failed(exchange)


def _failed(exchange: Exchange) -> None:
    _log.exception("%s %s failed in our part", exchange.method, exchange.path)
    if exchange.answered:
        exchange.break_off()
    else:
        answer = failure(500, "the proxy failed on this request; its log says why")
        exchange.reply(answer.status, answer.headers, answer.body)
