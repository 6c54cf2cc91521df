"""One request on its way to the cluster and the answer on its way back, byte for byte, both while they arrive.

Callbacks from socket to socket, without a task: what passes through should cost little (docs/performance.md). Either
side that is slower than the other makes it wait, so that memory stays flat.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ltrr_opensearch.cluster.connections import Connection, Dropped, Head, NoConnection, Origin
from ltrr_opensearch.cluster.headers import head_bytes, header, is_signed, onward
from ltrr_opensearch.cluster.nodes import Node, Nodes
from ltrr_opensearch.proxy.exchange import Exchange, HungUp, last_chunk
from ltrr_opensearch.types import Headers

READING = frozenset(
    ("_search", "_msearch", "_count", "_mget", "_explain", "_field_caps", "_search_shards", "_analyze", "template")
)
"""Last parts of paths: a POST of one only reads."""

SMALL_BODY = 64 * 1024
"""Bytes; so much of a request that may be repeated is read before it is sent, so that it can be sent again."""

Done = Callable[[ConnectionError | HungUp | None], None]
"""Told once: None when the exchange is answered, else why it is not; with an answer half written, it was broken off."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it should reach the cluster: the client's headers, or such as fit a changed body."""

    headers: Headers | None
    """None: as they came."""
    body: bytes = b""
    """What was read of the body already."""
    more: bool = False
    """Whether what the client still sends follows."""


class Relay:
    """Begins with `start`. `added` are headers of ours on the answer."""

    def __init__(self, nodes: Nodes, exchange: Exchange, sent: Sent, added: Headers, done: Done) -> None:
        self._nodes = nodes
        self._exchange = exchange
        self._added = added
        self._done: Done | None = done
        self._node: Node | None = None
        self._connection: Connection | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._tried: list[Node] = []
        self._sending = sent.more
        """Whether more of the body will follow what was written."""
        self._body = sent.body
        self._plain = exchange.plain if sent.headers is None and not added and not nodes.below_a_path else None
        self._headers = () if self._plain else sent.headers or exchange.headers
        self._chunked = header(self._headers, b"transfer-encoding") is not None
        self._stale = False
        self._waits = False
        """Whether the body is awaited before anything is sent."""
        self._again = False

    def start(self) -> None:
        exchange = self._exchange
        exchange.watch(self)
        small = 0 < (exchange.length or 0) <= SMALL_BODY and not exchange.read_whole
        if small and self._sending and may_be_repeated(exchange.method, exchange.target):
            exchange.invite()
            self._waits = True
        else:
            self._go()

    def go_on(self, node: Node, connection: Connection) -> None:
        """Instead of `start`, for a plain request that was sent already."""
        self._exchange.watch(self)
        self._goes_by(node, connection)

    def _go(self) -> None:
        kept = self._nodes.idle()
        if kept is not None:
            self._begin(*kept)
        elif self._done is not None:
            self._connect(fresh=False)

    # the request

    def _connect(self, fresh: bool) -> None:
        self._connecting = asyncio.get_running_loop().create_task(self._connected(fresh))

    async def _connected(self, fresh: bool) -> None:
        try:
            node, connection = await self._nodes.connection(self._tried, fresh)
        except NoConnection as error:
            self._over(error)
            return
        self._connecting = None
        self._begin(node, connection)

    def _begin(self, node: Node, connection: Connection) -> None:
        exchange = self._exchange
        if self._sending and self._plain is None:
            self._body += exchange.taken()
        self._goes_by(node, connection)
        if self._plain is not None:
            connection.begin(self, self._plain.addressed(node.origin.authority))
            return
        request = self._head(node.origin) + self._framed(self._body)
        if not self._again:
            self._body = b""
        if self._sending:
            exchange.flow()
        elif self._chunked:
            request += last_chunk(exchange.trailers)
        connection.begin(self, request, bodiless=exchange.method == "HEAD")

    def _goes_by(self, node: Node, connection: Connection) -> None:
        exchange = self._exchange
        self._node, self._connection, self._stale = node, connection, connection.used
        self._sending = self._sending and not exchange.read_whole
        # what was sent only in part cannot be sent again
        self._again = not self._sending and may_be_repeated(exchange.method, exchange.target)

    def _head(self, origin: Origin) -> bytes:
        exchange, headers = self._exchange, self._headers
        sent = [pair for pair in onward(headers) if pair[0].lower() != b"host"]
        if self._chunked:
            sent.append((b"transfer-encoding", b"chunked"))
        if self._sending and exchange.awaits_invitation:
            sent.append((b"expect", b"100-continue"))
        # a signature covers the host that the client named
        host = (is_signed(headers) and header(headers, b"host")) or origin.authority
        first = f"{exchange.method} {origin.path}{exchange.target} HTTP/1.1".encode("latin-1")
        return head_bytes(first, ((b"host", host), *sent))

    def _framed(self, chunk: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(chunk), chunk) if self._chunked and chunk else chunk

    def more(self, chunk: bytes) -> None:
        if self._connection is not None:
            self._connection.write(self._framed(chunk))

    def complete(self) -> None:
        if self._waits:
            self._waits = False
            self._go()
        elif self._connection is not None and self._sending:
            self._sending = False
            if self._chunked:
                self._connection.write(last_chunk(self._exchange.trailers))

    def gone(self) -> None:
        self._over(HungUp())

    # the answer

    def takes_plain(self) -> bool:
        return self._plain is not None and self._exchange.stays

    def parsed(self) -> Relay:
        return self

    def passed(self, data: bytes, last: bool) -> None:
        if not last:
            self._exchange.pass_on(data, False)
            return
        self._give_back()
        done, self._done = self._done, None
        self._exchange.pass_on(data, True)
        if done is not None:
            done(None)

    def informed(self, head: Head) -> None:
        self._exchange.inform(head.status, head.reason, head.headers)

    def began(self, head: Head) -> None:
        sized = header(head.headers, b"content-length") is not None
        self._exchange.begin(head.status, (*onward(head.headers), *self._added), sized, head.reason)

    def chunk(self, data: bytes) -> None:
        self._exchange.write(data)

    def flush(self) -> None:
        self._exchange.flush()

    def ended(self, trailers: Headers) -> None:
        self._give_back()
        done, self._done = self._done, None
        self._exchange.end(trailers)
        if done is not None:
            done(None)

    def failed(self, error: ConnectionError) -> None:
        node, stale = self._node, self._stale
        self._give_back()
        if isinstance(error, Dropped) and node is not None and not stale:
            self._tried.append(node)
            self._nodes.leave_out(node, error)
        if isinstance(error, Dropped) and self._again and self._nodes.left(self._tried):
            self._connect(fresh=True)
            return
        if self._exchange.answered:
            self._exchange.break_off()
        self._over(error)

    # the slower side

    def hold_request(self, held: bool) -> None:
        self._exchange.wait(held)

    def hold_answer(self, held: bool) -> None:
        if self._connection is not None:
            self._connection.pause(held)

    # the end

    def _give_back(self) -> None:
        node, connection = self._node, self._connection
        self._node = self._connection = None
        if node is None or connection is None:
            return
        if self._sending:  # the node answered a request that it has not wholly got
            connection.abort()
        connection.pause(False)
        node.release(connection)

    def _over(self, error: ConnectionError | HungUp | None) -> None:
        done, self._done = self._done, None
        if done is None:
            return
        if self._connecting is not None and self._connecting is not asyncio.current_task():
            self._connecting.cancel()
        if self._connection is not None:
            self._connection.abort()
            self._give_back()
        done(error)


def may_be_repeated(method: str, target: str) -> bool:
    """Whether a node that saw the request and died leaves nothing behind; a scroll moves on with every request."""
    path = target.partition("?")[0]
    reads = method in ("GET", "HEAD", "OPTIONS") or (method == "POST" and path.rpartition("/")[2] in READING)
    return reads and "scroll" not in target
