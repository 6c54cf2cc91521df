"""Turns settings into parts: the only place, beside the command line, that names concrete ones."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError, OpenSearchException

from ltrr_opensearch.admin_settings import token_of
from ltrr_opensearch.answer.pages import PageMemory
from ltrr_opensearch.choose.registry import build_policy
from ltrr_opensearch.cluster.admin import connect
from ltrr_opensearch.cluster.capabilities import detect
from ltrr_opensearch.cluster.feature_logging import FeatureLogging, LtrPlugin, NamedScores
from ltrr_opensearch.cluster.model_scores import ModelScores
from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.engine import Engine, Limits
from ltrr_opensearch.errors import ClusterError, Unreachable
from ltrr_opensearch.fuse.rrf import Rrf
from ltrr_opensearch.fuse.weighted import Weighted
from ltrr_opensearch.index.backfill import key_field
from ltrr_opensearch.index.jobs import JobStore, serving_field
from ltrr_opensearch.knowledge.aggregates import Aggregates
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.memory import Memory
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.log.sink import DecisionSink
from ltrr_opensearch.log.writer import Writer
from ltrr_opensearch.logged import Part
from ltrr_opensearch.plan.registry import build_strategies
from ltrr_opensearch.protocols import Encoder, Fusion, Ranker
from ltrr_opensearch.proxy.admin import AdminApp
from ltrr_opensearch.proxy.app import ProxyApp, Running
from ltrr_opensearch.proxy.explain import DecisionLookup
from ltrr_opensearch.proxy.guard import Guard
from ltrr_opensearch.proxy.health import Health
from ltrr_opensearch.proxy.metrics import Metrics
from ltrr_opensearch.rank.feature_sets import FeatureSet, derive
from ltrr_opensearch.rank.in_cluster import CLUSTER_MODEL, ClusterRanker
from ltrr_opensearch.rank.load import load_built_in, load_ranker, verify_ranker
from ltrr_opensearch.rank.rows import feature_names
from ltrr_opensearch.release.running import RunningReleases
from ltrr_opensearch.release.store import Release, ReleaseStore
from ltrr_opensearch.retrieve.fan_out import FanOut, Logged
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.settings import FusionSettings, IndexSettings, Settings
from ltrr_opensearch.understand.encoders import load_encoder
from ltrr_opensearch.understand.query_encoder import QueryEncoder

KEPT_ORDERS = 10_000
"""Searches whose order is remembered for their next pages."""
KEPT_SECONDS = 600.0
SAMPLE = 200
"""Documents on which an `id_field` is proven."""

NOT_ANSWERED = (ClusterError, OpenSearchException)

log = logging.getLogger(__name__)


def proxy(settings: Settings) -> tuple[ProxyApp, AdminApp]:
    """The proxy and its operators' side. Nothing is connected before the server starts them."""
    metrics = Metrics()
    upstream = Upstream(settings.cluster)
    writer = Writer(settings.cluster, settings.log)
    store = ReleaseStore(connect(settings.cluster), settings.state.prefix)
    encoder = _query_encoder(settings)
    builder = ServingBuilder(settings, connect(settings.cluster), encoder and encoder[0])
    releases = RunningReleases(store, tuple(settings.indexes), _told(builder, metrics), settings.serve.poll_s)
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
    return app, AdminApp(Health(upstream), metrics, DecisionLookup(upstream, settings), guard)


def limits(settings: Settings) -> Limits:
    return Limits(
        deadline_ms=settings.serve.deadline_ms,
        window=settings.serve.window,
        rank_depth=settings.serve.rank_depth,
        secret=settings.state.secret.get_secret_value(),
        feature_sample=settings.log.feature_sample,
    )


class ServingBuilder:
    """Builds what serves an index: from a release, or cold before there is one. Blocking; called off the event loop."""

    def __init__(self, settings: Settings, client: OpenSearch, encoder: Encoder | None) -> None:
        self._settings = settings
        self._client = client
        self._encoder = encoder
        self._cold: dict[str, Serving] = {}
        self._unsure: set[str] = set()
        """Indexes of which something could not be asked of the cluster."""

    def cold(self, key: str) -> Serving:
        if key not in self._cold:
            self._cold[key] = self._build(key, "none", {})
        return self._cold[key]

    def again(self) -> None:
        """Asks the cluster again for what it could not be asked when a cold start was built."""
        for key in self._unsure & self._cold.keys():
            self._unsure.discard(key)
            self._cold[key] = self._build(key, "none", {})

    def _doubt(self, key: str, error: Exception) -> None:
        """A refusal stands; a cluster that was away or not well may answer later."""
        status = getattr(error, "status_code", None)
        if isinstance(error, Unreachable) or (isinstance(status, int) and status >= HTTPStatus.TOO_MANY_REQUESTS):
            self._unsure.add(key)

    def of_release(self, release: Release) -> Serving:
        return self._build(release.index, release.id, release.parts)

    def _build(self, key: str, release: str, parts: Mapping[str, Part]) -> Serving:
        index, hidden = self._searchable(key)
        index = index.model_copy(update={"id_field": self._proven(key, index.id_field)})
        knowledge = knowledge_of(parts)
        ranker, logged = self._ranking(key, index, parts.get("ranker"))
        columns = feature_names(index)
        if ranker:
            columns += tuple(name for name in ranker.features if name not in columns)
        return Serving(
            key=key,
            index=index,
            choose=self._settings.choose,
            release=release,
            phase="live" if "policy" in parts else "cold",
            knowledge=knowledge,
            strategies=build_strategies(index, knowledge),
            policy=build_policy(self._settings.choose, parts.get("policy")),
            fusion=fusion_of(index.fusion),
            ranker=ranker,
            columns=columns,
            logged=logged,
            hidden=hidden,
        )

    def _searchable(self, key: str) -> tuple[IndexSettings, tuple[str, ...]]:
        """The index with the vector field that this proxy's encoder filled (none while it is still being filled)."""
        index = self._settings.indexes[key]
        if index.vector is None or not index.vector.backfill or self._encoder is None:
            return index, ()
        prefix, base = self._settings.state.prefix, index.vector.field
        try:
            written = JobStore(self._client, prefix).vector_fields(key).by_encoder.values()
            field = serving_field(self._client, prefix, key, self._encoder.digest, base)
        except NOT_ANSWERED as error:
            log.warning("index %r: cannot tell which vector field is complete (%s); taking %s", key, error, base)
            self._doubt(key, error)
            return index, _with_keys({base})
        hidden = _with_keys({base, *(f.name for f in written)})
        if field is None:
            log.warning("index %r: its vectors are still being written; no dense retrieval until a restart", key)
            return without_vectors(index), hidden
        return index.model_copy(update={"vector": index.vector.model_copy(update={"field": field})}), hidden

    def _proven(self, key: str, field: str | None) -> str | None:
        """The field that is said to repeat each document's `_id`, if it does so in a sample."""
        if field is None:
            return None
        body = {"size": SAMPLE, "_source": False, "docvalue_fields": [field]}
        try:
            hits = self._client.search(index=key, body=body)["hits"]["hits"]
        except NOT_ANSWERED as error:
            log.warning("index %r: id_field %s cannot be read (%s); ids come from stored fields", key, field, error)
            self._doubt(key, error)
            return None
        odd = [h["_id"] for h in hits if "_routing" in h or h.get("fields", {}).get(field) != [h["_id"]]]
        if odd:
            log.warning("index %r: id_field %s does not repeat _id of %s; it is not used", key, field, odd[0])
        return None if odd else field

    def _feature_logging(self, key: str, features: FeatureSet) -> FeatureLogging:
        """The plugin's way where the plugin has our feature set; the core's own otherwise."""
        try:
            if detect(self._client).ltr:
                self._client.transport.perform_request("GET", f"/_ltr/_featureset/{features.name}")
                return LtrPlugin()
        except NotFoundError:
            log.warning("the LTR plugin lacks the feature set %s; run ltrr setup", features.name)
        except NOT_ANSWERED as error:
            log.warning("cannot tell whether the cluster has the LTR plugin: %s", error)
            self._doubt(key, error)
        return NamedScores()

    def _ranking(self, key: str, index: IndexSettings, part: Part | None) -> tuple[Ranker | None, Logged]:
        """The ranker, and how the features are logged that it reads."""
        features = derive(index)
        way = self._feature_logging(key, features)
        logged = Logged(features, way, id_field=index.id_field if isinstance(way, NamedScores) else None)
        if part is None:
            return None, logged
        verify_ranker(part)
        model = self._cluster_model(part, logged)
        if model is None:
            return load_ranker(part), logged
        ranker = ClusterRanker(load_built_in(part), features.names)
        return ranker, Logged(features, ModelScores(model), otherwise=logged.way)

    def _cluster_model(self, part: Part, logged: Logged) -> str | None:
        """The ranker's model in the LTR plugin; None where it runs here, on purpose or for want of the plugin."""
        model: str | None = part.meta.get(CLUSTER_MODEL)
        if model is None:
            return None
        if isinstance(logged.way, LtrPlugin) and part.meta["feature_set"] == logged.features.version:
            try:
                self._client.transport.perform_request("GET", f"/_ltr/_model/{model}")
            except NOT_ANSWERED as error:
                log.warning("the ranker of index %r runs in the proxy: no model %s: %s", part.index, model, error)
                return None
            return model
        log.warning("the ranker of index %r runs in the proxy: %s has other features", part.index, model)
        return None


def _with_keys(fields: Collection[str]) -> tuple[str, ...]:
    """Vector fields, and the keys of what was embedded, which stand beside them in our documents."""
    return tuple(sorted({*fields, *map(key_field, fields)}))


def without_vectors(index: IndexSettings) -> IndexSettings:
    strategies = tuple(s for s in index.strategies if s.use != "knn")
    return index.model_copy(update={"vector": None, "strategies": strategies})


def knowledge_of(parts: Mapping[str, Part]) -> Knowledge:
    """The snapshot that the parts hold; what is not published yet is empty."""
    empty = Knowledge.empty()
    return Knowledge(
        memory=Memory.from_bytes(parts["memory"].payload) if "memory" in parts else empty.memory,
        gazetteer=Gazetteer.from_bytes(parts["gazetteer"].payload) if "gazetteer" in parts else empty.gazetteer,
        aggregates=Aggregates.from_bytes(parts["aggregates"].payload) if "aggregates" in parts else empty.aggregates,
    )


def fusion_of(settings: FusionSettings) -> Fusion:
    if settings.use == "weighted":
        return Weighted(settings.weights)
    return Rrf(settings.rank_constant, settings.weights)


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
