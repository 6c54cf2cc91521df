"""The tools of the measurement itself: who asks, who watches, who counts."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import pytest

from ltrr_opensearch.bench import capacity, nginx, streaming
from ltrr_opensearch.bench.load import Caller, Refused, closed_loop, request
from ltrr_opensearch.bench.processes import cores, cpu_s, resident_mb
from ltrr_opensearch.bench.watched import Exchange, Watch, watching
from ltrr_opensearch.errors import LtrrError

ANSWER = b"HTTP/1.1 %d OK\r\ncontent-length: 2\r\n\r\n{}"


@asynccontextmanager
async def answering(status: int = 200) -> AsyncIterator[int]:
    """A server that answers every request, whatever it says."""

    writers = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        while await reader.read(1 << 16):
            writer.write(ANSWER % status)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        for writer in writers:
            writer.close()
            await writer.wait_closed()


async def test_every_answer_of_a_closed_loop_is_counted() -> None:
    async with answering() as port:
        load = await closed_loop(port, [request("GET", "/")], connections=3, seconds=0.2)
    assert len(load.times_ms) >= 3
    assert load.rate > 0
    assert max(load.times_ms) >= load.p99_ms


async def test_a_server_that_refuses_is_told_from_one_that_fails() -> None:
    async with answering(429) as port:
        with pytest.raises(Refused):
            await closed_loop(port, [request("GET", "/")], 1, 0.1)
    async with answering(500) as port:
        with pytest.raises(LtrrError, match="status 500"):
            await closed_loop(port, [request("GET", "/")], 1, 0.1)


async def test_the_watch_notes_what_is_asked_and_how_long_it_takes() -> None:
    async with answering() as port, watching("127.0.0.1", port) as watch:
        call = await asyncio.to_thread(Caller, watch.port)
        taken = await asyncio.to_thread(call, request("POST", "/shop/_search?preference=x", b'{"size":1}'))
        call.close()
    (exchange,) = watch.to("/shop/_search")
    assert exchange.body == b'{"size":1}'
    assert 0 < watch.waited() * 1000 <= taken
    assert watch.to("/shop/_bulk") == []


def test_requests_that_overlap_are_waited_for_once() -> None:
    watch = Watch(exchanges=[Exchange(1.0, 3.0), Exchange(2.0, 4.0), Exchange(2.5, 2.75), Exchange(6.0, 7.0)])
    assert watch.waited() == pytest.approx(4.0)


def test_an_msearch_holds_the_plans_and_not_what_names_found_documents() -> None:
    plan = {"query": {"bool": {"must": [{"ids": {"values": ["1"]}}], "filter": [{"term": {"a": 1}}]}}}
    winners = {"query": {"bool": {"filter": [{"ids": {"values": ["1"]}}]}}}
    target = "/shop/_search?preference=same"
    seen = [Exchange(0.0, 1.0, target, orjson.dumps(body)) for body in (plan, winners)]
    header, body = capacity._msearch("shop", seen).splitlines()
    assert orjson.loads(header) == {"index": "shop", "preference": "same"}
    assert orjson.loads(body) == plan


def test_the_sink_counts_what_it_is_sent() -> None:
    everywhere = os.sched_getaffinity(0)
    core, _ = cores()
    try:
        with streaming.sink(core) as port:
            assert streaming.send(port, 3 * streaming.CHUNK + 17, core) > 0
    finally:
        os.sched_setaffinity(0, everywhere)


def test_without_nginx_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_args, **_named: None)
    with pytest.raises(LtrrError, match="apt-get install nginx-light"):
        nginx.binary()


def test_this_process_uses_time_and_memory() -> None:
    assert cpu_s(os.getpid()) > 0
    assert resident_mb(os.getpid()) > 1
