"""Overload: first searches are no longer re-ranked, then requests are refused. There is no queue of ours to grow.

Two things are looked at, both without cost to a request: how much is under way, and how late the event loop is. The
second is the least lateness of the last ticks, a delay that stands rather than a hiccup (Nichols and Jacobson,
"Controlling Queue Delay", ACM Queue 2012, judge a queue by the same minimum).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from ltrr_opensearch.limit_settings import LimitSettings
from ltrr_opensearch.proxy.failures import failure
from ltrr_opensearch.proxy.search import Searcher
from ltrr_opensearch.types import Answer, SearchRequest

TICK_S = 0.05
TICKS = 5
"""Ticks of which the least late counts: a quarter of a second."""


class Pressure:
    """One for each process; asked and told in its event loop."""

    def __init__(self, limits: LimitSettings) -> None:
        self._limits = limits
        self._most, self._latest_s = limits.requests, limits.refuse_ms / 1000
        self._late_s: deque[float] = deque([0.0] * TICKS, maxlen=TICKS)
        self._tasks = 0
        self.delay_s = 0.0
        """Least lateness of the last ticks."""
        self.requests = 0
        self.searches = 0
        """Of those under way."""

    @property
    def tasks(self) -> int:
        """Of the event loop, when it last ticked."""
        return self._tasks

    def sheds(self) -> bool:
        """Whether a search should be left to the cluster."""
        return self.searches >= self._limits.searches or self.delay_s * 1000 >= self._limits.shed_ms

    def refuses(self) -> str:
        """Why there is no room for another request; empty where there is."""
        if self.requests >= self._most:
            return "requests"
        if self.delay_s >= self._latest_s and self.requests:
            return "delay"
        return ""

    def entered(self) -> None:
        self.requests += 1

    def left(self) -> None:
        self.requests -= 1

    def refusal(self, reason: str) -> Answer:
        said = {
            "requests": f"{self.requests} requests are under way (serve.limits.requests)",
            "delay": f"requests wait {self.delay_s:.1f} s for a turn (serve.limits.refuse_ms)",
        }[reason]
        answer = failure(429, f"the proxy has too much to do: {said}; send the request again later")
        later = (b"retry-after", str(self._limits.retry_after_s).encode())
        return Answer(answer.status, (*answer.headers, later), answer.body)

    @contextmanager
    def searching(self) -> Iterator[None]:
        self.searches += 1
        try:
            yield
        finally:
            self.searches -= 1

    def around(self, engine: Searcher) -> Searcher:
        """The engine, its searches counted while they are under way."""
        return _Counted(engine, self)

    def ticked(self, late_s: float) -> None:
        """The loop came this much later than it should have."""
        self._late_s.append(max(late_s, 0.0))
        self.delay_s = min(self._late_s)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Measures the delay while the proxy runs."""

        def told(late_s: float) -> None:
            self.ticked(late_s)
            self._tasks = len(asyncio.all_tasks())

        ticking = asyncio.create_task(tick(told))
        try:
            yield
        finally:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking


class _Counted:
    def __init__(self, engine: Searcher, pressure: Pressure) -> None:
        self._engine = engine
        self._pressure = pressure

    async def search(self, request: SearchRequest, index_key: str) -> Answer | None:
        with self._pressure.searching():
            return await self._engine.search(request, index_key)


async def tick(told: Callable[[float], None]) -> None:
    """Tells, every `TICK_S`, how late the loop is."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + TICK_S
        await asyncio.sleep(TICK_S)
        told(loop.time() - due)
