"""The nodes of a cluster: connections kept to each, requests dealt out in turn, a dead node left out for a while.

A node that takes no connection is left out and asked again every `retry_s` beside the requests, so that none waits
for it. When none is left, all are tried. A request that never left us may go to another node whatever it is; one that
a node may have seen goes on only when its sender says that it may be repeated.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from ltrr_opensearch.cluster.connections import Connection, Dropped, Head, NoConnection, Origin
from ltrr_opensearch.types import Headers

_log = logging.getLogger(__name__)

KEPT_S = 50
"""An idle connection is not used again after this: load balancers close theirs after 60 s."""


class Crowded(NoConnection):
    """All connections to a node are in use, and none came free in time."""


@dataclass(frozen=True, slots=True)
class Received:
    status: int
    headers: Headers
    body: bytes


class Node:
    """At most `limit` connections to one origin; the one used last is used again first."""

    def __init__(self, origin: Origin, limit: int, connect_s: float) -> None:
        self.origin = origin
        self.up = True
        self._limit = limit
        self._connect_s = connect_s
        self._loop = asyncio.get_running_loop()
        self._in_use = 0
        self._idle: list[Connection] = []
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._closed = False

    def idle(self) -> Connection | None:
        """A connection that was kept, without waiting; None where there is none to be had."""
        if self._in_use >= self._limit:
            return None
        while self._idle:
            connection = self._idle.pop()
            if connection.reusable and self._loop.time() - connection.idle_since < KEPT_S:
                self._in_use += 1
                return connection
            connection.abort()
        return None

    async def connection(self, fresh: bool) -> Connection:
        """Raises `NoConnection`."""
        if not fresh and (kept := self.idle()):
            return kept
        try:
            async with asyncio.timeout(self._connect_s):
                await self._turn()
                return (None if fresh else self.idle()) or await self._made()
        except TimeoutError as error:
            kind = Crowded if self._in_use >= self._limit else NoConnection
            raise kind(f"none within {self._connect_s:g} s") from error
        except OSError as error:
            raise NoConnection(str(error)) from error

    def release(self, connection: Connection) -> None:
        """Must follow every connection that was given out, once its exchange is over."""
        self._in_use -= 1
        if connection.reusable and not self._closed:
            connection.idle_since = self._loop.time()
            self._idle.append(connection)
        else:
            connection.abort()
        if self._waiting:
            self._next()

    def close(self) -> None:
        """What is still in use goes when it is released: nobody would close it later."""
        self._closed = True
        for connection in self._idle:
            connection.abort()
        self._idle.clear()

    async def _turn(self) -> None:
        while self._in_use >= self._limit:
            free = asyncio.get_running_loop().create_future()
            self._waiting.append(free)
            try:
                await free
            except BaseException:
                if free.done() and not free.cancelled():
                    self._next()
                raise

    def _next(self) -> None:
        while self._waiting:
            free = self._waiting.popleft()
            if not free.done():
                free.set_result(None)
                return

    async def _made(self) -> Connection:
        self._in_use += 1
        o = self.origin
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                Connection, o.host, o.port, ssl=o.tls, server_hostname=o.tls_name if o.tls else None
            )
        except BaseException:
            self._in_use -= 1
            self._next()
            raise
        return connection


class Nodes:
    def __init__(self, origins: Sequence[Origin], limit: int, connect_s: float, retry_s: float) -> None:
        self._nodes = [Node(origin, limit, connect_s) for origin in origins]
        self.below_a_path = any(origin.path for origin in origins)
        """Whether some node's address puts a path before every target."""
        self._retry_s = retry_s
        self._turn = 0
        self._reviving: set[asyncio.Task[None]] = set()

    def idle(self) -> tuple[Node, Connection] | None:
        """A kept connection to the node whose turn it is, if there is one."""
        node = self._nodes[0] if len(self._nodes) == 1 else self._order(())[0]
        connection = node.idle()
        if connection is None:
            return None
        self._turn += 1
        return node, connection

    async def connection(self, tried: Collection[Node] = (), fresh: bool = False) -> tuple[Node, Connection]:
        """A connection to some node not yet tried; a node that takes none is left out. Raises `NoConnection`."""
        failed: list[NoConnection] = []
        for node in self._order(tried):
            try:
                connection = await node.connection(fresh)
            except NoConnection as error:
                failed.append(error)
                if not isinstance(error, Crowded):
                    self.leave_out(node, error)
            else:
                self._turn += 1
                return node, connection
        raise failed[-1] if failed else NoConnection("every node was tried")

    async def exchange(self, request: Callable[[Origin], bytes], bodiless: bool = False) -> Received:
        """Asks, and reads the whole answer. The request is one that may be repeated, on another node too.

        Raises `NoConnection`, and `Dropped` for a request that no node began to answer.
        """
        tried: list[Node] = []
        fresh = False
        while True:
            node, connection = await self.connection(tried, fresh)
            whole = _Whole()
            stale = connection.used
            try:
                connection.begin(whole, request(node.origin), bodiless)
                return await whole.answer
            except Dropped as error:
                fresh = True
                if not stale:
                    tried.append(node)
                    if len(tried) >= len(self._nodes):
                        raise
                    self.leave_out(node, error)
            except BaseException:
                connection.abort()
                raise
            finally:
                node.release(connection)

    def leave_out(self, node: Node, error: Exception) -> None:
        """A node that failed gets no requests until it takes a connection again; the only one always gets them."""
        if len(self._nodes) < 2 or not node.up:
            return
        node.up = False
        node.close()
        _log.warning("node %s:%d is left out: %s", node.origin.host, node.origin.port, error)
        task = asyncio.get_running_loop().create_task(self._revive(node))
        self._reviving.add(task)
        task.add_done_callback(self._reviving.discard)

    async def close(self) -> None:
        for task in self._reviving:
            task.cancel()
        for node in self._nodes:
            node.close()

    def left(self, tried: Collection[Node]) -> bool:
        """Whether a node is left that was not tried."""
        return len(tried) < len(self._nodes)

    def _order(self, tried: Collection[Node]) -> list[Node]:
        """Those that are up, beginning with the one whose turn it is; then the others."""
        if len(self._nodes) == 1:
            return self._nodes if not tried else []
        first = self._turn % len(self._nodes)
        turned = [n for n in (*self._nodes[first:], *self._nodes[:first]) if n not in tried]
        return [n for n in turned if n.up] or turned

    async def _revive(self, node: Node) -> None:
        while not node.up:
            await asyncio.sleep(self._retry_s)
            try:
                connection = await node.connection(fresh=True)
            except NoConnection:
                continue
            node.release(connection)
            node.up = True
            _log.warning("node %s:%d answers again", node.origin.host, node.origin.port)


class _Whole:
    """Collects an answer."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[Received] = asyncio.get_running_loop().create_future()
        self._head: Head | None = None
        self._body: list[bytes] = []

    def informed(self, _head: Head) -> None:
        pass

    def began(self, head: Head) -> None:
        self._head = head

    def flush(self) -> None:
        pass

    def takes_plain(self) -> bool:
        return False

    def parsed(self) -> _Whole:
        return self

    def passed(self, *_: object) -> None:
        raise AssertionError("bytes pass only to those who take them plain")

    def chunk(self, data: bytes) -> None:
        self._body.append(data)

    def ended(self, _trailers: Headers) -> None:
        assert self._head is not None
        if not self.answer.done():
            self.answer.set_result(Received(self._head.status, self._head.headers, b"".join(self._body)))

    def failed(self, error: ConnectionError) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)

    def hold_request(self, _held: bool) -> None:
        pass
