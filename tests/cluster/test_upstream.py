"""The asynchronous way to the cluster, against a real node and, for what a node cannot show, bare sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from ltrr_opensearch.cluster.headers import header, onward, own_account
from ltrr_opensearch.cluster.upstream import Upstream, UpstreamFailure
from ltrr_opensearch.errors import SettingsError, Unreachable
from ltrr_opensearch.settings import ClusterSettings

SEARCH = b'{"size":0}'


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Upstream]:
    upstream = Upstream(ClusterSettings(url=url, timeout_ms=2000))
    await upstream.open()
    try:
        yield upstream
    finally:
        await upstream.close()


async def test_send_keeps_status_and_headers_and_gives_the_body_plain(node: Any) -> None:
    async with opened(node.url) as upstream:
        headers = ((b"accept-encoding", b"gzip"), (b"x-opaque-id", b"7"), (b"host", b"elsewhere"))
        reply = await upstream.send("POST", "/_search?ignore_unavailable=true", headers, SEARCH)
        absent = await upstream.send("GET", "/test_absent/_doc/%2F", ())
    assert (reply.status, orjson.loads(reply.body)["hits"]["hits"]) == (200, [])
    assert header(reply.headers, b"x-opaque-id") == b"7"
    assert header(reply.headers, b"content-length") is None
    assert absent.status == 404


@asynccontextmanager
async def server(converse: Any) -> AsyncIterator[str]:
    listening = await asyncio.start_server(converse, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()


async def test_cancelling_closes_the_connection() -> None:
    asked, closed = asyncio.Event(), asyncio.Event()

    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await reader.read()
        closed.set()
        writer.close()

    async with server(never) as url, opened(url) as upstream:
        sending = asyncio.create_task(upstream.send("POST", "/_search", (), b""))
        await asyncio.wait_for(asked.wait(), 2)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await asyncio.wait_for(closed.wait(), 2)


async def test_a_connection_that_was_just_closed_is_tried_again_once() -> None:
    answers = 0

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal answers
        head = await reader.readuntil(b"\r\n\r\n")
        answers += 1
        if b"/again" not in head or answers > 2:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        if answers == 1:
            await reader.read(1)  # the next request on this connection is met by its end
        writer.close()

    async with server(once) as url, opened(url) as upstream:
        assert (await upstream.send("POST", "/first", ())).status == 200
        assert (await upstream.send("POST", "/second", ())).status == 200


async def test_no_cluster_is_unreachable_with_a_gateways_status() -> None:
    async with opened("http://127.0.0.1:1") as upstream:
        with pytest.raises(UpstreamFailure, match=r"127\.0\.0\.1:1") as failed:
            await upstream.send("GET", "/", ())
    assert isinstance(failed.value, Unreachable)
    assert failed.value.status == 503


def test_authorities_that_cannot_be_read_are_a_setting_at_fault(tmp_path: Path) -> None:
    settings = ClusterSettings(url="https://localhost:1", ca_certs=str(tmp_path / "none.pem"))
    with pytest.raises(SettingsError, match=r"cluster\.ca_certs.*none\.pem"):
        Upstream(settings)


def test_headers() -> None:
    own = ((b"X-Own", b"1"), (b"X-More", b"2"))
    headers = ((b"Connection", b"close, X-Own"), *own, (b"Accept", b"*/*"), (b"connection", b"x-more"))
    assert onward(headers) == ((b"Accept", b"*/*"),)
    assert own_account(ClusterSettings()) == ()
    ours = own_account(ClusterSettings(username="us", password="pw"))
    assert ours == ((b"authorization", b"Basic dXM6cHc="),)
