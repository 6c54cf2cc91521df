"""What serves an index, put together from the settings and a release, or cold before there is one. Blocking."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import TypeVar

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError, OpenSearchException

from ltrr_opensearch.build_arms import LEARNED, arms_of
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.registry import build_policy
from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.cluster.capabilities import has_ltr
from ltrr_opensearch.cluster.feature_logging import FeatureLogging, LtrPlugin, NamedScores
from ltrr_opensearch.cluster.model_scores import ModelScores
from ltrr_opensearch.errors import ClusterError, ModelError, Unreachable
from ltrr_opensearch.fuse.rrf import Rrf
from ltrr_opensearch.fuse.weighted import Weighted
from ltrr_opensearch.hypotheses.published import domains_in, weights_of
from ltrr_opensearch.hypotheses.rerank import Reranker
from ltrr_opensearch.index.backfill import key_field
from ltrr_opensearch.index.fillers import DENSE, SPARSE
from ltrr_opensearch.index.jobs import JobStore, serving_field
from ltrr_opensearch.index_settings import FusionSettings, IndexSettings
from ltrr_opensearch.knowledge.aggregates import Aggregates
from ltrr_opensearch.knowledge.exposure import Exposure
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.memory import Memory
from ltrr_opensearch.knowledge.personal import PersonalMemory
from ltrr_opensearch.knowledge.popularity import Popularity
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.knowledge.terms import Terms
from ltrr_opensearch.log.privacy import privacy_of
from ltrr_opensearch.logged import Part
from ltrr_opensearch.plan.registry import build_strategies
from ltrr_opensearch.protocols import Encoder, Fusion, Policy, Ranker, SparseEncoder
from ltrr_opensearch.rank.feature_sets import OF_BEST, FeatureSet, derive
from ltrr_opensearch.rank.in_cluster import CLUSTER_MODEL, ClusterRanker
from ltrr_opensearch.rank.load import load_built_in, load_ranker, verify_ranker
from ltrr_opensearch.rank.rows import feature_names
from ltrr_opensearch.release.parts import reading
from ltrr_opensearch.release.store import Release, ReleaseStore
from ltrr_opensearch.retrieve.fan_out import Logged
from ltrr_opensearch.serving import COLD, Serving
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json
from ltrr_opensearch.understand.recognise import SlotFields

T = TypeVar("T")

NONE = "none"
"""In place of a release's id before anything was published."""
SAMPLE = 200
"""Documents on which an `id_field` is proven."""

NOT_ANSWERED = (ClusterError, OpenSearchException)

log = logging.getLogger(__name__)


class ServingBuilder:
    """Called off the event loop. A part that cannot be used is named by a `PartError`."""

    def __init__(
        self, settings: Settings, client: OpenSearch, encoder: Encoder | None, sparse: SparseEncoder | None = None
    ) -> None:
        self._settings = settings
        self._client = client
        self._encoder = encoder
        self._sparse = sparse
        self._cold: dict[str, Serving] = {}
        self._unsure: set[str] = set()
        """Indexes of which something could not be asked of the cluster."""

    def cold(self, key: str) -> Serving:
        if key not in self._cold:
            self._cold[key] = self._build(key, NONE, {})
        return self._cold[key]

    def again(self) -> None:
        """Asks the cluster again for what it could not be asked when a cold start was built."""
        for key in self._unsure & self._cold.keys():
            self._unsure.discard(key)
            try:
                self._cold[key] = self._build(key, NONE, {})
            except Exception:  # whatever the cluster said, what serves goes on and the others are asked for
                self._unsure.add(key)
                log.exception("index %r: what it is served with cannot be asked again; it stays as it is", key)

    def _doubt(self, key: str, error: Exception) -> None:
        """A refusal stands; a cluster that was away or not well may answer later."""
        status = getattr(error, "status_code", None)
        if isinstance(error, Unreachable) or (isinstance(status, int) and status >= HTTPStatus.TOO_MANY_REQUESTS):
            self._unsure.add(key)

    def of_release(self, release: Release) -> Serving:
        return self._build(release.index, release.id, release.parts)

    def _build(self, key: str, release: str, parts: Mapping[str, Part]) -> Serving:
        serving = self._of_parts(key, release, parts)
        return replace(serving, arms=self._arms(serving, parts.get("policy")))

    def _arms(self, serving: Serving, policy: Part | None) -> tuple[Serving, ...]:
        """The arms of the index's live experiment; none where one cannot be made: then all are served as usual."""
        key = serving.key
        store = ReleaseStore(self._client, self._settings.state.prefix)
        try:
            return arms_of(serving, policy, lambda id: self._published(key, id, store.parts_of(key, id, LEARNED)))
        except (ModelError, *NOT_ANSWERED) as error:
            if serving.release != NONE and not isinstance(error, ModelError):
                raise  # the release is tried again
            self._doubt(key, error)
            log.warning("index %r: there is no experiment: %s", key, error)
            return ()

    def _published(self, key: str, release: str, parts: Mapping[str, Part]) -> Serving:
        """With the policy that the release holds, also where the settings choose another kind by now."""
        policy = parts.get("policy")
        if policy is None:
            return self._of_parts(key, release, parts)
        as_it_was = {"policy": policy.algorithm, "factoring": policy.meta.get("factoring", "sequential")}
        return self._of_parts(key, release, parts, self._settings.choose.model_copy(update=as_it_was))

    def _of_parts(
        self, key: str, release: str, parts: Mapping[str, Part], choose: ChooseSettings | None = None
    ) -> Serving:
        """`choose`: what the policy is built by instead of the settings."""
        index, hidden = self._searchable(key)
        index = index.model_copy(update={"id_field": self._proven(key, index.id_field)})
        knowledge = knowledge_of(parts)
        ranker, logged = self._ranking(key, index, parts.get("ranker"))
        columns = feature_names(index)
        if ranker:
            columns += tuple(n for n in ranker.features if n not in columns and not n.endswith(OF_BEST))
        policy = self._policy(parts.get("policy"), choose or self._settings.choose)
        return Serving(
            key=key,
            index=index,
            choose=self._settings.choose,
            release=release,
            phase=COLD if isinstance(policy, Fixed) else self._settings.phases.first,
            knowledge=knowledge,
            strategies=build_strategies(index, knowledge),
            policy=policy,
            fusion=fusion_of(index.fusion),
            ranker=ranker,
            columns=columns,
            logged=logged,
            hidden=hidden,
            slot_fields=SlotFields.of(index, knowledge.gazetteer),
            logged_as=privacy_of(self._settings.log, self._settings.state).asker,
        )

    def _policy(self, part: Part | None, choose: ChooseSettings) -> Policy:
        if part is None:
            return build_policy(choose)
        with reading(part.kind, part.version, part.index):
            return build_policy(choose, part)

    def _searchable(self, key: str) -> tuple[IndexSettings, tuple[str, ...]]:
        """The index with the fields that this proxy's encoders filled (none while one is still being filled).

        A proxy without an encoder has nothing to ask such a field with, and still hides what others made.
        """
        index, hidden = self._settings.indexes[key], set[str]()
        if index.vector and index.vector.backfill:
            field, written = self._filled(key, DENSE, index.vector.field, self._encoder)
            hidden |= written
            if field:
                index = index.model_copy(update={"vector": index.vector.model_copy(update={"field": field})})
            elif self._encoder:
                index = without(index, "vector", "knn")
        if index.sparse:
            field, written = self._filled(key, SPARSE, index.sparse.field, self._sparse)
            hidden |= written
            if field:
                index = index.model_copy(update={"sparse": index.sparse.model_copy(update={"field": field})})
            else:
                index = without(index, "sparse", "sparse")
        return index, (*_with_keys(hidden), *self._proposed(key, index))

    def _proposed(self, key: str, index: IndexSettings) -> list[str]:
        """The fields of ours that hold proposals, those of earlier settings, too."""
        now = {index.proposals.field} if index.proposals else set[str]()
        try:
            earlier = JobStore(self._client, self._settings.state.prefix).proposed(key).get("fields", ())
        except NOT_ANSWERED as error:
            log.warning("index %r: cannot tell earlier fields of proposals (%s); they are shown", key, error)
            self._doubt(key, error)
            earlier = ()
        return sorted(now.union(earlier))

    def _filled(
        self, key: str, kind: str, base: str, encoder: Encoder | SparseEncoder | None
    ) -> tuple[str | None, set[str]]:
        """The field that the encoder has completed, and all that encoders have written."""
        prefix, digest = self._settings.state.prefix, encoder.digest if encoder else None
        try:
            written = JobStore(self._client, prefix).vector_fields(key, kind).by_encoder.values()
            field = serving_field(self._client, prefix, key, digest, base, kind) if digest else None
        except NOT_ANSWERED as error:
            log.warning("index %r: cannot tell which field of %s is complete (%s); taking %s", key, kind, error, base)
            self._doubt(key, error)
            return base, {base}
        if encoder and field is None:
            log.warning("index %r: its %s are still being written; they are not asked until a restart", key, kind)
        return field, {base, *(one.name for one in written)}

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
            if has_ltr(self._client):
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
        with reading(part.kind, part.version, part.index):
            verify_ranker(part)
            ranker = load_ranker(part)
        model = self._cluster_model(part, logged)
        if model is None:
            return ranker, logged
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


def without(index: IndexSettings, section: str, use: str) -> IndexSettings:
    """The index without a section of its settings, and without the strategies that need it."""
    lacking: Json = {section: None}
    if "strategies" in index.model_fields_set:  # of the usual ones, those that need it are left out anyway
        lacking["strategies"] = tuple(s for s in index.strategies if s.use != use)
    return index.model_copy(update=lacking)


def knowledge_of(parts: Mapping[str, Part]) -> Knowledge:
    """The snapshot that the parts hold; what is not published yet is empty."""
    empty = Knowledge.empty()
    return Knowledge(
        memory=_made(parts.get("memory"), Memory.from_bytes, empty.memory),
        gazetteer=_made(parts.get("gazetteer"), Gazetteer.from_bytes, empty.gazetteer),
        aggregates=_made(parts.get("aggregates"), Aggregates.from_bytes, empty.aggregates),
        terms=_made(parts.get("terms"), Terms.from_bytes, empty.terms),
        popularity=_made(parts.get("popularity"), Popularity.from_bytes, empty.popularity),
        personal=_made(parts.get("personal"), PersonalMemory.from_bytes, empty.personal),
        exposure=_made(parts.get("exposure"), Exposure.from_bytes, empty.exposure),
        readings=_reranker(domains_in(parts)),
    )


def _reranker(parts: Mapping[str, Part]) -> Reranker:
    """Of the weights of each domain; the index's own readings are of the domain that is named like it."""
    domains = {}
    for domain, part in parts.items():
        with reading(part.kind, part.version, part.index):
            domains[domain] = weights_of(part)
    return Reranker(domains, home=next((part.index for part in parts.values()), ""))


def _made(part: Part | None, make: Callable[[bytes], T], otherwise: T) -> T:
    if part is None:
        return otherwise
    with reading(part.kind, part.version, part.index):
        return make(part.payload)


def fusion_of(settings: FusionSettings) -> Fusion:
    if settings.use == "weighted":
        return Weighted(settings.weights)
    return Rrf(settings.rank_constant, settings.weights)
