"""Walks under rules: pins where they belong, nothing excluded, nothing twice, nothing lost, every total the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from opensearchpy import OpenSearch

from tests.paging.catalogue import made, matching
from tests.paging.two_proxies import proxies, serving
from tests.paging.walks import walk

PINS = {"299": 1, "1": 4, "4": 5, "293": 27, "3": 95}
"""Some that the query matches and some that it does not, near and far."""
GONE = {"10", "20", "297"}
RULES: tuple[dict[str, Any], ...] = (
    {"pin": [{"id": id, "position": place} for id, place in PINS.items()]},
    {"exclude": {"ids": sorted(GONE)}},
    {"boost": {"filter": {"term": {"stock": 2}}}},
    {"bury": {"filter": {"match": {"body": "shoes"}}}},
)


@pytest.fixture(scope="module")
def shop(client: OpenSearch) -> Iterator[str]:
    with made(client, f"test_rules_{uuid4().hex[:8]}") as index:
        yield index


@pytest.mark.parametrize("size", [1, 7, 10, 100])
async def test_a_walk_to_the_last_hit_under_rules(node: Any, shop: str, size: int) -> None:
    async with proxies(node.url, shop) as two:
        for engine in two.engines:
            engine.hold(*RULES)
        walked = await walk(two.asks(), size)
        assert two.reasons == []
        assert (walked.repeats, walked.totals_below) == (0, 0)
        assert walked.lost((matching() | two.union | PINS.keys()) - GONE) == set()
        assert not GONE & set(walked.ids)
        assert set(walked.totals) == {len(walked.ids)}
        assert {id: walked.ids.index(id) + 1 for id in PINS} == PINS


async def test_a_walk_on_which_rules_come_and_go(node: Any, shop: str) -> None:
    """An order that was settled keeps its pins; what is excluded from now on leaves it, as if it had been deleted."""
    async with proxies(node.url, shop) as two:

        async def change(page: int) -> None:
            for engine in two.engines:
                engine.hold(*(RULES[:1] if page < 2 else RULES[1:2]))

        walked = await walk(two.asks(), 10, meanwhile=change)
        assert walked.repeats == 0
        assert not GONE & {id for page in walked.pages[2:] for id in page}
        assert {id: walked.ids.index(id) + 1 for id in ("299", "1", "4")} == {"299": 1, "1": 4, "4": 5}
        assert walked.lost(matching() - GONE) == set()


async def test_a_proxy_that_lost_the_order_settles_it_again_under_the_rules(node: Any, shop: str) -> None:
    async with proxies(node.url, shop, serving(), share=False) as two:
        for engine in two.engines:
            engine.hold(*RULES)
        walked = await walk(two.asks(), 10)
        assert walked.repeats == 0
        assert {id: walked.ids.index(id) + 1 for id in PINS} == PINS
