"""A TCP relay before the real node that holds answers up for a while, another one each time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from random import Random
from urllib.parse import urlsplit


@asynccontextmanager
async def slow(url: str, most_ms: float, seed: int = 0) -> AsyncIterator[str]:
    """The relay's URL."""
    parts, chance = urlsplit(url), Random(seed)
    tasks: set[asyncio.Task[None]] = set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, longest_s: float) -> None:
        with suppress(OSError):
            while data := await reader.read(1 << 20):
                await asyncio.sleep(chance.uniform(0, longest_s))
                writer.write(data)
                await writer.drain()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(parts.hostname, parts.port)
        there = asyncio.create_task(pump(reader, far_writer, 0))
        try:
            await pump(far_reader, writer, most_ms / 1000)
        finally:
            there.cancel()
            for end in (writer, far_writer):
                end.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(relay(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
