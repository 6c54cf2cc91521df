"""When a server stops while it answers, and whom it gives up."""

from __future__ import annotations

import asyncio

import pytest

from ltrr_opensearch.proxy import http_server
from ltrr_opensearch.proxy.exchange import Exchange
from ltrr_opensearch.proxy.http_server import HttpServer
from ltrr_opensearch.proxy.server import listen

LENGTH = ((b"content-length", b"4"),)
PATIENCE_S = 10
"""Less than a stop waits for connections that do not close."""


async def test_a_connection_whose_answer_began_before_the_stop_closes_once_it_is_whole() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def app(exchange: Exchange) -> None:
        exchange.begin(200, LENGTH, sized=True)
        exchange.write(b"ab")
        exchange.flush()
        begun.set()
        await go_on.wait()
        exchange.write(b"cd")
        exchange.end()

    server = HttpServer(app)
    with listen("127.0.0.1", 0, "serve.port") as bound:
        await server.start(bound)
        reader, writer = await asyncio.open_connection(*bound.getsockname())
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await begun.wait()
        stopping = asyncio.create_task(server.stop())
        answer = await reader.readuntil(b"ab")
        await asyncio.wait([stopping], timeout=1)  # idle connections are closed by now
        go_on.set()
        async with asyncio.timeout(PATIENCE_S):
            answer += await reader.read()
            await stopping
        writer.close()
    assert answer.endswith(b"\r\n\r\nabcd")


async def test_a_client_that_waits_to_be_invited_is_not_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "SILENCE_S", 0.5)
    monkeypatch.setattr(http_server, "LOOK_S", 0.05)
    thought = asyncio.Event()

    async def app(exchange: Exchange) -> None:
        await thought.wait()
        body, _ = await exchange.read(4)
        exchange.reply(200, (), body)

    server = HttpServer(app)
    with listen("127.0.0.1", 0, "serve.port") as bound:
        await server.start(bound)
        reader, writer = await asyncio.open_connection(*bound.getsockname())
        writer.write(b"PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\ncontent-length: 4\r\n\r\n")
        await asyncio.wait([asyncio.create_task(thought.wait())], timeout=1)  # longer than silence is borne
        thought.set()
        async with asyncio.timeout(PATIENCE_S):
            await reader.readuntil(b"100 Continue\r\n\r\n")
            writer.write(b"abcd")
            assert (await reader.readuntil(b"abcd")).startswith(b"HTTP/1.1 200")
            writer.close()
            await server.stop()
