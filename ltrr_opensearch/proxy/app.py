"""From a request to whoever answers it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.log.privacy import privacy_of
from ltrr_opensearch.proxy.exchange import Exchange, HungUp
from ltrr_opensearch.proxy.feedback import EventSink, FeedbackEndpoint
from ltrr_opensearch.proxy.metrics import Metrics
from ltrr_opensearch.proxy.msearch import MultiSearchEndpoint
from ltrr_opensearch.proxy.passthrough import PassThrough
from ltrr_opensearch.proxy.pressure import Pressure
from ltrr_opensearch.proxy.routes import Kind, Route, route
from ltrr_opensearch.proxy.search import Reader, SearchEndpoint, Searcher, utc_now
from ltrr_opensearch.proxy.straight import StraightWay
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.telemetry.context import asked

Running = Callable[[], AbstractAsyncContextManager[None]]
"""Something that runs beside the proxy, from before its first request to after its last."""


class ProxyApp:
    """`feedback` keeps posted events; `beside` are the writer, the poller of releases and the like; `is_off` says for
    an index's key whether the kill switch is turned. Under pressure searches are shed and then requests refused.
    """

    def __init__(
        self,
        engine: Searcher,
        upstream: Upstream,
        feedback: EventSink,
        settings: Settings,
        metrics: Metrics,
        beside: Sequence[Running] = (),
        is_off: Callable[[str], bool] = frozenset[str]().__contains__,
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._pressure = pressure = Pressure(settings.serve.limits)
        metrics.sampled_by(lambda: metrics.load(pressure.requests, pressure.tasks, pressure.delay_s))
        self._beside = (_pool(upstream), pressure.running, *beside)
        largest = int(settings.serve.max_search_kb * 1024)
        reader = Reader(settings, is_off=is_off, sheds=self._sheds)
        self._passing = PassThrough(upstream, metrics)
        straight = StraightWay(upstream, self._passing, pressure, metrics, settings)
        whole_heads = self._passing.signs or upstream.traces or any(origin.path for origin in upstream.origins)
        self.straight = None if whole_heads else straight
        """For requests that need no coroutine; None where every head must be read or changed."""
        self._search = SearchEndpoint(pressure.around(engine), reader, self._passing, metrics, largest)
        self._multi_search = MultiSearchEndpoint(self._search, reader, upstream, self._passing, metrics, largest)
        self._feedback = FeedbackEndpoint(
            feedback,
            settings.state.ubi_events,
            metrics,
            utc_now,
            privacy_of(settings.log, settings.state),
            settings.serve.event_origins,
        )

    def __call__(self, exchange: Exchange) -> Coroutine[Any, Any, None] | None:
        if reason := self._pressure.refuses():
            self._metrics.refused(reason)
            refusal = self._pressure.refusal(reason)
            exchange.reply(refusal.status, refusal.headers, refusal.body)
            return None
        to = route(exchange.method, exchange.path, self._settings)
        if to.kind is Kind.OTHER and not self._passing.signs:
            self._pressure.entered()
            self._passing.begin(exchange, to.reason, self._pressure.left)
            return None
        asked.set(exchange.headers)
        return self._counted(exchange, to)

    async def _counted(self, exchange: Exchange, to: Route) -> None:
        self._pressure.entered()
        try:
            await self._handle(exchange, to)
        except HungUp:
            self._metrics.hung_up()
        finally:
            self._pressure.left()

    def _sheds(self, key: str) -> bool:
        if not self._pressure.sheds():
            return False
        self._metrics.shed(key)
        return True

    def _handle(self, exchange: Exchange, to: Route) -> Coroutine[Any, Any, None]:
        match to.kind:
            case Kind.SEARCH:
                return self._search.handle(exchange, to.target)
            case Kind.MULTI_SEARCH:
                return self._multi_search.handle(exchange, to.target)
            case Kind.EVENTS:
                return self._feedback.handle(exchange)
            case Kind.OTHER:
                return self._passing.stream(exchange, to.reason)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Starts what runs beside in its order, and stops it in reverse."""
        async with AsyncExitStack() as stack:
            for each in self._beside:
                await stack.enter_async_context(each())
            yield


def _pool(upstream: Upstream) -> Running:
    @asynccontextmanager
    async def opened() -> AsyncIterator[None]:
        await upstream.open()
        try:
            yield
        finally:
            await upstream.close()

    return opened
