"""Work that runs beside something else, and ends with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress

PATIENCE_S = 2.0
"""Longest wait for a first reading: a cluster that hangs does not keep the proxy from starting."""


@asynccontextmanager
async def beside(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Runs the work until the end of the block, then cancels it and waits until it is gone."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def refreshed(refresh: Callable[[], None], every_s: float) -> AsyncIterator[None]:
    """Reads before the block, as far as that is done in time, and again every so often to its end, in threads."""
    first = asyncio.create_task(asyncio.to_thread(refresh))
    await asyncio.wait({first}, timeout=PATIENCE_S)

    async def keep_reading() -> None:
        await first
        while True:
            await asyncio.sleep(every_s)
            await asyncio.to_thread(refresh)

    async with beside(keep_reading()):
        yield
