"""Turns settings into parts: the only place, beside the command line, that names concrete ones."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from ltrr_opensearch.admin_settings import token_of
from ltrr_opensearch.answer.pages import PageMemory
from ltrr_opensearch.build_serving import ServingBuilder
from ltrr_opensearch.cluster.admin import connect
from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.engine import Engine, Limits
from ltrr_opensearch.log.sink import DecisionSink
from ltrr_opensearch.log.writer import Writer
from ltrr_opensearch.protocols import Encoder
from ltrr_opensearch.proxy.admin import AdminApp
from ltrr_opensearch.proxy.app import ProxyApp, Running
from ltrr_opensearch.proxy.explain import DecisionLookup
from ltrr_opensearch.proxy.guard import Guard
from ltrr_opensearch.proxy.health import Health
from ltrr_opensearch.proxy.metrics import Metrics
from ltrr_opensearch.release.running import RunningReleases
from ltrr_opensearch.release.store import Release, ReleaseStore
from ltrr_opensearch.retrieve.fan_out import FanOut
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.understand.encoders import load_encoder
from ltrr_opensearch.understand.query_encoder import QueryEncoder

KEPT_ORDERS = 10_000
"""Searches whose order is remembered for their next pages."""
KEPT_SECONDS = 600.0

log = logging.getLogger(__name__)


def proxy(settings: Settings) -> tuple[ProxyApp, AdminApp]:
    """The proxy and its operators' side. Nothing is connected before the server starts them."""
    metrics = Metrics()
    upstream = Upstream(settings.cluster)
    writer = Writer(settings.cluster, settings.log)
    store = ReleaseStore(connect(settings.cluster), settings.state.prefix)
    encoder = _query_encoder(settings)
    builder = ServingBuilder(settings, connect(settings.cluster), encoder and encoder[0])
    releases = RunningReleases(
        store, tuple(settings.indexes), _told(builder, metrics), settings.serve.poll_s, metrics.release_failed
    )
    engine = Engine(
        fan_out=FanOut(upstream, settings.serve.deadline_ms),
        serving=lambda key: releases.current(key) or builder.cold(key),
        encoder=encoder and encoder[1],
        record=DecisionSink(writer, settings.state, settings.log),
        observer=metrics,
        pages=PageMemory(KEPT_ORDERS, KEPT_SECONDS, time.monotonic),
        limits=limits(settings),
    )
    polled = _polled(releases, builder, tuple(settings.indexes), settings.serve.poll_s)
    beside = (_written(writer), _drained(engine), polled)
    app = ProxyApp(engine, upstream, writer, settings, metrics, beside)
    guard = Guard(token_of(settings.admin), settings.admin.open_health)
    return app, AdminApp(Health(upstream, lambda: releases.faults), metrics, DecisionLookup(upstream, settings), guard)


def limits(settings: Settings) -> Limits:
    return Limits(
        deadline_ms=settings.serve.deadline_ms,
        window=settings.serve.window,
        rank_depth=settings.serve.rank_depth,
        secret=settings.state.secret.get_secret_value(),
        feature_sample=settings.log.feature_sample,
    )


def _query_encoder(settings: Settings) -> tuple[Encoder, QueryEncoder] | None:
    dimensions = {index.vector.dimension for index in settings.indexes.values() if index.vector}
    if settings.encoder.model is None or not dimensions:
        return None
    encoder = load_encoder(settings.encoder, min(dimensions))
    encoder.encode(["the first encoding is slow: let it be ours"])
    return encoder, QueryEncoder(encoder, settings.encoder.cache_texts)


def _told(builder: ServingBuilder, metrics: Metrics) -> Callable[[Release], Serving]:
    def build(release: Release) -> Serving:
        serving = builder.of_release(release)
        metrics.release(release.index, release.id)
        return serving

    return build


def _written(writer: Writer) -> Running:
    @asynccontextmanager
    async def run() -> AsyncIterator[None]:
        await writer.start()
        try:
            yield
        finally:
            await writer.close()

    return run


def _drained(engine: Engine) -> Running:
    @asynccontextmanager
    async def run() -> AsyncIterator[None]:
        try:
            yield
        finally:
            await engine.drain()

    return run


def _polled(
    releases: RunningReleases[Serving], builder: ServingBuilder, keys: tuple[str, ...], poll_s: float
) -> Running:
    async def keep_asking() -> None:
        while True:
            await asyncio.sleep(poll_s)
            await asyncio.to_thread(builder.again)

    @asynccontextmanager
    async def run() -> AsyncIterator[None]:
        for key in keys:
            await asyncio.to_thread(builder.cold, key)
        await releases.start()
        asking = asyncio.create_task(keep_asking())
        try:
            yield
        finally:
            asking.cancel()
            await releases.close()

    return run
