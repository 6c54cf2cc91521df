"""Paging while documents come and go."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from opensearchpy import OpenSearch

from tests.paging.catalogue import WHOLE, add, made, matching, remove
from tests.paging.two_proxies import proxies
from tests.paging.walks import walk


@pytest.fixture
def shop(client: OpenSearch, index_name: str) -> Iterator[str]:
    with made(client, index_name) as index:
        yield index


@pytest.mark.parametrize("size", [1, 6, 10])
async def test_deleted_documents_close_the_list_up_without_losing_others(
    node: Any, client: OpenSearch, shop: str, size: int
) -> None:
    chance, left = Random(size), set(matching())
    async with proxies(node.url, shop) as two:

        async def delete(page: int) -> None:
            if left and page % 3 == 1:
                gone = chance.sample(sorted(left), min(2, len(left)))
                left.difference_update(gone)
                remove(client, shop, gone)

        walked = await walk(two.asks(), size, meanwhile=delete, pages=10 if size == 1 else 1_000)
        assert (walked.repeats, walked.totals_below) == (0, 0)
        if size > 1:
            assert walked.lost(left) == set()
            assert [len(page) for page in walked.pages[:-1]] == [size] * (len(walked.pages) - 1)
            assert walked.totals[-1] >= len(walked.ids)


async def test_new_documents_shift_nothing(node: Any, client: OpenSearch, shop: str) -> None:
    new = iter(range(2 * WHOLE, 3 * WHOLE, 2))
    async with proxies(node.url, shop) as two:

        async def arrive(page: int) -> None:
            if page:
                client.index(index=shop, id=str(next(new)), body={"title": "shoes"}, params={"refresh": "true"})

        walked = await walk(two.asks(), 10, meanwhile=arrive)
        assert (walked.repeats, walked.totals_below) == (0, 0)
        assert walked.lost(matching() | two.union) == set()


async def test_many_come_and_go_at_once(node: Any, client: OpenSearch, shop: str) -> None:
    async with proxies(node.url, shop) as two:

        async def change(page: int) -> None:
            if page == 3:
                remove(client, shop, [str(n) for n in range(0, 120, 2)])
                add(client, shop, range(WHOLE, WHOLE + 50))

        walked = await walk(two.asks(), 7, meanwhile=change)
        assert (walked.repeats, walked.totals_below) == (0, 0)
        assert walked.lost({str(n) for n in range(120, 240, 2)}) == set()
        assert [len(page) for page in walked.pages[:-1]] == [7] * (len(walked.pages) - 1)
