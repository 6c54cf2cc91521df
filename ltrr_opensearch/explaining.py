"""Explains pages while others are served: attributions of trees take long, so they have a thread of their own and a
budget, and only who asks waits.

Late or failed, the page is told without them, and that is counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from ltrr_opensearch.answer.why import Why
from ltrr_opensearch.behind import Observer
from ltrr_opensearch.explained import UNKNOWN, Attribution, attributed, why
from ltrr_opensearch.record import Searched
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.types import Json


class Explaining:
    """`depth`: candidates, the best as fused, that rankers score. `budget_ms`: waiting for the thread included."""

    def __init__(self, observer: Observer, depth: int, budget_ms: float) -> None:
        self._observer = observer
        self._depth = depth
        self._budget_s = budget_ms / 1000
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="explain")

    async def why(self, searched: Searched, serving: Serving, hits: Sequence[Json]) -> list[Why]:
        """One a hit of the first page."""
        return why(searched, serving, hits, await self._attributed(searched, serving, hits))

    async def _attributed(self, searched: Searched, serving: Serving, hits: Sequence[Json]) -> Attribution:
        working = asyncio.get_running_loop().run_in_executor
        try:
            async with asyncio.timeout(self._budget_s):
                # what still waits for the thread when its time is over leaves the queue
                return await working(self._thread, attributed, searched, serving, hits, self._depth)
        except TimeoutError:
            self._observer.fallback("explain_late")
        except Exception:  # whatever is wrong with a model, the page is at hand
            self._observer.fallback("explain")
        return UNKNOWN
