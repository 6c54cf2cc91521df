"""Relays a request to the cluster and its answer to the client, byte for byte, both while they arrive."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

from ltrr_opensearch.cluster.headers import is_signed
from ltrr_opensearch.cluster.upstream import Upstream, UpstreamFailure
from ltrr_opensearch.proxy.exchange import Exchange, joined
from ltrr_opensearch.proxy.failures import failure
from ltrr_opensearch.proxy.metrics import Metrics
from ltrr_opensearch.types import Headers

_log = logging.getLogger(__name__)

SIGNED = (
    b"x-ltrr-warning",
    b"not re-ranked: the request is signed (AWS SigV4), and other requests would need other signatures",
)
SEARCHES = frozenset(("signed", "nothing_ours"))
"""Reasons under which a signed search passes through, alone or in an `_msearch`."""
SMALL_BODY = 64 * 1024
"""Bytes; a body of at most this declared length is read before it is sent on, which saves a task a request."""


class PassThrough:
    def __init__(self, upstream: Upstream, metrics: Metrics) -> None:
        self._upstream = upstream
        self._metrics = metrics

    async def stream(self, exchange: Exchange, reason: str, head: bytes = b"") -> None:
        """Relays with the body still arriving, after the `head` of it that was already read."""
        length = exchange.length
        if length is not None and length <= SMALL_BODY:
            rest, _ = await exchange.read(SMALL_BODY)
            await self._relay(exchange, reason, exchange.headers, (head + rest) or None)
        else:
            await self._relay(exchange, reason, exchange.headers, joined(head, exchange.chunks()))

    async def whole(self, exchange: Exchange, reason: str, headers: Headers, body: bytes) -> None:
        """Relays with a body that was read to its end; `headers` are the client's, or fit a changed body."""
        await self._relay(exchange, reason, headers, body or None)

    async def _relay(
        self, exchange: Exchange, reason: str, headers: Headers, body: bytes | AsyncIterator[bytes] | None
    ) -> None:
        self._metrics.passed_through(reason)
        try:
            async with (
                exchange.while_connected(),
                self._upstream.stream(exchange.method, exchange.target, headers, body) as reply,
            ):
                warning = (SIGNED,) if reason in SEARCHES and is_signed(exchange.headers) else ()
                await exchange.start(reply.status, (*reply.headers, *warning))
                async for chunk in reply.content.iter_any():
                    await exchange.body(chunk, more=not reply.content.at_eof())
                    if reply.content.at_eof():
                        return
                await exchange.body(b"")
        except UpstreamFailure as error:
            self._metrics.upstream_failed(error.status)
            _log.warning("%s %s: %s", exchange.method, exchange.path, error)
            if exchange.answered:
                raise  # the client has half an answer: only a broken connection can tell it so
            answer = failure(error.status, str(error))
            await exchange.answer(answer.status, answer.headers, answer.body)
