"""What a client gets: pages made of several plans, filtered, ranked, told."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ltrr_opensearch.cluster.feature_logging import NamedScores
from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.explained import ATTRIBUTED
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.memory import Memory, MemoryRow
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.rank.feature_sets import derive
from ltrr_opensearch.rank.linear import LinearRanker
from ltrr_opensearch.retrieve.fan_out import FanOut, Logged
from ltrr_opensearch.slot_settings import SlotField
from ltrr_opensearch.types import (
    Doubles,
    EntityScore,
    Json,
    Matrix,
    Outcome,
)
from tests.engine.worlds import INDEX, Backwards, bench, request_of, serving_of


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


async def test_filters_hold_in_every_plan_and_for_the_winners(node: Any, products: str) -> None:
    query = {"bool": {"must": [{"match": {"title": "red shoes"}}], "filter": [{"term": {"stock": 1}}]}}
    async with bench(node.url, serving_of()) as b:
        page = await b.page(request_of(products, query=query))
    assert page["hits"]["hits"]
    assert all(h["_source"]["stock"] == 1 for h in page["hits"]["hits"])
    assert all(int(c.key.id) % 2 == 1 for c in b.decisions[0].candidates)


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
        asked = b.ask_through(Asked(b.upstream))
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


class Attributes(Backwards):
    """Says that its one feature moved each score by the row's place among those that are explained."""

    def __init__(self, seconds: float = 0.0, wrong: bool = False) -> None:
        self.seconds, self.wrong, self.rows = seconds, wrong, 0

    def contributions(self, rows: Matrix, beside: Matrix) -> Doubles:
        if self.wrong:
            raise ValueError("damaged")
        self.rows = len(rows)
        time.sleep(self.seconds)
        return np.arange(1, 1 + len(rows), dtype=np.float64)[:, None]


def moved_by(page: Json) -> list[float | None]:
    told = [{f["name"]: f.get("by") for f in hit["features"]} for hit in page["ext"]["ltrr"]["hits"]]
    return [features.get("plans.fused") for features in told]


async def test_of_a_long_page_the_first_hits_are_told_what_moved_them(node: Any, products: str) -> None:
    ranker = Attributes()
    async with bench(node.url, serving_of(ranker=ranker)) as b:
        page = await b.page(replace(request_of(products, size=30), explain=True))
    assert ranker.rows == ATTRIBUTED
    assert moved_by(page) == [*range(1, 1 + ATTRIBUTED), *[None] * 20]
    assert ["mean_score" in hit for hit in page["ext"]["ltrr"]["hits"]] == [True] * ATTRIBUTED + [False] * 20
    assert b.counts.reasons == []


@pytest.mark.parametrize(
    ("ranker", "reason"), [(Attributes(seconds=0.5), "explain_late"), (Attributes(wrong=True), "explain")]
)
async def test_without_what_moved_them_hits_are_told_the_rest(
    node: Any, products: str, ranker: Attributes, reason: str
) -> None:
    async with bench(node.url, serving_of(ranker=ranker)) as b:
        b.explain_ms = 100
        b.share(None)
        page = await b.page(replace(request_of(products), explain=True))
    assert moved_by(page) == [None] * 10
    assert all(hit["plans"] and hit["score"] < 0 for hit in page["ext"]["ltrr"]["hits"])
    assert b.counts.reasons == [reason]


@pytest.mark.parametrize(("spelled", "told_of"), [("red shoes", True), ("Red Shoes", False)])
async def test_who_asks_why_is_told_nothing_of_others(node: Any, products: str, spelled: str, told_of: bool) -> None:
    """A reading is told where a document of the page has its value, which only the first spelling is."""
    gazetteer = Gazetteer.from_values([("title", spelled, 9)])
    memory = Memory.from_rows([MemoryRow("red shoes", (EntityScore("1", 0.5), EntityScore("4", 0.5)), None)])
    index = INDEX.model_copy(update={"slot_fields": (SlotField(field="title"),)})
    serving = serving_of(index=index, knowledge=Knowledge(memory, gazetteer))
    async with bench(node.url, serving) as b:
        page = await b.page(replace(request_of(products), explain=True))
    told = page["ext"]["ltrr"]
    assert told["remembered"] == [{"similarity": 1.0, "entities": 2}]
    assert ({"title": "red shoes"} in [r["slots"] for r in told["readings"]]) == told_of
    assert "Red Shoes" not in str(told)


async def test_what_moved_each_hit_adds_up_to_its_score(node: Any, products: str) -> None:
    ranker = LinearRanker(("bm25_title", "plans.fused", "query.tokens"), np.array([1.0, 20.0, 3.0]))
    async with bench(node.url, serving_of(ranker=ranker)) as b:
        page = await b.page(replace(request_of(products, size=5), explain=True))
    hits = page["ext"]["ltrr"]["hits"]
    assert [hit["id"] for hit in hits] == [hit["_id"] for hit in page["hits"]["hits"]]
    for hit in hits:
        moved = {feature["name"]: feature["by"] for feature in hit["features"] if "by" in feature}
        assert hit["score"] == pytest.approx(hit["mean_score"] + sum(moved.values()), abs=1e-4)
        assert moved["query.tokens"] == 0, "it is the same for all of them"
    best = max(hits[0]["features"], key=lambda feature: abs(feature.get("by", 0)))
    assert hits[0]["features"][0] == best
