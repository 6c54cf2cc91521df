"""Brings a ranker's part over logged features into the LTR plugin, and sees that it scores there as it does here.

All this before it is published. The model is named for its version, so bringing it again changes nothing. A sample of
what the last searches found is scored in both places; a difference refuses the ranker, and what serves stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from opensearchpy import OpenSearch
from opensearchpy.exceptions import TransportError

from ltrr_opensearch.cluster import ltr_plugin
from ltrr_opensearch.cluster.admin import reason
from ltrr_opensearch.cluster.capabilities import detect
from ltrr_opensearch.cluster.model_scores import ModelScores
from ltrr_opensearch.errors import ClusterError, MissingPlugin, ModelError
from ltrr_opensearch.index.jobs import serving_field
from ltrr_opensearch.index.prepare import feature_requests
from ltrr_opensearch.index.requests import perform
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.learn.plugin_models import model_name
from ltrr_opensearch.logged import Decision, Part, Round, is_whole
from ltrr_opensearch.protocols import Encoder
from ltrr_opensearch.rank.feature_sets import FeatureSet, derive
from ltrr_opensearch.rank.in_cluster import CLUSTER_MODEL, SCORE, split
from ltrr_opensearch.rank.load import Packed, load_built_in
from ltrr_opensearch.rank.rows import dense
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Features, Json, Vector

SAMPLED_SEARCHES = 10
SAMPLED_DOCUMENTS = 50
TOLERANCE = 1e-5
"""Largest difference of two scores, in units of the score where that is more than 1: both are sums of float32."""


@dataclass(frozen=True, slots=True)
class Place:
    """The cluster and the index of a ranker. `encoder` is that of the proxies, None where they have none."""

    client: OpenSearch
    settings: Settings
    key: str
    encoder: Encoder | None

    def index(self) -> IndexSettings:
        """The index's settings with the vector field that the proxies search."""
        index = self.settings.indexes[self.key]
        if index.vector is None or not index.vector.backfill or self.encoder is None:
            return index
        prefix = self.settings.state.prefix
        field = serving_field(self.client, prefix, self.key, self.encoder.digest, index.vector.field)
        if field is None:
            raise ModelError(f"the vectors of {self.key} are still being written; let `ltrr sync` finish first")
        return index.model_copy(update={"vector": index.vector.model_copy(update={"field": field})})


def bring(part: Part, rounds: Sequence[Round], place: Place) -> Part:
    """The part with its model in the plugin, or `ModelError` or `ClusterError` with the reason why not.

    A ranker that reads no logged feature leaves the cluster nothing to score; it stays as it is.
    """
    capabilities = detect(place.client)
    if not capabilities.ltr:
        raise MissingPlugin("learn.rank_in is cluster but the cluster has no LTR plugin; set it to proxy")
    index = place.index()
    for request in feature_requests(place.client, index, capabilities):
        perform(place.client, request)
    features = derive(index)
    ranker, _ = split(load_built_in(part), features.names)
    if not ranker.used:
        return part
    name = model_name(place.settings.state.prefix, part.index, part.version)
    _create(place.client, ltr_plugin.create_model(name, features, ranker))
    parity = check_parity(ranker, list(_scored(place, name, features, rounds)))
    meta = {**part.meta, CLUSTER_MODEL: name, "feature_set": features.version}
    return replace(part, meta=meta, metrics={**part.metrics, "parity": parity})


def check_parity(ranker: Packed, scored: Sequence[Features]) -> Json:
    """How far the cluster's scores are from ours on the same values; `ModelError` where that is too far."""
    if not scored:
        raise ModelError("the cluster found none of the documents of the last searches, so nothing shows that it ranks")
    ours = ranker.score(dense(scored, ranker.features))
    theirs = np.array([one[SCORE] for one in scored])
    gaps = np.abs(ours - theirs)
    worst = int(np.argmax(gaps / np.maximum(1, np.abs(ours))))
    if not gaps[worst] <= TOLERANCE * max(1.0, abs(float(ours[worst]))):
        raise ModelError(
            f"the cluster scores a document {theirs[worst]:.7g} that scores {ours[worst]:.7g} here, {len(scored)} "
            f"compared; set learn.rank_in to proxy"
        )
    return {"documents": len(scored), "largest_difference": float(gaps.max())}


def _create(client: OpenSearch, exchange: ltr_plugin.Exchange) -> None:
    """Creates the model; one of that name is fine where it is the same."""
    assert exchange.body is not None
    name = exchange.body["model"]["name"]
    try:
        client.transport.perform_request(exchange.method, exchange.path, body=exchange.body)
    except TransportError as error:
        if not ltr_plugin.exists(error.status_code, error.info):
            raise ClusterError(f"the LTR plugin refused model {name}: {reason(error)}") from error
        if not ltr_plugin.same_model(client.transport.perform_request("GET", f"/_ltr/_model/{name}"), exchange):
            raise ModelError(f"the LTR plugin has another model {name}; DELETE /_ltr/_model/{name}") from error


def _scored(place: Place, model: str, features: FeatureSet, rounds: Sequence[Round]) -> Iterator[Features]:
    """Values and scores of what the last searches of different texts found, without an embedding and with one."""
    decisions = (one.decision for one in rounds if one.decision.candidates)
    latest = {decision.text: decision for decision in decisions if is_whole(decision.normalized)}
    for decision in list(latest.values())[-SAMPLED_SEARCHES:]:
        yield from _scored_search(place, ModelScores(model), features, decision, None)
        if place.encoder:
            vector = place.encoder.encode([decision.text])[0]
            yield from _scored_search(place, ModelScores(model), features, decision, vector)


def _scored_search(
    place: Place, way: ModelScores, features: FeatureSet, decision: Decision, vector: Vector | None
) -> Iterator[Features]:
    ids = [c.key.id for c in decision.candidates[:SAMPLED_DOCUMENTS]]
    body: Json = {"size": len(ids), "_source": False, "query": {"bool": {"filter": [{"ids": {"values": ids}}]}}}
    body, _ = way.instrument(body, {}, features, decision.text, vector)
    try:
        hits = place.client.search(index=place.key, body=body)["hits"]["hits"]
    except TransportError as error:
        raise ClusterError(f"the LTR plugin cannot score by {way.model}: {reason(error)}") from error
    yield from (way.read(hit, features) for hit in hits)
