"""Rules at work: they hold whatever ranks, on the client's terms, and wherever we answer from our part."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.logged import Ruled
from ltrr_opensearch.retrieve.documents import Documents
from ltrr_opensearch.retrieve.fan_out import FanOut
from ltrr_opensearch.types import DocKey, Json
from tests.engine.worlds import Backwards, Bench, bench, request_of, serving_of

RED = {"match": {"title": "red"}}
"""Matches the twenty documents whose numbers divide by three."""


def ids(page: Json) -> list[str]:
    return [hit["_id"] for hit in page["hits"]["hits"]]


def pin(**places: int) -> Json:
    return {"pin": [{"id": id.strip("_"), "position": place} for id, place in places.items()]}


@pytest.mark.parametrize("ranker", [None, Backwards()])
async def test_pins_hold_their_places_whatever_ranks(node: Any, products: str, ranker: Any) -> None:
    async with bench(node.url, serving_of(ranker=ranker)) as b:
        without = ids(await b.page(request_of(products, query=RED)))
        b.hold(pin(_57=1, _1=3))
        page = await b.page(request_of(products, query=RED))
    assert (ids(page)[0], ids(page)[2]) == ("57", "1")
    others = [id for id in without if id not in ("57", "1")]
    assert [id for id in ids(page) if id not in ("57", "1")] == others[:8]
    assert [hit["_score"] for hit in page["hits"]["hits"]] == [1 / rank for rank in range(1, 11)]
    assert page["hits"]["max_score"] == 1.0
    assert page["hits"]["hits"][2]["_source"]["title"] == "blue shoes"


async def test_a_pinned_document_that_the_query_does_not_match_counts_once(node: Any, products: str) -> None:
    async with bench(node.url, serving_of(policy=Fixed(0, {"original": 50}))) as b:
        before = (await b.page(request_of(products, query=RED)))["hits"]["total"]["value"]
        b.hold(pin(_1=2, _3=1))
        total = (await b.page(request_of(products, query=RED)))["hits"]["total"]["value"]
    assert (before, total) == (20, 21)


async def test_nobody_sees_a_pinned_document_that_their_filters_hide(node: Any, products: str) -> None:
    query = {"bool": {"must": [RED], "filter": [{"term": {"stock": 1}}]}}
    async with bench(node.url, serving_of()) as b:
        b.hold(pin(_2=1, _99=1, _5=1))
        page = await b.page(request_of(products, query=query))
    assert ids(page)[0] == "5", "the first of them that is there takes the place"
    assert not {"2", "99"} & set(ids(page))


async def test_what_is_excluded_is_nowhere(node: Any, products: str) -> None:
    async with bench(node.url, serving_of()) as b:
        b.hold({"exclude": {"ids": ["0"], "filter": {"term": {"stock": 1}}}}, pin(_1=1))
        aggs = {"stock": {"terms": {"field": "stock"}}}
        page = await b.page(request_of(products, size=60, query=RED, aggs=aggs))
    assert all(hit["_source"]["stock"] == 0 and hit["_id"] != "0" for hit in page["hits"]["hits"])
    assert page["hits"]["total"]["value"] == len(ids(page)) == 9
    assert page["aggregations"]["stock"]["buckets"] == [{"key": 0, "doc_count": 9}], "facets are the client's query's"
    assert b.decisions[0].rules == ("rule-0", "rule-1")


async def test_boosted_stand_above_and_buried_below(node: Any, products: str) -> None:
    boots = {"match": {"title": "boots"}}
    async with bench(node.url, serving_of(policy=Fixed(0, {"original": 10}))) as b:
        b.hold({"boost": {"filter": {"term": {"stock": 1}}}}, {"bury": {"filter": boots}})
        hits = (await b.page(request_of(products, size=20, query=RED)))["hits"]["hits"]
    stock = [hit["_source"]["stock"] for hit in hits]
    assert stock == [1] * 10 + [0] * 10, "those further down in the client's query as well"
    kinds = [hit["_source"]["title"] for hit in hits[10:]]
    assert kinds == sorted(kinds, key=lambda title: "boots" in title)


async def test_some_places_up(node: Any, products: str) -> None:
    async with bench(node.url, serving_of()) as b:
        before = ids(await b.page(request_of(products)))
        b.hold({"boost": {"ids": [before[5]], "places": 3}})
        after = ids(await b.page(request_of(products)))
    assert after.index(before[5]) == 2


async def test_what_rules_did_is_recorded_and_told(node: Any, products: str) -> None:
    async with bench(node.url, serving_of(policy=Fixed(0, {"original": 10}))) as b:
        b.hold(pin(_1=1), {"bury": {"ids": ["3"]}}, {"boost": {"filter": {"term": {"stock": 9}}}})
        page = await b.page(replace(request_of(products, query=RED, explain=True), explain=True))
    key = DocKey(products, "1")
    decision = b.decisions[0]
    assert decision.rules == ("rule-0", "rule-1", "rule-2")
    assert decision.ruled[0] == Ruled("rule-0", "pin", key, 1, 0)
    assert decision.ruled[1].action == "bury"
    assert decision.candidates[0].key == key
    assert decision.candidates[0].features is None, "no plan had found it, so nothing is to be learned from it"
    assert page["hits"]["hits"][0]["_explanation"]["details"][0]["description"].startswith("rule rule-0 pins it")
    told = page["ext"]["ltrr"]
    assert told["rules"] == list(decision.rules)
    assert told["hits"][0]["rule"] == {"id": "rule-0", "action": "pin", "was": None}


async def test_a_pin_behind_the_union_has_its_place(node: Any, products: str) -> None:
    async with bench(node.url, serving_of(policy=Fixed(0, {"original": 10}))) as b:
        b.hold(pin(_1=18, _2=100))
        pages = [ids(await b.page(request_of(products, query=RED, size=10, offset=at))) for at in (0, 10, 20)]
    walked = [id for page in pages for id in page]
    assert walked.index("1") == 17
    assert walked[-1] == "2", "where the list ends before its place, it ends the list"
    assert len(walked) == len(set(walked)) == 22


async def test_a_collapsed_page_shows_the_pinned_document_for_its_group(node: Any, products: str) -> None:
    async with bench(node.url, serving_of()) as b:
        b.hold(pin(_9=1))
        page = await b.page(request_of(products, query=RED, size=30, collapse={"field": "stock"}))
    assert ids(page)[0] == "9"
    assert sorted(hit["_source"]["stock"] for hit in page["hits"]["hits"]) == [0, 1]


class NoWinners(FanOut):
    """Cannot fetch what the page lacks."""

    def documents(self, *args: Any) -> Documents:
        class Failing(Documents):
            async def winners(self, keys: Any) -> Any:
                if keys:
                    raise Unreachable("away")
                return {}

        found = super().documents(*args)
        return Failing(found.sender, found.request, found.hidden, found.preference)


class Broken(Backwards):
    def score(self, rows: Any) -> Any:
        raise ValueError("broken")


async def fallen_back(b: Bench, products: str, reason: str) -> Json:
    answer = await b.engine.search(request_of(products, query=RED), "products")
    await b.engine.drain()
    assert answer is not None
    assert reason in b.counts.reasons
    assert dict(answer.headers)[b"x-ltrr"] == b"q0", "what we changed says so"
    page: Json = orjson.loads(answer.body)
    return page


@pytest.mark.parametrize("way", ["winners", "rank"])
async def test_rules_hold_where_we_fall_back_to_the_clients_own_page(node: Any, products: str, way: str) -> None:
    serving = serving_of(ranker=Broken()) if way == "rank" else serving_of(ranker=Backwards())
    async with bench(node.url, serving) as b:
        if way == "winners":
            b.ask_through(NoWinners(b.upstream, deadline_ms=5000))
        b.hold(pin(_1=2), {"exclude": {"ids": ["0"]}}, {"bury": {"ids": ["3"]}})
        page = await fallen_back(b, products, way)
        later = await b.page(request_of(products, query=RED, offset=10)) if way == "rank" else None
    assert ids(page)[1] == "1"
    assert not {"0", "3"} & set(ids(page))
    assert page["hits"]["total"]["value"] == 20, "one excluded, one pinned that the query does not match"
    assert [hit["_score"] for hit in page["hits"]["hits"]] == [1 / rank for rank in range(1, 11)]
    if later:
        assert not set(ids(later)) & set(ids(page))


@pytest.mark.parametrize(("pinned", "matched", "last"), [("1", None, None), ("0", None, "0"), ("1", ["3", "6"], "1")])
async def test_in_a_fall_back_a_far_pin_ends_only_a_list_that_ends(
    node: Any, products: str, pinned: str, matched: list[str] | None, last: str | None
) -> None:
    """The longer list has twenty hits, of which ten are read; a page is whole even if one of these is pinned away."""
    query = {"ids": {"values": matched}} if matched else RED
    async with bench(node.url, serving_of(ranker=Broken(), policy=Fixed(10))) as b:
        b.hold({"pin": [{"id": pinned, "position": 30}]})
        page = await b.page(request_of(products, query=query))
        later = await b.page(request_of(products, query=query, offset=10))
    assert "rank" in b.counts.reasons
    assert (ids(page)[-1] if pinned in ids(page) else None) == last
    assert pinned not in ids(later)
    assert (len(ids(page)), page["hits"]["total"]["value"]) == ((3, 3) if matched else (10, 20))


async def test_a_clause_that_the_cluster_refuses_moves_nothing_and_is_counted(node: Any, products: str) -> None:
    async with bench(node.url, serving_of()) as b:
        before = ids(await b.page(request_of(products)))
        b.hold({"boost": {"filter": {"nonsense": {}}}}, pin(_59=1))
        after = ids(await b.page(request_of(products)))
    assert after[0] == "59"
    assert [id for id in after if id != "59"] == [id for id in before if id != "59"][:9]
    assert set(b.counts.reasons) == {"rules"}


async def test_a_rule_that_no_query_meets_costs_nothing(node: Any, products: str) -> None:
    async with bench(node.url, serving_of()) as plain, bench(node.url, serving_of()) as ruled:
        ruled.hold({"when": {"query": ["something else"]}, "pin": [{"id": "59", "position": 1}]})
        one, other = await plain.page(request_of(products)), await ruled.page(request_of(products))
    assert ids(one) == ids(other)
    assert ruled.decisions[0].rules == ()


@pytest.mark.parametrize("ranker", [None, Backwards()])
async def test_scores_fall_with_the_rank_of_the_whole_list_on_every_page(node: Any, products: str, ranker: Any) -> None:
    """The one rule of docs/paging.md, under pins and shifts as without them; the last page is behind the union."""
    async with bench(node.url, serving_of(ranker=ranker, policy=Fixed(0, {"original": 10}))) as b:
        for rules in ((), (pin(_1=4, _2=13), {"boost": {"ids": ["57"]}})):
            b.hold(*rules)
            pages = [await b.page(request_of(products, query=RED, size=7, offset=at)) for at in (0, 7, 14)]
            scores = [hit["_score"] for page in pages for hit in page["hits"]["hits"]]
            assert scores == [1 / rank for rank in range(1, len(scores) + 1)]
            assert len(scores) > 14
            assert {page["hits"]["max_score"] for page in pages} == {1.0}
