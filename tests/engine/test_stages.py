"""After the ranker: a second stage in time or not at all, and alike documents kept apart."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.index_settings import VectorSettings
from ltrr_opensearch.stage_settings import DiversifySettings, SecondStageSettings
from ltrr_opensearch.understand.batched import Batched
from ltrr_opensearch.understand.cross_encoder import Pair
from tests.engine.worlds import INDEX, Bench, bench, request_of, serving_of
from tests.paging.catalogue import QUERY, SETTINGS, made, vector
from tests.paging.two_proxies import serving

RED = {"match": {"title": "red"}}


def ids(page: Any) -> list[str]:
    return [hit["_id"] for hit in page["hits"]["hits"]]


class LastNumberFirst:
    """Scores a text by its number. Remembers how many pairs came at once."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.batches: list[int] = []

    def score(self, pairs: Sequence[Pair]) -> list[float]:
        self.batches.append(len(pairs))
        time.sleep(self.seconds)
        return [float(text.split("number ")[1].split()[0]) for _, text in pairs]


def second(budget_ms: float = 5000) -> Any:
    settings = SecondStageSettings(model="none", depth=10, budget_ms=budget_ms)
    return serving_of(index=INDEX.model_copy(update={"second_stage": settings}), policy=Fixed(0, {"original": 50}))


def with_scorer(b: Bench, scorer: Any) -> None:
    b.pairs = {"products": Batched(scorer.score, 100, "test")}
    b.share(None)


async def test_the_second_stage_orders_the_first_documents_anew(node: Any, products: str) -> None:
    async with bench(node.url, second()) as b:
        scorer = LastNumberFirst()
        without = ids(await b.page(request_of(products, query=RED, size=20)))
        with_scorer(b, scorer)
        found = ids(await b.page(request_of(products, query=RED, size=20)))
        again = ids(await b.page(request_of(products, query=RED, size=20)))
    assert found[:10] == sorted(without[:10], key=lambda id: -int(id))
    assert found[10:] == without[10:]
    assert again == found
    assert scorer.batches == [10], "one batch, and what is known is not scored again"


async def test_a_second_stage_that_is_late_leaves_the_order_and_is_there_next_time(node: Any, products: str) -> None:
    async with bench(node.url, second(budget_ms=150)) as b:
        without = ids(await b.page(request_of(products, query=RED)))
        with_scorer(b, LastNumberFirst(seconds=0.4))
        assert ids(await b.page(request_of(products, query=RED))) == without
        assert b.counts.reasons == ["second_stage_late"]
        await asyncio.sleep(0.5)
        found = ids(await b.page(request_of(products, query=RED)))
    assert found == sorted(without, key=lambda id: -int(id))


class Refuses:
    def score(self, pairs: Sequence[Pair]) -> list[float]:
        raise ValueError("not loaded")


async def test_a_second_stage_that_fails_leaves_the_order(node: Any, products: str) -> None:
    async with bench(node.url, second()) as b:
        without = ids(await b.page(request_of(products, query=RED)))
        with_scorer(b, Refuses())
        assert ids(await b.page(request_of(products, query=RED))) == without
    assert b.counts.reasons == ["second_stage"]


async def test_alike_documents_are_kept_apart_by_a_field(node: Any, products: str) -> None:
    settings = DiversifySettings(field="stock", places=2, depth=10)
    apart = serving_of(index=INDEX.model_copy(update={"diversify": settings}))
    async with bench(node.url, apart) as b, bench(node.url, serving_of()) as plain:
        found, before = await b.page(request_of(products)), await plain.page(request_of(products))
    assert ids(found)[0] == ids(before)[0]
    stock = [hit["_source"]["stock"] for hit in found["hits"]["hits"]]
    assert stock[0] != stock[1]
    assert all(ids(found).index(id) - place <= 2 for place, id in enumerate(ids(before)) if id in ids(found))
    assert b.counts.reasons == []


@pytest.mark.parametrize("field", [None, "title"])
async def test_what_cannot_tell_alike_documents_leaves_the_order(node: Any, products: str, field: str | None) -> None:
    """No vectors in this index; and a text without doc values."""
    apart = serving_of(index=INDEX.model_copy(update={"diversify": DiversifySettings(field=field)}))
    async with bench(node.url, apart) as b, bench(node.url, serving_of()) as plain:
        assert ids(await b.page(request_of(products))) == ids(await plain.page(request_of(products)))
    assert b.counts.reasons == ["diversity"]


async def test_vectors_of_unequal_length_leave_the_order(node: Any, client: OpenSearch, products: str) -> None:
    script = "ctx._source.v = ctx._source.stock == 1 ? [1.0] : [1.0, 2.0]"
    client.update_by_query(index=products, body={"script": script}, params={"refresh": "true"})
    ragged = {"vector": VectorSettings(field="v", dimension=2), "diversify": DiversifySettings()}
    apart = serving_of(index=INDEX.model_copy(update=ragged))
    async with bench(node.url, apart) as b, bench(node.url, serving_of()) as plain:
        assert ids(await b.page(request_of(products))) == ids(await plain.page(request_of(products)))
    assert b.counts.reasons == ["diversity"]


async def test_stages_are_told(node: Any, products: str) -> None:
    async with bench(node.url, second()) as b:
        with_scorer(b, LastNumberFirst())
        page = await b.page(request_of(products, query=RED, explain=True))
    told = [detail["description"] for detail in page["hits"]["hits"][0]["_explanation"]["details"]]
    assert told[:2] == ["rank after ranker", "rank after second_stage"]


async def test_alike_documents_are_kept_apart_by_their_vectors(node: Any, client: OpenSearch, index_name: str) -> None:
    with made(client, index_name, shards=1) as shop:
        apart = SETTINGS.model_copy(update={"diversify": DiversifySettings(places=30, depth=20)})
        request = request_of(shop, "shoes", query=QUERY, size=20)
        async with bench(node.url, serving(apart)) as b, bench(node.url, serving()) as plain:
            found, before = ids(await b.page(request)), ids(await plain.page(request))
    assert b.counts.reasons == []
    assert found != before
    assert found[0] == before[0]

    def likest(order: list[str]) -> float:
        """How like the first five are to those above them, all told."""
        return sum(max(float(vector(int(order[n])) @ vector(int(id))) for id in order[:n]) for n in range(1, 5))

    assert likest(found) < likest(before)
