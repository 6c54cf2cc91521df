"""Ten-page walks and walks to the last hit, through two proxies in turn: no repeats, no losses, no total too small."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import cycle
from typing import Any
from uuid import uuid4

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.types import Outcome
from tests.engine.worlds import Backwards
from tests.paging.catalogue import made, matching
from tests.paging.slow_relay import slow
from tests.paging.two_proxies import proxies, serving
from tests.paging.walks import walk

NOTHING = {"match": {"title": "zebra"}}
FEW = {"ids": {"values": ["3", "5"]}}


@pytest.fixture(scope="module")
def shop(client: OpenSearch) -> Iterator[str]:
    with made(client, f"test_walks_{uuid4().hex[:8]}") as index:
        yield index


@pytest.mark.parametrize("size", [1, 3, 10, 33, 100])
async def test_a_walk_to_the_very_last_hit_of_the_total(node: Any, shop: str, size: int) -> None:
    async with proxies(node.url, shop) as two:
        walked = await walk(two.asks(), size)
        assert (walked.repeats, walked.totals_below) == (0, 0)
        assert walked.lost(matching() | two.union) == set()
        assert set(walked.totals) == {len(walked.ids)} == {len(matching() | two.union)}
        assert two.union - matching(), "some hits are found by vector only"
        assert [len(page) for page in walked.pages[:-1]] == [size] * (len(walked.pages) - 1)
        assert two.reasons == []
        assert sum(len(engine.decisions) for engine in two.engines) == 1


@pytest.mark.parametrize("window", [1, 60, 120])
async def test_behind_the_window_the_clients_own_query_goes_on(node: Any, shop: str, window: int) -> None:
    async with proxies(node.url, shop, window=window) as two:
        walked = await walk(two.asks(), 9)
        assert (walked.repeats, walked.totals_below) == (0, 0)
        assert walked.lost(matching() | two.union) == set()
        assert set(walked.totals) == {len(walked.ids)}


@pytest.mark.parametrize(("query", "own"), [(NOTHING, set()), (FEW, {"3", "5"})])
async def test_hits_that_the_query_does_not_match_are_in_its_total(
    node: Any, shop: str, query: Any, own: set[str]
) -> None:
    async with proxies(node.url, shop) as two:
        walked = await walk(two.asks(query), 10)
        assert (walked.repeats, walked.totals_below) == (0, 0)
        assert set(walked.ids) == two.union | own
        assert set(walked.totals) == {len(walked.ids)}
        assert len(walked.pages) >= 10


@pytest.mark.parametrize("size", [1, 5, 10])
async def test_a_model_and_a_policy_that_change_from_page_to_page(node: Any, shop: str, size: int) -> None:
    releases = cycle([serving(ranker=Backwards(), policy=Fixed(10)), serving(policy=Fixed(200)), serving()])
    async with proxies(node.url, shop) as two:

        async def publish(_page: int) -> None:
            two.serve(next(releases))

        walked = await walk(two.asks(), size, pages=10, meanwhile=publish)
        again = await walk(two.asks(), size, pages=10, meanwhile=publish)
        assert [walked.repeats, again.repeats, walked.totals_below, again.totals_below] == [0] * 4
        assert len(walked.ids) == len(again.ids) == 10 * size
        assert len(set(walked.totals)) == len(set(again.totals)) == 1


async def test_a_model_that_changes_on_the_way_to_the_last_hit(node: Any, shop: str) -> None:
    releases = cycle([serving(), serving(ranker=Backwards(), policy=Fixed(10)), serving(policy=Fixed(200))])
    async with proxies(node.url, shop) as two:

        async def publish(_page: int) -> None:
            two.serve(next(releases))

        walked = await walk(two.asks(), 7, meanwhile=publish)
        assert (walked.repeats, walked.totals_below) == (0, 0)
        assert walked.lost(matching() | two.union) == set()
        assert set(walked.totals) == {len(walked.ids)}


async def test_plans_that_come_late_now_and_then(node: Any, shop: str) -> None:
    late = 0
    async with slow(node.url, most_ms=60) as url:
        for _ in range(5):
            async with proxies(url, shop, deadline_ms=20) as two:
                walked = await walk(two.asks(), 6, pages=10)
                assert (walked.repeats, walked.totals_below, len(walked.ids)) == (0, 0, 60)
                decisions = [d for engine in two.engines for d in engine.decisions]
                late += sum(s.outcome is Outcome.TIMED_OUT for d in decisions for s in d.slots)
    assert late, "no plan was late: the relay is too quick to prove anything"


@pytest.mark.parametrize("asked", [True, 10_000, 50])
async def test_a_bound_of_the_total_is_kept_on_every_page(node: Any, shop: str, asked: Any) -> None:
    async with proxies(node.url, shop) as two:
        found = [await ask(page * 20, 20) for page, ask in enumerate(two.asks(track_total_hits=asked) * 3)]
        totals = {(body["hits"]["total"]["value"], body["hits"]["total"]["relation"]) for body in found}
        whole = len(matching() | two.union)
        assert totals == {(50, "gte") if asked == 50 else (whole, "eq")}


async def test_a_total_that_is_not_tracked_stays_away(node: Any, shop: str) -> None:
    async with proxies(node.url, shop) as two:
        for page, ask in enumerate(two.asks(track_total_hits=False)):
            assert "total" not in (await ask(page * 20, 20))["hits"]


async def test_aggregations_of_every_page_are_those_of_the_query(node: Any, client: OpenSearch, shop: str) -> None:
    facets = {"stock": {"terms": {"field": "stock"}}}
    in_stock = {"range": {"stock": {"gte": 1}}}
    async with proxies(node.url, shop) as two:
        asks = two.asks(filters=(in_stock,), aggs=facets, post_filter=in_stock)
        bodies = [await ask(page * 10, 10) for page, ask in enumerate(asks * 5)]
    own = client.search(index=shop, body={"query": {"match": {"title": "shoes"}}, "aggs": facets})
    assert all(body["aggregations"] == own["aggregations"] for body in bodies)
    assert all(hit["_source"]["stock"] >= 1 for body in bodies for hit in body["hits"]["hits"])


async def test_strictly_only_what_the_query_matches_is_shown(node: Any, client: OpenSearch, shop: str) -> None:
    strict = serving()
    strict = serving(index=strict.index.model_copy(update={"only_original_matches": True}))
    async with proxies(node.url, shop, strict) as two:
        walked = await walk(two.asks(), 10)
        assert set(walked.ids) == matching()
        assert (walked.repeats, set(walked.totals)) == (0, {len(matching())})
        assert two.union
        few = await walk(two.asks(FEW), 10)
        assert (set(few.ids), few.totals) == ({"3", "5"}, [2])
        none = await two.asks(NOTHING)[0](0, 10)
        assert none["hits"]["total"]["value"] == len(none["hits"]["hits"]) == 0


async def test_several_indexes_with_the_same_ids(node: Any, client: OpenSearch, index_name: str) -> None:
    with ExitStack() as stack:
        indexes = [stack.enter_context(made(client, f"{index_name}-{n}", shards=1)) for n in range(5)]
        async with proxies(node.url, ",".join(indexes)) as two:
            walked = await walk(two.asks(), 100)
            assert (walked.repeats, walked.totals_below) == (0, 0)
            assert set(walked.totals) == {len(walked.keys)}
            assert {(index, id) for index in indexes for id in matching()} <= set(walked.keys)
