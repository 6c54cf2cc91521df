"""What a client gets when something of ours breaks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch import engine
from ltrr_opensearch.cluster.model_scores import ModelScores
from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.own_page import OwnPage
from ltrr_opensearch.rank.feature_sets import derive
from ltrr_opensearch.rank.in_cluster import ClusterRanker
from ltrr_opensearch.rank.linear import LinearRanker
from ltrr_opensearch.retrieve.fan_out import Logged
from ltrr_opensearch.types import (
    AnalyzedQuery,
    Json,
    Matrix,
    Outcome,
    QueryPlan,
)
from tests.engine.worlds import INDEX, Backwards, bench, request_of, serving_of


class Broken(Backwards):
    def score(self, rows: Matrix) -> Matrix:
        raise ValueError("damaged")


async def test_a_broken_ranker_leaves_the_clusters_own_page(node: Any, client: OpenSearch, products: str) -> None:
    request = request_of(products)
    own = client.search(index=products, body=request.body)
    async with bench(node.url, serving_of(ranker=Broken())) as b:
        page = await b.page(request)
    assert [(h["_id"], h["_score"]) for h in page["hits"]["hits"]] == [
        (h["_id"], pytest.approx(h["_score"])) for h in own["hits"]["hits"]
    ]
    assert b.counts.reasons == ["rank"]


async def test_what_is_still_counted_when_the_page_cannot_be_had_is_given_up(
    node: Any, products: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up = []

    async def gone(*_: Any, **__: Any) -> Any:
        raise Unreachable("gone")

    async def counting(*_: Any) -> int:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            given_up.append(True)
            raise
        return 0

    monkeypatch.setattr(engine, "within", gone)
    monkeypatch.setattr(OwnPage, "lacking", counting)
    async with bench(node.url, serving_of()) as b:
        page = await b.page(request_of(products))
        await asyncio.sleep(0)
    assert len(page["hits"]["hits"]) == 10
    assert b.counts.reasons == ["winners"]
    assert given_up == [True]


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


async def test_a_query_that_the_cluster_refuses_passes_through(node: Any, products: str) -> None:
    async with bench(node.url, serving_of()) as b:
        answer = await b.engine.search(request_of(products, query={"no_such_query": {}}), "products")
    assert answer is None
    assert b.counts.reasons == ["refused"]


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
