"""Pages of one proxy."""

from __future__ import annotations

from typing import Any

from ltrr_opensearch.choose.fixed import Fixed
from tests.engine.worlds import bench, request_of, serving_of


async def test_ten_pages_show_every_document_once(node: Any, products: str) -> None:
    async with bench(node.url, serving_of()) as b:
        pages = [await b.page(request_of(products, offset=o)) for o in range(0, 60, 10)]
    ids = [h["_id"] for page in pages for h in page["hits"]["hits"]]
    assert sorted(ids, key=int) == [str(i) for i in range(60)]
    assert len(b.decisions) == 1


async def test_pages_beyond_the_window_go_on_with_the_clients_own_hits(node: Any, products: str) -> None:
    narrow = serving_of(policy=Fixed(10))
    async with bench(node.url, narrow, window=20) as b:
        pages = [await b.page(request_of(products, offset=o)) for o in range(0, 60, 10)]
    ids = [h["_id"] for page in pages for h in page["hits"]["hits"]]
    assert len(set(ids)) == len(ids) == 60
