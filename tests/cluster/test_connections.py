"""Keep-alive connections, against bare sockets: how answers end, what is refused, and the limit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from ltrr_opensearch.cluster.connections import Dropped, NoConnection, Origin
from ltrr_opensearch.cluster.nodes import Nodes, Received
from ltrr_opensearch.cluster.upstream import request_bytes

ORIGIN = Origin("127.0.0.1", 1, None, b"here")
Converse = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def asked(nodes: Nodes) -> Received:
    return await nodes.exchange(lambda at: request_bytes("POST", "/_search", at, ((b"accept", b"*/*"),), b"{}"))


@asynccontextmanager
async def connections(converse: Converse, limit: int = 10, connect_s: float = 2.0) -> AsyncIterator[Nodes]:
    met = []

    async def meeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(asyncio.current_task())
        try:
            await converse(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    listening = await asyncio.start_server(meeting, "127.0.0.1", 0)
    origin = Origin("127.0.0.1", listening.sockets[0].getsockname()[1], None, b"here")
    pool = Nodes([origin], limit, connect_s, retry_s=1)
    try:
        yield pool
    finally:
        await pool.close()
        await asyncio.gather(*(task for task in met if task))
        listening.close()


def answering(*parts: bytes) -> Converse:
    """Answers one request with bytes in several writes, and closes."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.01)

    return converse


@pytest.mark.parametrize(
    "parts",
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab", b"cd"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n", b"2\r\ncd\r\n0\r\n\r\n"),
        (b"HTTP/1.0 200 OK\r\n\r\nab", b"cd"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nabcd"),
    ],
    ids=["length", "chunks", "until it closes", "after a word in between"],
)
async def test_an_answer_is_read_to_its_end(parts: tuple[bytes, ...]) -> None:
    async with connections(answering(*parts)) as pool:
        received = await asked(pool)
    assert (received.status, received.body) == (200, b"abcd")


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        ((b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab",), ConnectionError),
        ((b"SSH-2.0 here\r\n\r\n",), ConnectionError),
        ((), Dropped),
    ],
    ids=["cut short", "no HTTP", "nothing"],
)
async def test_what_is_no_answer_is_an_error(parts: tuple[bytes, ...], error: type[Exception]) -> None:
    async with connections(answering(*parts)) as pool:
        with pytest.raises(error):
            await asked(pool)


async def test_connections_are_used_again_and_never_more_than_the_limit() -> None:
    opened = 0

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        while True:
            try:
                await reader.readuntil(b"{}")
            except asyncio.IncompleteReadError:
                return
            await asyncio.sleep(0.005)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

    async with connections(converse, limit=2) as pool:
        received = await asyncio.gather(*(asked(pool) for _ in range(8)))
    assert [r.status for r in received] == [200] * 8
    assert opened == 2


async def test_a_connection_that_is_in_use_when_the_pool_closes_goes_with_its_answer() -> None:
    ended = asyncio.Event()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"{}")
        await asyncio.sleep(0.05)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        with suppress(ConnectionError):
            await reader.read()
        ended.set()

    async with connections(converse) as pool:
        late = asyncio.create_task(asked(pool))
        await asyncio.sleep(0.02)
        await pool.close()
        assert (await late).status == 200
        await asyncio.wait_for(ended.wait(), 10)


async def test_waiting_for_a_connection_ends() -> None:
    async def never(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with connections(never, limit=1, connect_s=0.05) as pool:
        first = asyncio.create_task(asked(pool))
        await asyncio.sleep(0.01)
        with pytest.raises(NoConnection):
            await asked(pool)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first


def test_a_line_break_never_travels() -> None:
    with pytest.raises(ValueError, match="line break"):
        request_bytes("GET", "/a HTTP/1.1\r\nhost: evil", ORIGIN, (), b"")
    with pytest.raises(ValueError, match="line break"):
        request_bytes("GET", "/", ORIGIN, ((b"x", b"1\r\ny: 2"),), b"")
