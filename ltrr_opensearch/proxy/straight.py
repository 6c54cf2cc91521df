"""The commonest exchange, from socket to socket: a plain request that only passes through, and its plain answer.

One object is made for it, which both connections tell what comes. As soon as something is not as usual (the answer
wants a closer look, the node drops it) an `Exchange` and a `Relay` go on in its place: they promise the same, at more
cost (docs/performance.md). What is not usual from the beginning is theirs alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ltrr_opensearch.cluster.connections import Connection, Sink
from ltrr_opensearch.cluster.nodes import Node
from ltrr_opensearch.cluster.plain import plain_request
from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.proxy.exchange import Exchange
from ltrr_opensearch.proxy.metrics import Metrics
from ltrr_opensearch.proxy.passthrough import PassThrough
from ltrr_opensearch.proxy.pressure import Pressure
from ltrr_opensearch.proxy.relay import Relay
from ltrr_opensearch.proxy.routes import OTHER, Kind, Route, route
from ltrr_opensearch.settings import Settings

if TYPE_CHECKING:
    from ltrr_opensearch.proxy.client_connection import ClientConnection


class StraightWay:
    """What all these exchanges of a proxy share."""

    def __init__(
        self, upstream: Upstream, passing: PassThrough, pressure: Pressure, metrics: Metrics, settings: Settings
    ) -> None:
        self._upstream = upstream
        self._passing = passing
        self._pressure = pressure
        self._metrics = metrics
        self._settings = settings
        self.over = pressure.left

    def begin(self, client: ClientConnection, data: bytes) -> bool:
        """Sends on the one request that came; False where it is not for here, and nothing was done."""
        line = client.requests.line(data)
        if line is None or self._pressure.refuses():
            return False
        to = self._route(*line.groups())
        kept = self._upstream.nodes.idle() if to.kind is Kind.OTHER else None
        if kept is None:
            return False
        node, connection = kept
        self._metrics.passed_through(to.reason)
        self._pressure.entered()
        straight = Straight(self, client, data, node, connection)
        client.take(straight)
        connection.begin(straight, client.requests.addressed(data, line.end(), node.origin.authority))
        return True

    def lost(self) -> None:
        self._metrics.hung_up()
        self._pressure.left()

    def relay(self, exchange: Exchange, node: Node, connection: Connection) -> Relay:
        """Goes on with a request that was sent."""
        return self._passing.go_on(exchange, node, connection, self._pressure.left)

    def _route(self, method: bytes, target: bytes) -> Route:
        if b"search" in target or b"/_ltrr/" in target:
            return route(method.decode(), target.partition(b"?")[0].decode(), self._settings)
        return OTHER


class Straight:
    """From its request's having been sent until its answer is written, or somebody else goes on."""

    __slots__ = ("_begun", "_client", "_connection", "_data", "_node", "_way")
    read_whole = True

    def __init__(
        self, way: StraightWay, client: ClientConnection, data: bytes, node: Node, connection: Connection
    ) -> None:
        self._way = way
        self._client = client
        self._data = data
        self._node = node
        self._connection = connection
        self._begun = False
        """Whether the client has a part of the answer."""

    # told by the connection to the node

    def takes_plain(self) -> bool:
        return not self._client.last

    def passed(self, data: bytes, last: bool) -> None:
        self._begun = True
        client = self._client
        if not last:
            client.send(data)
            return
        self._release()
        client.send(data)
        self._way.over()
        client.answered(self, not client.last)

    def parsed(self) -> Sink:
        return self._relay()

    def failed(self, error: ConnectionError) -> None:
        self._relay().failed(error)

    def hold_request(self, held: bool) -> None:
        """What came in one piece is less than a connection holds."""

    # told by the client's connection

    def lost(self) -> None:
        self._connection.abort()
        self._node.release(self._connection)
        self._way.lost()

    def client_full(self, full: bool) -> None:
        self._connection.pause(full)

    def _release(self) -> None:
        if self._client.full:
            self._connection.pause(False)
        self._node.release(self._connection)

    def _relay(self) -> Relay:
        plain = plain_request(self._data)
        assert plain is not None
        exchange = Exchange(self._client, plain.method, plain.target, None, plain=plain)
        exchange.answered = self._begun
        self._client.take(exchange)
        return self._way.relay(exchange, self._node, self._connection)
