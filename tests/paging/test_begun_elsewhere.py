"""Later pages whose order is not, or no more, to be found; and searches that begin in the middle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from opensearchpy import OpenSearch

from tests.paging.catalogue import made, matching
from tests.paging.two_proxies import proxies
from tests.paging.walks import walk


@pytest.fixture(scope="module")
def shop(client: OpenSearch) -> Iterator[str]:
    with made(client, f"test_elsewhere_{uuid4().hex[:8]}") as index:
        yield index


async def test_without_a_shared_order_the_draw_is_repeated_from_its_seed(node: Any, shop: str) -> None:
    async with proxies(node.url, shop, share=False, count=3) as three:
        walked = await walk(three.asks(), 10)
        assert (walked.repeats, walked.totals_below) == (0, 0)
        assert walked.lost(matching() | three.union) == set()
        drawn = [[s.depth for s in d.slots] for engine in three.engines for d in engine.decisions]
        assert len(drawn) == 3
        assert drawn[0] == drawn[1] == drawn[2]


@pytest.mark.parametrize("offset", [10, 95, 130])
async def test_a_search_may_begin_in_the_middle(node: Any, shop: str, offset: int) -> None:
    async with proxies(node.url, shop) as two:
        first, second = two.asks()
        here, there = await first(offset, 10), await second(offset, 10)
        assert [h["_id"] for h in here["hits"]["hits"]] == [h["_id"] for h in there["hits"]["hits"]]
        whole = await walk(two.asks(), 10)
        assert whole.ids[offset : offset + 10] == [h["_id"] for h in here["hits"]["hits"]]
        places = {(p.offset, p.ids) for engine in two.engines for p in engine.recorded.pages if p.offset == offset}
        assert places == {(offset, tuple(h["_id"] for h in here["hits"]["hits"]))}


async def test_behind_the_last_hit_there_is_an_empty_page_with_the_total(node: Any, shop: str) -> None:
    async with proxies(node.url, shop) as two:
        whole = await walk(two.asks(), 50)
        behind = await two.asks()[0](5_000, 10)
        assert behind["hits"]["hits"] == []
        assert behind["hits"]["total"]["value"] == len(whole.ids)


async def test_a_page_that_begins_again_replaces_the_order_of_the_other_proxy(node: Any, shop: str) -> None:
    async with proxies(node.url, shop) as two:
        for turn in range(4):
            asks = two.asks()[turn % 2 :] + two.asks()[: turn % 2]
            walked = await walk(asks, 10, pages=5)
            assert (walked.repeats, len(walked.ids)) == (0, 50)


async def test_without_the_index_of_pages_every_proxy_pages_by_itself(
    node: Any, client: OpenSearch, index_name: str
) -> None:
    with made(client, index_name) as shop:
        client.indices.put_settings(index=f"{shop}_pages", body={"index.blocks.write": True})
        async with proxies(node.url, shop) as two:
            walked = await walk(two.asks(), 25)
            assert (walked.repeats, walked.totals_below) == (0, 0)
            assert walked.lost(matching()) == set()
            assert "pages_write" in two.reasons
