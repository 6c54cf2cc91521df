"""Turns settings into parts: the only place, beside the command line, that names concrete ones."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from ltrr_opensearch.admin_settings import token_of
from ltrr_opensearch.beside import in_force, sampled, told, warmed
from ltrr_opensearch.build_serving import ServingBuilder
from ltrr_opensearch.cluster.admin import connect
from ltrr_opensearch.cluster.headers import own_account
from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.engine import Engine, Limits
from ltrr_opensearch.log.set_up import SetUp
from ltrr_opensearch.log.sink import DecisionSink
from ltrr_opensearch.log.writer import Writer
from ltrr_opensearch.paging.build import orders, shared_pages
from ltrr_opensearch.phased import InPhases
from ltrr_opensearch.proxy.admin import AdminApp, Exposed
from ltrr_opensearch.proxy.app import ProxyApp, Running
from ltrr_opensearch.proxy.explain import DecisionLookup
from ltrr_opensearch.proxy.guard import Guard
from ltrr_opensearch.proxy.health import Health
from ltrr_opensearch.proxy.metrics import Metrics
from ltrr_opensearch.proxy.switch import Switch
from ltrr_opensearch.release.phases import PhaseStore
from ltrr_opensearch.release.rules import RuleStore
from ltrr_opensearch.release.running import RunningReleases
from ltrr_opensearch.release.running_phases import RunningPhases
from ltrr_opensearch.release.running_rules import RunningRules
from ltrr_opensearch.release.store import Release, ReleaseStore
from ltrr_opensearch.retrieve.fan_out import FanOut
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.stages import Pairs
from ltrr_opensearch.telemetry.watch import NoSpans, Spans, Watch
from ltrr_opensearch.understand.batched import Batched
from ltrr_opensearch.understand.cross_encoder import LatePairs, PairScorer
from ltrr_opensearch.understand.encoders import load_encoder
from ltrr_opensearch.understand.late_encoder import LateEncoder, LateSparseEncoder
from ltrr_opensearch.understand.query_encoder import QueryEncoder
from ltrr_opensearch.understand.sparse_encoders import load_sparse_encoder

log = logging.getLogger(__name__)


def proxy(settings: Settings) -> tuple[ProxyApp, AdminApp]:
    """The proxy and its operators' side. Nothing is connected or loaded before the server starts them."""
    metrics = Metrics()
    upstream, spans = upstream_and_spans(settings)
    watch = Watch(metrics, settings.serve.slow_ms, spans)
    set_up = SetUp(upstream, settings.state, own_account(settings.cluster), needed=bool(settings.indexes))
    writer = Writer(settings.cluster, settings.log, set_up)
    store = ReleaseStore(connect(settings.cluster), settings.state.prefix)
    encoder = _late_encoder(settings)
    sparse = _late_sparse_encoder(settings)
    builder = ServingBuilder(settings, connect(settings.cluster), encoder, sparse)
    releases = RunningReleases(
        store, tuple(settings.indexes), _told(builder, metrics), settings.serve.poll_s, metrics.release_failed
    )
    phases = _phases(settings, metrics)
    rules = _rules(settings)
    late = {key: LatePairs(index.second_stage) for key, index in settings.indexes.items() if index.second_stage}
    shared = shared_pages(settings, upstream, metrics.fallback, lambda: set_up.done)
    engine = Engine(
        fan_out=FanOut(upstream, settings.serve.deadline_ms),
        serving=InPhases(lambda key: releases.current(key) or builder.cold(key), phases.current, settings.phases),
        encoder=QueryEncoder(encoder, settings.encoder.cache_texts) if encoder else None,
        record=DecisionSink(writer, settings.state, settings.log),
        observer=watch,
        orders=orders(settings, shared),
        limits=limits(settings),
        rules=rules.current,
        pairs={key: pairs_of(settings, key, scorer) for key, scorer in late.items()},
        sparse=QueryEncoder(sparse, settings.sparse_encoder.cache_texts) if sparse else None,
    )
    polled = _polled(releases, builder, tuple(settings.indexes), settings.serve.poll_s)
    switch, warm = _switch(settings, upstream, metrics, set_up), asyncio.Event()
    loaded = tuple(map(warmed, (*((encoder,) if encoder else ()), *((sparse,) if sparse else ()), *late.values())))
    paged = (shared.running,) if shared else ()
    recorded = (*paged, sampled(metrics, writer), _written(writer), _drained(engine))
    beside = (
        *loaded,
        switch.run,
        *recorded,
        phases.run,
        rules.run,
        polled,
        told(warm),
    )  # the switch first: it sees what was set up
    app = ProxyApp(watch.around(engine), upstream, writer, settings, metrics, beside, switch.is_off)

    def faults() -> list[str]:
        return [*switch.faults, *set_up.faults, *releases.faults, *phases.faults, *rules.faults]

    health = Health(upstream, faults, lambda: switch.off, lambda: int(warm.is_set()))
    return app, operators(settings, upstream, health, metrics)


def operators(settings: Settings, upstream: Upstream, health: Health, exposed: Exposed) -> AdminApp:
    """The operators' side, of one process or of several."""
    guard = Guard(token_of(settings.admin), settings.admin.open_health)
    return AdminApp(health, exposed, DecisionLookup(upstream, settings), guard)


def upstream_and_spans(settings: Settings) -> tuple[Upstream, Spans]:
    """The way to the cluster; with spans, each of its requests is one."""
    if not settings.serve.spans:
        return Upstream(settings.cluster), NoSpans()
    from ltrr_opensearch.telemetry.otel import OpenTelemetrySpans, TracedUpstream, exporting_tracer

    tracer = exporting_tracer()
    return TracedUpstream(settings.cluster, tracer), OpenTelemetrySpans(tracer)


def _switch(settings: Settings, upstream: Upstream, metrics: Metrics, set_up: SetUp) -> Switch:
    prefix, keys = settings.state.prefix, tuple(settings.indexes)
    account, poll_s = own_account(settings.cluster), settings.serve.switch_poll_ms / 1000
    return Switch(upstream, prefix, account, keys, poll_s, metrics.switched, set_up.seen)


def _phases(settings: Settings, metrics: Metrics) -> RunningPhases:
    store = PhaseStore(connect(settings.cluster), settings.state.prefix, settings.phases.first)
    return RunningPhases(store.phase, tuple(settings.indexes), settings.serve.poll_s, metrics.phase)


def pairs_of(settings: Settings, key: str, scorer: PairScorer) -> Pairs:
    """The second stage of an index while it serves."""
    second = settings.indexes[key].second_stage
    assert second is not None
    return Batched(scorer.score, second.cache_pairs, "second_stage")


def _rules(settings: Settings) -> RunningRules:
    store = RuleStore(connect(settings.cluster), settings.state.prefix)
    return RunningRules(store, {key: index.rules for key, index in settings.indexes.items()}, settings.serve.poll_s)


def limits(settings: Settings) -> Limits:
    return Limits(
        deadline_ms=settings.serve.deadline_ms,
        rank_depth=settings.serve.rank_depth,
        secret=settings.state.secret.get_secret_value(),
        feature_sample=settings.log.feature_sample,
        explain_ms=settings.serve.deadline_ms,
    )


def _late_encoder(settings: Settings) -> LateEncoder | None:
    dimensions = {index.vector.dimension for index in settings.indexes.values() if index.vector}
    if settings.encoder.model is None or not dimensions:
        return None
    return LateEncoder(lambda: load_encoder(settings.encoder, min(dimensions)))


def _late_sparse_encoder(settings: Settings) -> LateSparseEncoder | None:
    if settings.sparse_encoder.model is None or not any(index.sparse for index in settings.indexes.values()):
        return None
    return LateSparseEncoder(lambda: load_sparse_encoder(settings.sparse_encoder))


def _told(builder: ServingBuilder, metrics: Metrics) -> Callable[[Release], Serving]:
    def build(release: Release) -> Serving:
        serving = builder.of_release(release)
        in_force(metrics, release)
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
