"""Orders in the index that proxies share, on the real node."""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.answer.listing import Listing
from ltrr_opensearch.answer.pages import PageMemory
from ltrr_opensearch.cluster.templates import load_templates
from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.index.retention import expire
from ltrr_opensearch.paging import shared
from ltrr_opensearch.paging.orders import Orders
from ltrr_opensearch.paging.shared import MOST_WAITING, PAUSE_S, SharedPages
from ltrr_opensearch.settings import ClusterSettings, StateSettings
from ltrr_opensearch.types import DocKey


@pytest.fixture
def pages(client: OpenSearch, index_name: str) -> Iterator[str]:
    template = next(t for t in load_templates(StateSettings(prefix=index_name)) if t.name == f"{index_name}_pages")
    client.indices.create(index=f"{index_name}_pages", body=template.body["template"])
    yield f"{index_name}_pages"
    client.indices.delete(index=f"{index_name}_pages", ignore_unavailable=True)


class Clock:
    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class Two:
    """Two proxies' sides of the same index."""

    def __init__(self, upstream: Upstream, index: str) -> None:
        self.clock = Clock()
        self.failed: Counter[str] = Counter()
        count = lambda reason: self.failed.update([reason])  # noqa: E731 one line says it
        self.first, self.second = (SharedPages(upstream, (), index, 600, count, self.clock) for _ in range(2))


@asynccontextmanager
async def sharing(url: str, index: str) -> AsyncIterator[Two]:
    upstream = Upstream(ClusterSettings(url=url))
    await upstream.open()
    both = Two(upstream, index)
    try:
        async with both.first.running(), both.second.running():
            yield both
    finally:
        await upstream.close()


def order(*ids: str, query_id: str = "q1") -> Listing:
    return Listing(query_id, tuple(DocKey("shop", id) for id in ids), 1)


async def test_what_one_writes_the_other_reads_at_once(node: Any, pages: str) -> None:
    async with sharing(node.url, pages) as two:
        await two.first.write("k", order("a", "b"))
        assert await two.second.read("k", patient=False) == order("a", "b")
        await two.second.write("k", order("a", "b", "c"))
        assert await two.first.read("k", patient=False) == order("a", "b", "c")
        assert await two.first.read("unheard-of", patient=False) is None
        assert not two.failed


async def test_an_order_on_its_way_is_waited_for(node: Any, pages: str) -> None:
    async with sharing(node.url, pages) as two:
        reading = asyncio.create_task(two.second.read("k", patient=True))
        await asyncio.sleep(0)
        two.first.put("k", order("a"))
        assert two.first.pending("k")
        assert await reading == order("a")
        assert not two.first.pending("k")


async def test_what_was_settled_again_does_not_replace_what_is_there(node: Any, pages: str) -> None:
    async with sharing(node.url, pages) as two:
        await two.first.write("k", order("a"))
        await two.second.put("k", order("b"), anew=True)
        assert await two.second.read("k", patient=False) == order("a")
        assert not two.failed


async def test_an_expired_order_is_not_read_and_its_writer_deletes_it(
    node: Any, client: OpenSearch, pages: str
) -> None:
    async with sharing(node.url, pages) as two:
        for key in ("mine", "taken"):
            await two.first.write(key, order("a"))
        two.clock.ahead = 400
        await two.second.write("taken", order("b"))
        two.clock.ahead = 601
        assert await two.second.read("mine", patient=False) is None
        await two.first.write("next", order("c"))
        assert not client.exists(index=pages, id="mine")
        assert await two.first.read("taken", patient=False) == order("b")


async def test_sync_deletes_what_a_dead_proxy_left(node: Any, client: OpenSearch, pages: str) -> None:
    prefix = pages.removesuffix("_pages")
    state = StateSettings(prefix=prefix, ubi_queries=f"{prefix}_q", ubi_events=f"{prefix}_e")
    async with sharing(node.url, pages) as two:
        await two.first.write("k", order("a"))
    client.indices.refresh(index=pages)
    now = datetime.now(UTC)
    assert expire(client, state, 90, now) == []
    assert expire(client, state, 90, now + timedelta(hours=2)) == [
        "deleted 1 orders of searches that nobody pages any more"
    ]


async def test_before_a_cluster_that_takes_nothing_no_queue_grows(node: Any, client: OpenSearch, pages: str) -> None:
    client.indices.put_settings(index=pages, body={"index.blocks.write": True})
    async with sharing(node.url, pages) as two:
        await two.first.write("k", order("a"))
        assert two.failed == {"pages_write": 1}
        assert await two.first.read("k", patient=False) is None


async def test_without_a_cluster_writing_pauses(pages: str) -> None:
    async with sharing("http://127.0.0.1:1", pages) as two:
        await two.first.write("k", order("a"))
        assert two.failed == {"pages_write": 1}
        assert two.first.put("k", order("a")).done()
        assert two.failed["pages_full"] == 1
        two.clock.ahead = PAUSE_S + 1
        assert await two.first.read("k", patient=False) is None
        assert not two.first.put("k", order("a")).done()
        assert two.failed["pages_read"] == 1


async def test_a_cluster_that_does_not_answer_is_waited_for_once(pages: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "READ_S", 0.01)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        async with sharing(url, pages) as two:
            assert await two.first.read("k", patient=True) is None
            assert two.failed == {"pages_read": 1}
            monkeypatch.setattr(shared, "READ_S", 600)
            assert await two.first.read("k", patient=True) is None
            assert two.first.put("k", order("a")).done()


async def test_a_write_that_hangs_is_given_up_and_lets_us_stop(pages: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "BULK_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with asyncio.timeout(20), sharing(f"http://127.0.0.1:{silent.getsockname()[1]}", pages) as two:
            written = two.first.put("k", order("a"))
            two.second.put("k", order("b"))
            await written
            assert two.failed["pages_write"] >= 1
    assert not two.second.pending("k")


async def test_the_queue_is_bounded(pages: str) -> None:
    two = Two(Upstream(ClusterSettings(url="http://127.0.0.1:1")), pages)
    waiting = [two.first.put(str(n), order("a")) for n in range(MOST_WAITING + 3)]
    assert sum(one.done() for one in waiting) == two.failed["pages_full"] == 3


async def test_a_search_that_begins_again_otherwise_is_written_before_its_answer(node: Any, pages: str) -> None:
    async with sharing(node.url, pages) as two:
        here, there = (Orders(PageMemory(9, 600, two.clock), shared, 100) for shared in (two.first, two.second))
        await here.begin("k", order("a", "b"), here.look("k"))
        assert await there.known("k") == order("a", "b")
        await there.begin("k", order("b", "a", query_id="q2"), there.look("k"))
        assert await two.first.read("k", patient=False) == order("b", "a", query_id="q2")
        assert await here.known("k") == order("b", "a", query_id="q2")


async def test_an_order_of_one_page_is_not_written(node: Any, pages: str) -> None:
    async with sharing(node.url, pages) as two:
        here = Orders(PageMemory(9, 600, two.clock), two.first, 100)
        await here.begin("k", order("a"), here.look("k"), paged=False)
        assert not two.first.pending("k")
        assert await here.known("k") == order("a")
