"""The proxy as an ASGI application: from a request to whoever answers it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.errors import LtrrError
from ltrr_opensearch.proxy.exchange import Exchange, HungUp, Receive, Scope, Send
from ltrr_opensearch.proxy.feedback import EventSink, FeedbackEndpoint
from ltrr_opensearch.proxy.metrics import Metrics
from ltrr_opensearch.proxy.msearch import MultiSearchEndpoint
from ltrr_opensearch.proxy.passthrough import PassThrough
from ltrr_opensearch.proxy.routes import Kind, Route, route
from ltrr_opensearch.proxy.search import Reader, SearchEndpoint, Searcher, utc_now
from ltrr_opensearch.settings import Settings

_log = logging.getLogger(__name__)

Running = Callable[[], AbstractAsyncContextManager[None]]
"""Something that runs beside the proxy, from before its first request to after its last."""


class ProxyApp:
    """`feedback` keeps posted events; `beside` are the writer, the poller of releases and the like."""

    def __init__(
        self,
        engine: Searcher,
        upstream: Upstream,
        feedback: EventSink,
        settings: Settings,
        metrics: Metrics,
        beside: Sequence[Running] = (),
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._beside = (_pool(upstream), *beside)
        largest = int(settings.serve.max_search_kb * 1024)
        reader = Reader(settings)
        self._passing = PassThrough(upstream, metrics)
        self._search = SearchEndpoint(engine, reader, self._passing, metrics, largest)
        self._multi_search = MultiSearchEndpoint(self._search, reader, upstream, self._passing, metrics, largest)
        self._feedback = FeedbackEndpoint(feedback, settings.state.ubi_events, metrics, utc_now)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await lifespan(self._beside, receive, send)
        elif scope["type"] == "http":
            exchange = Exchange(scope, receive, send)
            try:
                await self._handle(exchange, route(exchange.method, exchange.path, self._settings))
            except HungUp:
                self._metrics.hung_up()

    def _handle(self, exchange: Exchange, to: Route) -> Awaitable[None]:
        match to.kind:
            case Kind.SEARCH:
                return self._search.handle(exchange, to.target)
            case Kind.MULTI_SEARCH:
                return self._multi_search.handle(exchange, to.target)
            case Kind.EVENTS:
                return self._feedback.handle(exchange)
            case Kind.OTHER:
                return self._passing.stream(exchange, to.reason)


def _pool(upstream: Upstream) -> Running:
    @asynccontextmanager
    async def opened() -> AsyncIterator[None]:
        await upstream.open()
        try:
            yield
        finally:
            await upstream.close()

    return opened


async def lifespan(running: Sequence[Running], receive: Receive, send: Send) -> None:
    """Starts what runs beside in its order and stops it in reverse; a failure to start stops the server, with why."""
    async with AsyncExitStack() as stack:
        await receive()
        try:
            for each in running:
                await stack.enter_async_context(each())
        except Exception as error:
            bug = None if isinstance(error, LtrrError) else error
            _log.error("the proxy cannot start: %s", error, exc_info=bug)
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
    await send({"type": "lifespan.shutdown.complete"})
