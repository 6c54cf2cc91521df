"""What runs beside a proxy for its operators: loading before the first request, and numbers looked at every second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from ltrr_opensearch.background import beside
from ltrr_opensearch.log.writer import Writer
from ltrr_opensearch.logged import GATE
from ltrr_opensearch.proxy.app import Running
from ltrr_opensearch.proxy.metrics import Metrics
from ltrr_opensearch.release.store import Release

SAMPLED_EVERY_S = 1.0
BECAME = ("written", "spooled", "replayed", "refused", "dropped", "damaged", "twins")
"""Counts of the writer, as labels of `ltrr_records_total`."""


class Late(Protocol):
    def warm(self) -> None:
        """Loads what is slow to load. Blocking."""


def warmed(late: Late) -> Running:
    @asynccontextmanager
    async def run() -> AsyncIterator[None]:
        await asyncio.to_thread(late.warm)
        yield

    return run


def told(warm: asyncio.Event) -> Running:
    """The last to start: all that a search needs is there."""

    @asynccontextmanager
    async def run() -> AsyncIterator[None]:
        warm.set()
        yield

    return run


def sampled(metrics: Metrics, writer: Writer) -> Running:
    """The writer's numbers, which are not counted as they happen."""

    def sample() -> None:
        became = {name: getattr(writer.counts, name) for name in BECAME}
        metrics.records(writer.waiting, writer.spooled_bytes, became, writer.counts.failed)

    async def keep_sampling() -> None:
        while True:
            metrics.sample()
            await asyncio.sleep(SAMPLED_EVERY_S)

    @asynccontextmanager
    async def run() -> AsyncIterator[None]:
        metrics.sampled_by(sample)
        try:
            async with beside(keep_sampling()):
                yield
        finally:
            metrics.sample()

    return run


def in_force(metrics: Metrics, release: Release) -> None:
    """A release began to serve: its parts, and what the gate found of them."""
    metrics.release(release.index, release.id, {kind: part.version for kind, part in release.parts.items()})
    for kind, part in release.parts.items():
        if gate := part.metrics.get(GATE):
            metrics.learned(release.index, kind, gate["measure"], gate["means"])
