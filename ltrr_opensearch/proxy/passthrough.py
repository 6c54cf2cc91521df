"""Relays a request to the cluster and its answer to the client, byte for byte, both while they arrive."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from ltrr_opensearch.cluster.connections import Connection
from ltrr_opensearch.cluster.headers import is_signed, onward, without
from ltrr_opensearch.cluster.nodes import Node
from ltrr_opensearch.cluster.sigv4 import is_relative
from ltrr_opensearch.cluster.upstream import Upstream, UpstreamFailure, failure_of
from ltrr_opensearch.proxy.exchange import Exchange, HungUp
from ltrr_opensearch.proxy.failures import failure
from ltrr_opensearch.proxy.metrics import Metrics
from ltrr_opensearch.proxy.relay import Done, Relay, Sent
from ltrr_opensearch.telemetry.context import asked
from ltrr_opensearch.types import Headers

TOLD = {
    502: "the connection to the cluster broke before its answer was whole; the proxy's log says more",
    503: "the proxy has no connection to the cluster; its log says why",
    504: "the cluster did not answer in time",
}
"""What clients are told of a failure of the cluster, by the status of the answer."""

_log = logging.getLogger(__name__)

SIGNED = (
    b"x-ltrr-warning",
    b"not re-ranked: the request is signed (AWS SigV4), and other requests would need other signatures",
)
SEARCHES = frozenset(("signed", "nothing_ours"))
"""Reasons under which a signed search passes through, alone or in an `_msearch`."""
_AS_IT_CAME = Sent(None, more=True)
_FRAMING = (b"content-length", b"transfer-encoding")


class PassThrough:
    def __init__(self, upstream: Upstream, metrics: Metrics) -> None:
        self._upstream = upstream
        self._metrics = metrics

    def begin(self, exchange: Exchange, reason: str, over: Callable[[], None]) -> None:
        """Relays a request of which nothing was read; returns at once, and tells when it is over."""

        self._relay(exchange, reason, _AS_IT_CAME, self._ended(over))

    def go_on(self, exchange: Exchange, node: Node, connection: Connection, over: Callable[[], None]) -> Relay:
        """The rest of `begin`, for a plain request that was counted and sent over this connection."""
        done = self._watched(exchange, None, self._ended(over))
        relay = Relay(self._upstream.nodes, exchange, _AS_IT_CAME, (), done)
        relay.go_on(node, connection)
        return relay

    async def stream(self, exchange: Exchange, reason: str, head: bytes = b"") -> None:
        """Relays with the body still arriving, after the `head` of it that was already read. Raises `HungUp`."""
        if self.signs:
            await self._signed(exchange, reason, exchange.headers, head)
        else:
            await self._until_over(exchange, reason, Sent(None, head, more=True) if head else _AS_IT_CAME)

    async def whole(self, exchange: Exchange, reason: str, headers: Headers, body: bytes) -> None:
        """Relays with a body that was read to its end. Raises `HungUp`."""
        if self.signs:
            await self._signed(exchange, reason, headers, body)
            return
        fitting = without(headers, _FRAMING)
        if body or exchange.length != 0:
            fitting = (*fitting, (b"content-length", b"%d" % len(body)))
        await self._until_over(exchange, reason, Sent(fitting, body))

    @property
    def signs(self) -> bool:
        """Whether all that passes through is signed with our own role."""
        signer = self._upstream.signer
        return signer is not None and signer.settings.sign == "everything"

    async def _signed(self, exchange: Exchange, reason: str, headers: Headers, head: bytes) -> None:
        """Relays with our signature, which covers the whole body: it has to be read first."""
        signer = self._upstream.signer
        assert signer is not None
        if is_relative(exchange.path):
            refused = failure(400, f"{exchange.path} cannot be signed as it is sent: leave out its . and .. segments")
            await exchange.answer(refused.status, refused.headers, refused.body)
            return
        limit = int(signer.settings.max_body_mb * 2**20)
        rest, complete = await exchange.read(limit - len(head))
        body = head + rest
        if not complete or len(body) > limit:
            refused = failure(413, f"a request that is signed here may have {limit} bytes; cluster.sigv4.max_body_mb")
            await exchange.answer(refused.status, refused.headers, refused.body)
            return
        origin = self._upstream.origins[0]
        plain = without(onward(headers), (b"host", *_FRAMING))
        if body or exchange.length != 0:
            plain = (*plain, (b"content-length", b"%d" % len(body)))
        try:
            key = await self._upstream.key()
        except UpstreamFailure as error:
            self._failed(exchange, error)
            return
        ours = signer.signed(key, exchange.method, origin, exchange.target, plain, body)
        await self._until_over(exchange, reason, Sent(((b"host", origin.authority), *ours), body))

    async def _until_over(self, exchange: Exchange, reason: str, sent: Sent) -> None:
        over = asyncio.get_running_loop().create_future()

        def done(error: ConnectionError | HungUp | None) -> None:
            if over.done():
                return
            if isinstance(error, HungUp):
                over.set_exception(error)
            else:
                over.set_result(None)

        self._relay(exchange, reason, sent, done)
        await over

    def _relay(self, exchange: Exchange, reason: str, sent: Sent, then: Done) -> None:
        self._metrics.passed_through(reason)
        over = self._upstream.relaying(exchange.method, exchange.path, exchange.headers)
        done = self._watched(exchange, over, then)
        unsure = reason in SEARCHES and self._upstream.signer is None
        warning = (SIGNED,) if unsure and is_signed(exchange.headers) else ()
        try:
            nodes = self._upstream.nodes
        except UpstreamFailure as error:
            self._failed(exchange, error)
            done(None)
            return
        Relay(nodes, exchange, sent, warning, done).start()

    def _watched(self, exchange: Exchange, over: Callable[[], None] | None, then: Done) -> Done:
        """Ends the span, if there is one, and answers for a cluster that failed."""

        def done(error: ConnectionError | HungUp | None) -> None:
            if over is not None:
                over()
            if isinstance(error, ConnectionError):
                self._failed(exchange, failure_of(error, self._upstream.name))
            then(error)

        return done

    def _ended(self, over: Callable[[], None]) -> Done:
        def end(error: ConnectionError | HungUp | None) -> None:
            over()
            if isinstance(error, HungUp):
                self._metrics.hung_up()

        return end

    def _failed(self, exchange: Exchange, error: UpstreamFailure) -> None:
        self._metrics.upstream_failed(error.status)
        asked.set(exchange.headers)
        _log.warning("%s %s: %s", exchange.method, exchange.path, error)
        if not exchange.answered:  # a client with half an answer was told by the broken connection
            answer = failure(error.status, TOLD[error.status])  # the addresses of nodes are no client's to know
            exchange.reply(answer.status, answer.headers, answer.body)
