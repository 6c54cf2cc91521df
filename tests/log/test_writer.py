"""The writer before a real node, through a relay that fails when told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from opensearchpy import OpenSearch

from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.log import delivery
from ltrr_opensearch.log.ubi import UbiEvent
from ltrr_opensearch.log.writer import Writer
from ltrr_opensearch.settings import ClusterSettings, LogSettings
from tests.log.relay import Relay


@pytest.fixture
def index(client: OpenSearch) -> Iterator[str]:
    name = f"test_writer_{uuid4().hex[:8]}"
    mappings = {"dynamic": False, "properties": {"at": {"type": "date"}}}
    client.indices.create(index=name, body={"settings": {"number_of_replicas": 0}, "mappings": mappings})
    yield name
    client.indices.delete(index=name)


@pytest.fixture
async def relay(node: Any) -> AsyncIterator[Relay]:
    async with Relay(node.url) as relay:
        yield relay


def writer(url: str, folder: Path, **log: Any) -> Writer:
    log = {"flush_ms": 50, "commit_ms": 5_000, "spool_dir": str(folder), **log}
    return Writer(ClusterSettings(url=url), LogSettings(**log))


def found(client: OpenSearch, index: str) -> int:
    client.indices.refresh(index=index)
    return int(client.count(index=index)["count"])


async def until(true: Callable[[], bool]) -> None:
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.015)
    raise TimeoutError


def letters(folder: Path) -> str:
    return next(folder.glob("*/refused.ndjson")).read_text()


def events(count: int) -> list[UbiEvent]:
    return [UbiEvent(f"e{n}", {"action_name": "click", "n": n}) for n in range(count)]


async def test_records_arrive_without_anybody_waiting(
    client: OpenSearch, index: str, node: Any, tmp_path: Path
) -> None:
    w = writer(node.url, tmp_path)
    await w.start()
    assert all(w.write(index, str(n), {"n": n}) for n in range(1200))
    assert w.write(index, "0", {"n": 0})
    await until(lambda: w.counts.written == 1201)
    await w.close()
    assert found(client, index) == 1200


async def test_an_outage_loses_nothing_and_repeats_nothing(
    client: OpenSearch, index: str, relay: Relay, tmp_path: Path
) -> None:
    w = writer(relay.url, tmp_path)
    await w.start()
    assert await w.accept(index, events(3)) == [""] * 3
    relay.off()
    assert await w.accept(index, events(6)) == [""] * 6
    assert w.write(index, "d1", {"n": 1})
    await until(lambda: w.counts.spooled == 7)
    assert w.spooled_bytes > 0
    relay.on()
    await until(lambda: w.spooled_bytes == 0)
    assert w.counts.replayed == 7
    await w.close()
    assert found(client, index) == 7


async def test_what_was_spooled_arrives_after_a_restart(
    client: OpenSearch, index: str, node: Any, relay: Relay, tmp_path: Path
) -> None:
    relay.off()
    w = writer(relay.url, tmp_path)
    await w.start()
    await w.accept(index, events(4))
    w.write(index, "late", {"n": 1})
    await w.close()
    again = writer(node.url, tmp_path)
    await again.start()
    await until(lambda: again.spooled_bytes == 0)
    await again.close()
    assert again.counts.replayed == 5
    assert found(client, index) == 5


async def test_what_the_cluster_never_takes_is_kept_aside_once(
    client: OpenSearch, index: str, node: Any, tmp_path: Path
) -> None:
    w = writer(node.url, tmp_path)
    await w.start()
    good, bad = events(1)[0], UbiEvent("bad", {"at": "yesterday"})
    kept, refused = await w.accept(index, [good, bad])
    assert kept == ""
    assert refused.startswith("400 mapper_parsing_exception")
    await w.close()
    assert (w.counts.written, w.counts.refused, w.counts.spooled) == (1, 1, 0)
    assert w.counts.failed["400 mapper_parsing_exception"] == 1
    assert '"at":"yesterday"' in letters(tmp_path)


async def test_without_room_the_client_is_told(index: str, relay: Relay, tmp_path: Path) -> None:
    relay.off()
    w = writer(relay.url, tmp_path, spool_mb=0.0005)
    await w.start()
    with pytest.raises(Unreachable, match="spool is full"):
        await w.accept(index, events(20))
    assert w.counts.dropped > 0
    await w.close()


async def test_a_full_memory_spills_to_disk_and_then_refuses(index: str, relay: Relay, tmp_path: Path) -> None:
    relay.off()
    w = writer(relay.url, tmp_path, queue_records=10, flush_ms=60_000)
    assert [w.write(index, str(n), {}) for n in range(11)] == [True] * 10 + [False]
    await w.start()
    await until(lambda: w.counts.spooled == 10)
    assert (w.waiting, w.counts.dropped) == (0, 1)
    await w.close()


async def test_a_cluster_that_never_answers_holds_nobody_up(
    index: str, relay: Relay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "BULK_TIMEOUT_S", 0.2)
    relay.stall()
    w = writer(relay.url, tmp_path, commit_ms=100)
    await w.start()
    assert await w.accept(index, events(3)) == [""] * 3
    assert w.counts.spooled == 3
    await until(lambda: w.counts.failed["TimeoutError"] >= 1)
    relay.on()
    await until(lambda: w.counts.replayed == 3)
    await w.close()


async def test_the_one_record_that_is_too_large_is_found(tmp_path: Path) -> None:
    sizes: list[int] = []

    async def bulk(request: web.Request) -> web.Response:
        """Answers as OpenSearch does under a small `http.max_content_length`."""
        lines = (await request.read()).splitlines()
        sizes.append(len(lines) // 2)
        if sum(map(len, lines)) > 2000:
            return web.Response(status=413)
        return web.json_response({"items": [{"create": {"status": 201}}] * (len(lines) // 2)})

    app = web.Application()
    app.router.add_post("/_bulk", bulk)
    async with TestServer(app) as server:
        w = writer(str(server.make_url("/")), tmp_path)
        await w.start()
        reasons = await w.accept("i", [*events(5), UbiEvent("large", {"message": "m" * 3000}), *events(4)])
        await w.close()
    assert [r[:3] for r in reasons] == [""] * 5 + ["413"] + [""] * 4
    assert (w.counts.written, w.counts.refused) == (9, 1)
    assert sizes[0] == 10
