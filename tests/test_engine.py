"""The engine against a real node: what a client gets, and what it gets when something of ours breaks."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pytest
from opensearchpy import OpenSearch, helpers

from ltrr_opensearch.answer.pages import PageMemory
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.cluster.feature_logging import NamedScores
from ltrr_opensearch.cluster.model_scores import ModelScores
from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.engine import Engine, Limits
from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.fuse.rrf import Rrf
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.memory import Memory, MemoryRow
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.learn.join import attributed, rounds
from ltrr_opensearch.learn.judgments import judgments_from_clicks
from ltrr_opensearch.learn.memory import observed
from ltrr_opensearch.logged import Decision, Event
from ltrr_opensearch.plan.registry import build_strategies
from ltrr_opensearch.rank.feature_sets import derive
from ltrr_opensearch.rank.in_cluster import ClusterRanker
from ltrr_opensearch.rank.linear import LinearRanker
from ltrr_opensearch.rank.rows import feature_names
from ltrr_opensearch.retrieve.fan_out import FanOut, Logged, Retrieved, key_of
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.settings import ChooseSettings, ClusterSettings, IndexSettings, LearnSettings
from ltrr_opensearch.types import (
    AnalyzedQuery,
    Asker,
    DocKey,
    EntityScore,
    Json,
    Matrix,
    Outcome,
    QueryPlan,
    SearchRequest,
)

INDEX = IndexSettings(text_fields={"title": 2, "body": 1})
CHOOSE = ChooseSettings(floor=0.0)
COLOURS = ("red", "blue", "green")


@pytest.fixture
def products(client: OpenSearch, index_name: str) -> Iterator[str]:
    """60 documents: every third is a shoe of a colour; every other is in stock."""
    body = {
        "settings": {"number_of_shards": 1, "number_of_replicas": 0},
        "mappings": {"properties": {"sku": {"type": "keyword"}, "some": {"type": "keyword"}}},
    }
    client.indices.create(index=index_name, body=body)
    actions = [
        {
            "_index": index_name,
            "_id": str(i),
            "_source": {
                "title": f"{COLOURS[i % 3]} {'shoes' if i < 30 else 'boots'}",
                "body": f"number {i} made of {'leather' if i % 4 else 'canvas'} shoes",
                "stock": i % 2,
                "sku": str(i),
                "some": str(i) if i % 2 else None,
            },
        }
        for i in range(60)
    ]
    helpers.bulk(client, actions, refresh=True)
    yield index_name
    client.indices.delete(index=index_name)


class Counts:
    def __init__(self) -> None:
        self.reasons: list[str] = []

    def stage(self, name: str, seconds: float) -> None: ...
    def fallback(self, reason: str) -> None:
        self.reasons.append(reason)

    def searched(self, decision: Decision) -> None: ...


class Bench:
    """An engine with what it recorded and counted."""

    def __init__(self, upstream: Upstream, serving: Serving, window: int = 1000) -> None:
        self.upstream = upstream
        self.counts = Counts()
        self.decisions: list[Decision] = []
        self.engine = Engine(
            FanOut(upstream, deadline_ms=5000),
            lambda _key: serving,
            None,
            lambda decision, _request: self.decisions.append(decision),
            self.counts,
            PageMemory(100, 300, time.monotonic),
            Limits(deadline_ms=5000, window=window, rank_depth=100, secret="s", feature_sample=3),
        )

    async def page(self, request: SearchRequest) -> Json:
        answer = await self.engine.search(request, "products")
        await self.engine.drain()
        assert answer is not None
        assert answer.status == 200
        body: Json = orjson.loads(answer.body)
        return body


def serving_of(**changes: Any) -> Serving:
    knowledge = Knowledge.empty()
    serving = Serving(
        key="products",
        index=INDEX,
        choose=CHOOSE,
        release="none",
        phase="cold",
        knowledge=knowledge,
        strategies=build_strategies(INDEX, knowledge),
        policy=Fixed(50),
        fusion=Rrf(),
        ranker=None,
        columns=feature_names(INDEX),
        logged=Logged(derive(INDEX), NamedScores()),
        hidden=(),
    )
    return replace(serving, **changes)


@asynccontextmanager
async def bench(url: str, serving: Serving, window: int = 1000) -> AsyncIterator[Bench]:
    upstream = Upstream(ClusterSettings(url=url))
    await upstream.open()
    try:
        yield Bench(upstream, serving, window)
    finally:
        await upstream.close()


def request_of(target: str, text: str = "red shoes", size: int = 10, offset: int = 0, **body: Any) -> SearchRequest:
    query = {"multi_match": {"query": text, "fields": ["title", "body"]}}
    whole = {"query": query, "size": size, "from": offset} | body
    return SearchRequest(
        query_id=f"q{offset}",
        target=target,
        text=text,
        body=whole,
        params=(),
        headers=(),
        filters=tuple(body.get("query", {}).get("bool", {}).get("filter", ())),
        size=size,
        offset=offset,
        asker=Asker(),
        ubi=None,
        at=datetime.now(UTC),
    )


async def test_a_search_is_answered_from_several_plans_and_recorded(node: Any, products: str) -> None:
    async with bench(node.url, serving_of()) as b:
        page = await b.page(request_of(products, aggs={"stock": {"terms": {"field": "stock"}}}))
    assert len(page["hits"]["hits"]) == 10
    assert page["hits"]["total"]["value"] == 60
    assert sum(bucket["doc_count"] for bucket in page["aggregations"]["stock"]["buckets"]) == 60
    assert all("matched_queries" not in hit and "title" in hit["_source"] for hit in page["hits"]["hits"])
    decision = b.decisions[0]
    assert {s.plan for s in decision.slots} >= {"original", "lexical"}
    assert all(s.outcome is Outcome.OK for s in decision.slots)
    assert [c.key.id for c in decision.candidates[:10]] == [h["_id"] for h in page["hits"]["hits"]]
    assert sum(c.features is not None for c in decision.candidates) == 13
    assert "bm25_title" in (decision.candidates[0].features or {})


async def test_ten_pages_show_every_document_once(node: Any, products: str) -> None:
    async with bench(node.url, serving_of()) as b:
        pages = [await b.page(request_of(products, offset=o)) for o in range(0, 60, 10)]
    ids = [h["_id"] for page in pages for h in page["hits"]["hits"]]
    assert sorted(ids, key=int) == [str(i) for i in range(60)]
    assert len(b.decisions) == 1


async def test_a_click_on_a_later_page_is_a_gain(node: Any, products: str) -> None:
    async with bench(node.url, serving_of()) as b:
        first, second = [await b.page(request_of(products, offset=o)) for o in (0, 10)]
    (decision,) = b.decisions
    clicked, passed_over = second["hits"]["hits"][2]["_id"], second["hits"]["hits"][1]["_id"]
    counts: Counter[str] = Counter()
    event = Event(decision.query_id, decision.at, "click", clicked, 13, "u", "s")
    kept = attributed(decision, [event, replace(event, object_id="unheard-of")], 60, counts)
    (one,) = rounds([(decision, kept)], LearnSettings(), counts)
    assert one.gains.keys() == {clicked}
    assert counts["events on what was not shown"] == 1
    seen = {id: examined for id, _gain, examined in observed(one, ())}
    assert seen.keys() == {*(h["_id"] for h in first["hits"]["hits"]), clicked}
    judged = {j.id: j.grade for j in judgments_from_clicks([one]).judgments}
    assert judged.keys() == seen.keys()
    assert passed_over not in judged
    assert max(judged, key=lambda id: judged[id]) == clicked


async def test_pages_beyond_the_window_go_on_with_the_clients_own_hits(node: Any, products: str) -> None:
    narrow = serving_of(policy=Fixed(10))
    async with bench(node.url, narrow, window=20) as b:
        pages = [await b.page(request_of(products, offset=o)) for o in range(0, 60, 10)]
    ids = [h["_id"] for page in pages for h in page["hits"]["hits"]]
    assert len(set(ids)) == len(ids) == 60


async def test_filters_hold_in_every_plan_and_for_the_winners(node: Any, products: str) -> None:
    query = {"bool": {"must": [{"match": {"title": "red shoes"}}], "filter": [{"term": {"stock": 1}}]}}
    async with bench(node.url, serving_of()) as b:
        page = await b.page(request_of(products, query=query))
    assert page["hits"]["hits"]
    assert all(h["_source"]["stock"] == 1 for h in page["hits"]["hits"])
    assert all(int(c.key.id) % 2 == 1 for c in b.decisions[0].candidates)


class Backwards:
    """Ranks what the fusion had last first."""

    name = "backwards"
    features: tuple[str, ...] = ("plans.fused",)

    def score(self, rows: Matrix) -> Matrix:
        return -rows[:, 0]


class Broken(Backwards):
    def score(self, rows: Matrix) -> Matrix:
        raise ValueError("damaged")


async def test_the_ranker_orders_and_winners_are_fetched(node: Any, products: str) -> None:
    async with bench(node.url, serving_of(ranker=Backwards())) as backwards, bench(node.url, serving_of()) as plain:
        turned, fused = (
            await backwards.page(request_of(products, size=60)),
            await plain.page(request_of(products, size=60)),
        )
    assert turned["hits"]["hits"][0]["_id"] != fused["hits"]["hits"][0]["_id"]
    assert backwards.decisions[0].ranker == "backwards"
    scores = [h["_score"] for h in turned["hits"]["hits"]]
    assert scores == sorted(scores, reverse=True)


async def test_a_broken_ranker_leaves_the_clusters_own_page(node: Any, client: OpenSearch, products: str) -> None:
    request = request_of(products)
    own = client.search(index=products, body=request.body)
    async with bench(node.url, serving_of(ranker=Broken())) as b:
        page = await b.page(request)
    assert [(h["_id"], h["_score"]) for h in page["hits"]["hits"]] == [
        (h["_id"], pytest.approx(h["_score"])) for h in own["hits"]["hits"]
    ]
    assert b.counts.reasons == ["rank"]


class Told(Backwards):
    """Reads one logged feature, though it knows of more."""

    features: tuple[str, ...] = ("bm25_title", "phrase_title", "plans.fused")
    used = frozenset({"bm25_title"})


class Asked(FanOut):
    """Remembers which features were read, of how many documents."""

    def __init__(self, upstream: Upstream) -> None:
        super().__init__(upstream, deadline_ms=5000)
        self.read: list[tuple[tuple[str, ...], int]] = []

    async def features(self, request: Any, keys: Any, vector: Any, logged: Logged, *rest: Any) -> Any:
        self.read.append((logged.features.names, len(keys)))
        return await super().features(request, keys, vector, logged, *rest)


@pytest.mark.parametrize(("ranker", "before"), [(Backwards(), []), (Told(), [(("bm25_title",), 50)])])
async def test_an_answer_waits_only_for_what_its_ranker_reads(
    node: Any, products: str, ranker: Any, before: list[Any]
) -> None:
    async with bench(node.url, serving_of(ranker=ranker)) as b:
        asked = b.engine._fan_out = Asked(b.upstream)
        page = await b.page(request_of(products))
    assert len(page["hits"]["hits"]) == 10
    assert asked.read == [*before, (derive(INDEX).names, 13)], "what is logged for learning is read behind the answer"
    assert "bm25_body" in (b.decisions[0].candidates[0].features or {})


@pytest.mark.parametrize("field", ["sku", "some", "title"])
async def test_ids_from_a_field_change_nothing(node: Any, products: str, field: str) -> None:
    """`some` is missing in every other document, and `title` cannot be read that way: then ids are asked for again."""
    named = serving_of(
        index=INDEX.model_copy(update={"id_field": field}),
        logged=Logged(derive(INDEX), NamedScores(), id_field=field),
    )
    async with bench(node.url, named) as by_field, bench(node.url, serving_of()) as plain:
        request = request_of(products, size=30)
        there, here = await by_field.page(request), await plain.page(request)
    assert [h["_id"] for h in there["hits"]["hits"]] == [h["_id"] for h in here["hits"]["hits"]]
    assert by_field.decisions[0].candidates == plain.decisions[0].candidates


class BadClause:
    name = "bad"

    def plan(self, query: AnalyzedQuery) -> Sequence[QueryPlan]:
        return [QueryPlan("bad", "bad", "lexical", lambda _depth, _vector: {"no_such_query": {}})]


async def test_a_failed_plan_is_an_outcome(node: Any, products: str) -> None:
    serving = serving_of()
    async with bench(node.url, replace(serving, strategies=(*serving.strategies, BadClause()))) as b:
        page = await b.page(request_of(products))
    assert len(page["hits"]["hits"]) == 10
    assert [s.outcome for s in b.decisions[0].slots if s.plan == "bad"] == [Outcome.FAILED]


class RaisingClause(BadClause):
    def plan(self, query: AnalyzedQuery) -> Sequence[QueryPlan]:
        def clause(_depth: int, _vector: Any) -> Json:
            raise KeyError("no such thing")

        return [QueryPlan("bad", "bad", "lexical", clause)]


class RaisingPlan(BadClause):
    def plan(self, query: AnalyzedQuery) -> Sequence[QueryPlan]:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("strategy", "outcomes", "reasons"),
    [(RaisingClause(), [Outcome.FAILED], []), (RaisingPlan(), [], ["strategy_bad"])],
)
async def test_a_strategy_that_raises_costs_only_its_own_plans(
    node: Any, products: str, strategy: Any, outcomes: list[Outcome], reasons: list[str]
) -> None:
    serving = serving_of()
    async with bench(node.url, replace(serving, strategies=(*serving.strategies, strategy))) as b:
        page = await b.page(request_of(products))
    assert len(page["hits"]["hits"]) == 10
    assert [s.outcome for s in b.decisions[0].slots if s.plan == "bad"] == outcomes
    assert b.counts.reasons == reasons


class Unread(FanOut):
    """Cannot read features."""

    def __init__(self, upstream: Upstream, error: Exception) -> None:
        super().__init__(upstream, deadline_ms=5000)
        self.error = error

    async def features(self, *_: Any) -> Any:
        raise self.error


@pytest.mark.parametrize(("error", "reason"), [(Unreachable("gone"), "features"), (ValueError("odd"), "record")])
async def test_without_features_no_row_says_that_nothing_matched(
    node: Any, products: str, error: Exception, reason: str
) -> None:
    async with bench(node.url, serving_of()) as b:
        b.engine._fan_out = Unread(b.upstream, error)
        page = await b.page(request_of(products))
    (decision,) = b.decisions
    assert decision.shown == len(page["hits"]["hits"]) == 10
    assert all(c.features is None for c in decision.candidates)
    assert b.counts.reasons == [reason]


async def test_too_far_behind_rows_are_left_out(node: Any, products: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ltrr_opensearch.engine.MOST_BEHIND", 0)
    async with bench(node.url, serving_of()) as b:
        await b.page(request_of(products))
    assert all(c.features is None for c in b.decisions[0].candidates)
    assert b.counts.reasons == ["features"]


class Forgetful(FanOut):
    """Plans still find the client's own first hit, which is gone when the page is made."""

    gone: DocKey

    async def retrieve(self, *args: Any) -> Retrieved:
        found = await super().retrieve(*args)
        assert found.original.page
        first, *hits = found.original.page["hits"]["hits"]
        self.gone = key_of(first)
        page = found.original.page | {"hits": found.original.page["hits"] | {"hits": hits}}
        return replace(found, original=replace(found.original, page=page))

    async def winners(self, request: Any, keys: Any, *rest: Any) -> Any:
        return await super().winners(request, [k for k in keys if k != self.gone], *rest)


async def test_what_is_recorded_is_the_page_as_it_was_shown(node: Any, products: str) -> None:
    async with bench(node.url, serving_of()) as b:
        fan_out = b.engine._fan_out = Forgetful(b.upstream, deadline_ms=5000)
        page = await b.page(request_of(products, size=4))
    (decision,) = b.decisions
    shown = [h["_id"] for h in page["hits"]["hits"]]
    assert len(shown) == 4
    assert fan_out.gone.id not in shown
    assert fan_out.gone in [c.key for c in decision.candidates[4:]]
    assert [c.key.id for c in decision.candidates[: decision.shown]] == shown
    assert all(c.features for c in decision.candidates[: decision.shown])
    assert len({c.key for c in decision.candidates}) == len(decision.candidates)


async def test_a_query_that_the_cluster_refuses_passes_through(node: Any, products: str) -> None:
    async with bench(node.url, serving_of()) as b:
        answer = await b.engine.search(request_of(products, query={"no_such_query": {}}), "products")
    assert answer is None
    assert b.counts.reasons == ["refused"]


async def test_explain_shows_plans_and_features(node: Any, products: str) -> None:
    async with bench(node.url, serving_of()) as b:
        page = await b.page(request_of(products, explain=True))
    explained = page["hits"]["hits"][0]["_explanation"]
    assert any(d["description"].startswith("plan original") for d in explained["details"])
    assert any(d["description"] == "feature bm25_title" for d in explained["details"])
    assert all(np.isfinite(d["value"]) for d in explained["details"])


async def test_a_client_may_ask_why(node: Any, products: str) -> None:
    async with bench(node.url, serving_of()) as b:
        page = await b.page(replace(request_of(products), explain=True))
    told = page["ext"]["ltrr"]
    assert {p["plan"]: p["depth"] for p in told["plans"]}["original"] == 50
    assert told["policy"] == "fixed"
    assert told["union"] == len(b.decisions[0].candidates)


async def test_who_asks_why_is_told_nothing_of_others(node: Any, products: str) -> None:
    gazetteer = Gazetteer.from_values([("title", "Red Shoes", 9)])
    memory = Memory.from_rows([MemoryRow("red shoes", (EntityScore("1", 0.5), EntityScore("4", 0.5)), None)])
    index = INDEX.model_copy(update={"slot_fields": ("title",)})
    serving = serving_of(index=index, knowledge=Knowledge(memory, gazetteer))
    async with bench(node.url, serving) as b:
        page = await b.page(replace(request_of(products), explain=True))
    told = page["ext"]["ltrr"]
    assert told["remembered"] == [{"similarity": 1.0, "entities": 2}]
    assert {"title": "red shoes"} in [r["slots"] for r in told["readings"]]
    assert "Red Shoes" not in str(told)


async def test_where_the_cluster_refuses_to_rank_the_same_model_ranks_here(node: Any, products: str) -> None:
    features = derive(INDEX)
    own = LinearRanker(("bm25_title",), np.array([-1.0]))
    here = serving_of(ranker=own)
    there = serving_of(
        ranker=ClusterRanker(own, ("bm25_title",)),
        logged=Logged(features, ModelScores("lost"), otherwise=here.logged.way),
    )
    async with bench(node.url, here) as b:
        expected = await b.page(request_of(products))
    async with bench(node.url, there) as b:
        page = await b.page(request_of(products))
    assert "cluster_ranker" in b.counts.reasons
    assert [h["_id"] for h in page["hits"]["hits"]] == [h["_id"] for h in expected["hits"]["hits"]]
    assert b.decisions[0].ranker == own.name


async def test_what_is_shown_behind_the_union_is_recorded_too(node: Any, products: str) -> None:
    nothing = serving_of(policy=Fixed(0))
    async with bench(node.url, nothing) as b:
        page = await b.page(request_of(products))
    assert [c.key.id for c in b.decisions[0].candidates] == [h["_id"] for h in page["hits"]["hits"]]
    assert all(c.found == () for c in b.decisions[0].candidates)
