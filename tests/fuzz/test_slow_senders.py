"""A thousand clients that never finish their requests: each is given up in time, and others do not feel them."""

from __future__ import annotations

import asyncio
import random
from typing import Any
from urllib.parse import urlsplit

import pytest

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.proxy import http_server
from ltrr_opensearch.settings import ClusterSettings, Settings
from tests.fuzz.slow import begin
from tests.proxy.listening import call, listening

SENDERS = 1_000
AT_ONCE = 200
"""Both ends of each are files of this process, of which a user may have 1,024."""
PAUSE_S = 0.2
"""Between the bytes of those that send one at a time."""
GIVEN_UP_S = 60.0


@pytest.mark.usefixtures("node")
async def test_slow_senders_are_given_up(node: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in (("HEAD_S", 2.0), ("SILENCE_S", 2.0), ("LOOK_S", 0.2)):
        monkeypatch.setattr(http_server, name, seconds)
    index = {"shop": IndexSettings(text_fields={"title": 1.0})}
    settings = Settings(cluster=ClusterSettings(url=node.url), indexes=index)
    with listening(settings, lambda _: None) as proxy:
        port = urlsplit(proxy.url).port or 0
        gate = asyncio.Semaphore(AT_ONCE)
        senders = [asyncio.create_task(_send(port, random.Random(f"slow/{n}"), gate)) for n in range(SENDERS)]
        await asyncio.sleep(0.5)
        statuses = [(await asyncio.to_thread(call, proxy.url, "GET", "/")).status for _ in range(20)]
        ends = await asyncio.wait_for(asyncio.gather(*senders), GIVEN_UP_S)
        after = (await asyncio.to_thread(call, proxy.url, "GET", "/")).status
    assert statuses == [200] * 20
    assert after == 200
    assert [end for end in ends if end.startswith(b"HTTP/1.1 5")] == []


async def _send(port: int, rng: random.Random, gate: asyncio.Semaphore) -> bytes:
    async with gate:
        return await _sent(port, *begin(rng, "shop"))


async def _sent(port: int, at_once: bytes, slowly: bytes) -> bytes:
    """What came back until the proxy closed the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    reading = asyncio.ensure_future(reader.read())
    try:
        writer.write(at_once)
        for byte in slowly:
            done, _ = await asyncio.wait((reading,), timeout=PAUSE_S)
            if done:
                break
            writer.write(bytes([byte]))
        return await reading
    except ConnectionError:
        return b""
    finally:
        writer.transport.abort()
