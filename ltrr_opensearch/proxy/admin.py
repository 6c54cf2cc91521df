"""The operator's own port: health, metrics, and why a search was answered as it was. Not for browsers or clients.

Who may ask is the guard's to say (`guard.py`); a request that it refuses reaches no route.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol
from urllib.parse import unquote

import orjson
from prometheus_client import CONTENT_TYPE_LATEST

from ltrr_opensearch.errors import LtrrError
from ltrr_opensearch.proxy.exchange import Exchange
from ltrr_opensearch.proxy.failures import failure
from ltrr_opensearch.proxy.guard import Guard, bare
from ltrr_opensearch.proxy.health import Health
from ltrr_opensearch.types import Answer, Json

Explain = Callable[[str], Awaitable[Json | None]]
"""query_id -> the logged decision, or None where there is none."""

LOCAL = Guard()
_EXPLAIN = "/_ltrr/explain/"
_JSON = ((b"content-type", b"application/json; charset=UTF-8"),)
_METRICS = ((b"content-type", CONTENT_TYPE_LATEST.encode()),)


class Exposed(Protocol):
    """The metrics, of this process or of several."""

    def exposition(self) -> bytes: ...


class AdminApp:
    def __init__(self, health: Health, metrics: Exposed, explain: Explain, guard: Guard = LOCAL) -> None:
        self.health = health
        self._guard = guard
        self._metrics = metrics
        self._explain = explain

    async def __call__(self, exchange: Exchange) -> None:
        answer = await self._guarded(exchange)
        await exchange.answer(answer.status, answer.headers, answer.body)

    async def _guarded(self, exchange: Exchange) -> Answer:
        refusal = self._guard.refusal(exchange.headers)
        if refusal is None:
            return await self._answer(exchange)
        return bare(await self._answer(exchange)) if self._guard.says_status(exchange.path) else refusal

    async def _answer(self, exchange: Exchange) -> Answer:
        if exchange.method not in ("GET", "HEAD"):
            return failure(405, "only GET")
        match exchange.path:
            case "/_ltrr/health/live":
                return Answer(200, _JSON, orjson.dumps({"status": "live"}))
            case "/_ltrr/health/ready":
                ready = await self.health.ready()
                return Answer(200 if ready.ok else 503, _JSON, orjson.dumps(ready))
            case "/_ltrr/metrics":
                return Answer(200, _METRICS, self._metrics.exposition())
            case path if path.startswith(_EXPLAIN):
                return await self._explained(unquote(path.removeprefix(_EXPLAIN)))
        return failure(404, f"no such route: {exchange.path}; there are health/live, health/ready, metrics, explain/ID")

    async def _explained(self, query_id: str) -> Answer:
        try:
            decision = await self._explain(query_id)
        except LtrrError as error:
            return failure(503, str(error))
        if decision is None:
            return failure(404, f"no decision is logged for query_id {query_id!r}; it may be too new or expired")
        return Answer(200, _JSON, orjson.dumps(decision))
