"""On a cluster with the LTR plugin: `scripts/test --ltr URL`. Both ways of logging, and a ranker's whole way there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from opensearchpy import OpenSearch
from opensearchpy.helpers import bulk

from ltrr_opensearch.build_serving import ServingBuilder
from ltrr_opensearch.cluster.feature_logging import FeatureLogging, LtrPlugin, NamedScores
from ltrr_opensearch.cluster.model_scores import ModelScores
from ltrr_opensearch.cluster.templates import load_templates
from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.index.setup import Setup
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.learn.in_cluster import Place, bring
from ltrr_opensearch.learn.job import Job
from ltrr_opensearch.learn.run import learn
from ltrr_opensearch.log.records import index_name as decisions_index
from ltrr_opensearch.log.records import to_document
from ltrr_opensearch.logged import Decision, Event, Round
from ltrr_opensearch.rank.feature_sets import derive
from ltrr_opensearch.rank.in_cluster import CLUSTER_MODEL, SCORE, ClusterRanker
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.retrieve.fan_out import Logged
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Features, Json, Vector
from tests.engine.worlds import bench, request_of
from tests.index.worlds import CountingEncoder
from tests.learn.synthetic import ubi

pytestmark = pytest.mark.ltr

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
COLOURS, THINGS, STUFFS = ("red", "blue", "green", "black"), ("shoes", "boots", "bag"), ("leather", "canvas")
TEXTS = [f"{colour} {thing}" for colour, thing in product(COLOURS, THINGS)] + ["leather", "nothing of the kind"]


@dataclass(frozen=True)
class Shop:
    client: OpenSearch
    name: str
    settings: Settings

    @property
    def index(self) -> IndexSettings:
        return self.settings.indexes[self.name]

    def values(self, way: FeatureLogging, text: str, vector: Vector | None) -> dict[str, Features]:
        """Of every document, by one way of logging."""
        body: Json = {"size": 100, "_source": False, "query": {"bool": {"filter": [{"match_all": {}}]}}}
        body, params = way.instrument(body, {}, derive(self.index), text, vector)
        hits = self.client.search(index=self.name, body=body, params=params)["hits"]["hits"]
        return {hit["_id"]: way.read(hit, derive(self.index)) for hit in hits}


def settings_for(name: str, url: str, **learn: Any) -> Settings:
    state = {"prefix": f"{name}_l", "ubi_queries": f"{name}_queries", "ubi_events": f"{name}_events"}
    index = {
        "text_fields": {"title": 2, "body": 1},
        "popularity": {"field": "sales"},
        "vector": {"field": "vec", "dimension": 2, "backfill": False},
        "strategies": [{"name": "original", "use": "original"}, {"name": "lexical", "use": "lexical"}],
    }
    content = {"cluster": {"url": url}, "state": state, "indexes": {name: index}}
    return Settings.model_validate({**content, "learn": {"rank_in": "cluster", **learn}})


@pytest.fixture
def shop(ltr_client: OpenSearch, ltr_url: str, ltr_index_name: str) -> Iterator[Shop]:
    """72 products, some without popularity or vector, set up as `ltrr setup` does."""
    name, settings = ltr_index_name, settings_for(ltr_index_name, ltr_url)
    list(Setup(ltr_client, settings, name, lambda: NOW).prepare())
    bulk(ltr_client, ({"_index": name, "_id": str(i), "_source": product_of(i)} for i in range(72)), refresh=True)
    yield Shop(ltr_client, name, settings)
    forget(ltr_client, settings, derive(settings.indexes[name]).name)


def product_of(i: int) -> Json:
    title = f"{COLOURS[i % 4]} {THINGS[i % 3]}"
    source: Json = {"title": title, "body": f"{title} number {i} made of {STUFFS[i % 2]} for red feet"}
    source |= {"sales": i * 1.7} if i % 5 else {}
    return source | ({"vec": CountingEncoder().encode([title * (i % 3 + 1)])[0].tolist()} if i % 7 else {})


def forget(client: OpenSearch, settings: Settings, feature_set: str) -> None:
    models = client.transport.perform_request("GET", "/_ltr/_model", params={"prefix": settings.state.prefix})
    paths = [f"/_ltr/_model/{hit['_id'].removeprefix('model-')}" for hit in models["hits"]["hits"]]
    paths += [f"/_ltr/_featureset/{name}" for name in (feature_set, f"{feature_set}_text")]
    paths += [template.path for template in load_templates(settings.state)[::-1]]
    for path in paths:
        client.transport.perform_request("DELETE", path, params={"ignore": 404})


def test_a_second_setup_has_nothing_to_do(shop: Shop) -> None:
    assert Setup(shop.client, shop.settings, shop.name, lambda: NOW).requests() == []


@pytest.mark.parametrize("with_vector", [True, False])
def test_both_ways_log_the_same_values_to_the_last_float(shop: Shop, with_vector: bool) -> None:
    compared = 0
    for text in [*TEXTS, 'say "red" \\ {shoes}']:
        vector = CountingEncoder().encode([text])[0] if with_vector else None
        ours, theirs = (shop.values(way, text, vector) for way in (NamedScores(), LtrPlugin()))
        assert ours == theirs
        compared += sum(map(len, ours.values()))
    assert compared > 3000


async def served(shop: Shop, serving: Serving, texts: list[str]) -> tuple[list[Decision], list[str]]:
    """The decisions of searches, and what fell back."""
    async with bench(shop.settings.cluster.url, serving) as b:
        for number, text in enumerate(texts):
            at = NOW + timedelta(seconds=30 * number)
            await b.page(replace(request_of(shop.name, text), query_id=f"{shop.name}-{number}", at=at))
    return b.decisions, b.counts.reasons


def log(shop: Shop, decisions: list[Decision]) -> None:
    """The decisions and clicks of users who want what sells and is made of leather."""
    writes: list[Json] = []
    for d in decisions:
        writes.append(
            {"_index": decisions_index(shop.settings.state.prefix, d.at), "_id": d.query_id, **to_document(d)}
        )
        wanted = [
            (place, c.key.id) for place, c in enumerate(d.candidates[: d.shown], 1) if int(c.key.id) % 10 in (4, 8)
        ]
        for place, id in wanted:
            click = Event(d.query_id, d.at + timedelta(seconds=5), "click", id, place, f"u{place}", d.query_id)
            writes.append({"_index": shop.settings.state.ubi_events, **ubi(click)})
    bulk(shop.client, writes, refresh=True)


@pytest.mark.parametrize("kind", ["linear", "lambdamart"])
async def test_a_ranker_is_learned_brought_checked_and_ranks_there(shop: Shop, kind: str) -> None:
    settings = settings_for(
        shop.name, shop.settings.cluster.url, ranker=kind, min_rounds=50, gate_margin=1, user_cap=1000
    )
    cold = ServingBuilder(settings, shop.client, None).cold(shop.name)
    decisions, reasons = await served(shop, cold, TEXTS * 10)
    assert reasons == []
    log(shop, decisions)
    done = learn(("ranker",), Job(shop.client, settings, shop.name, NOW + timedelta(days=1), CountingEncoder))
    assert done.release, done.verdicts
    release = ReleaseStore(shop.client, settings.state.prefix).current(shop.name)
    assert release
    part = release.parts["ranker"]
    assert part.metrics["parity"]["documents"] > 400
    assert part.metrics["parity"]["largest_difference"] < 1e-5
    serving = ServingBuilder(settings, shop.client, None).of_release(release)
    assert isinstance(serving.ranker, ClusterRanker)
    assert serving.logged == Logged(serving.logged.features, ModelScores(part.meta[CLUSTER_MODEL]), LtrPlugin())
    here = replace(serving, ranker=serving.ranker.own, logged=Logged(serving.logged.features, NamedScores()))
    there, reasons = await served(shop, serving, TEXTS)
    proxied, _ = await served(shop, here, TEXTS)
    assert reasons == []
    for ours, theirs in zip(proxied, there, strict=True):
        assert [c.key for c in ours.candidates] == [c.key for c in theirs.candidates]
    assert all(SCORE in (c.features or {}) for c in there[0].candidates[:10])
    place, name = Place(shop.client, settings, shop.name, None), part.meta[CLUSTER_MODEL]
    rounds = [Round(d, {}) for d in there]
    assert bring(part, rounds, place).meta == part.meta, "bringing it again changes nothing"
    other = json.dumps({"features": ["bm25_title"], "weights": [1.0]}).encode()
    with pytest.raises(ModelError, match=f"has another model {name}"):
        bring(replace(part, algorithm="linear", payload=other), rounds, place)
    shop.client.transport.perform_request("DELETE", f"/_ltr/_model/{name}")
    shop.client.transport.perform_request("POST", "/_ltr/_clearcache")
    lost, reasons = await served(shop, serving, TEXTS)
    assert set(reasons) == {"cluster_ranker"}
    assert [d.candidates[0].key for d in lost] == [d.candidates[0].key for d in there]
    assert not isinstance(ServingBuilder(settings, shop.client, None).of_release(release).ranker, ClusterRanker)
