"""What happens behind an answer: features that it did not wait for are read, and the search is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.logged import Decision, LaterShown
from ltrr_opensearch.record import Settled, decision_of, kept_rows, later_shown
from ltrr_opensearch.retrieve.fan_out import FanOut, Logged, total_of
from ltrr_opensearch.serving import Asked
from ltrr_opensearch.types import Candidate, Json, PlanResult, SearchRequest, Vector

MOST_BEHIND = 64
"""Records under way at once; with more, rows are left out rather than queued behind a slow cluster."""
READ_BEHIND = 2
"""Requests for features behind answers at once: they must not crowd out the searches that somebody waits for."""


class Observer(Protocol):
    """Where counts and times go."""

    def stage(self, name: str, seconds: float) -> None: ...
    def fallback(self, reason: str) -> None: ...
    def retrieved(self, results: Sequence[PlanResult]) -> None: ...
    def searched(self, decision: Decision) -> None: ...


class Recorder(Protocol):
    """Takes what a search leaves behind; never waits."""

    def __call__(self, decision: Decision, request: SearchRequest) -> None: ...
    def later(self, shown: LaterShown, request: SearchRequest) -> None: ...


async def featured(
    fan_out: FanOut,
    observer: Observer,
    asked: Asked,
    candidates: Sequence[Candidate],
    vector: Vector | None,
    logged: Logged,
) -> list[Candidate]:
    """The candidates with their features; where the cluster refuses one way of logging, by the simpler one."""
    keys = [c.key for c in candidates]
    try:
        values = await fan_out.features(asked.request, keys, vector, logged, asked.preference)
    except Unreachable:
        if logged.otherwise is None:
            raise
        observer.fallback("cluster_ranker")
        simpler = Logged(logged.features, logged.otherwise)
        values = await fan_out.features(asked.request, keys, vector, simpler, asked.preference)
    return [replace(c, features=values.get(c.key, {})) for c in candidates]


def awaited(asked: Asked) -> Logged:
    """What is logged before the answer: what the ranker reads, and everything where the answer is to be explained."""
    return asked.serving.logged if asked.request.body.get("explain") else asked.serving.awaited


class Behind:
    """`sample`: rows of so many candidates that were not shown are logged, of the first `depth`."""

    def __init__(self, fan_out: FanOut, record: Recorder, observer: Observer, depth: int, sample: int) -> None:
        self._fan_out = fan_out
        self._record = record
        self._observer = observer
        self._depth = depth
        self._sample = sample
        self._tasks: set[asyncio.Task[None]] = set()
        self._few = asyncio.Semaphore(READ_BEHIND)

    async def drain(self) -> None:
        """Waits for the records of searches that were answered already."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def keep(self, asked: Asked, settled: Settled, hits: Sequence[Json], took_ms: float) -> None:
        task = asyncio.create_task(self._recorded(asked, settled, hits, took_ms))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def keep_later(self, asked: Asked, query_id: str, hits: Sequence[Json]) -> None:
        """Records a later page of the search `query_id`."""
        shown = later_shown(asked.request, query_id, hits, asked.serving.index.object_id_field)
        self._record.later(shown, asked.request)

    async def _recorded(self, asked: Asked, settled: Settled, hits: Sequence[Json], took_ms: float) -> None:
        assert settled.original.page is not None
        total = total_of(settled.original.page)
        of_search = partial(
            decision_of, asked.request, asked.serving, settled.searched, hits, total=total, took_ms=took_ms
        )
        try:
            decision = of_search(await self._logged(asked, settled, hits))
        except Exception:  # the draw and the page are worth keeping without rows
            self._observer.fallback("record")
            decision = of_search(())
        self._observer.searched(decision)
        self._record(decision, asked.request)

    async def _logged(self, asked: Asked, settled: Settled, hits: Sequence[Json]) -> Sequence[Candidate]:
        """Whose rows are logged. None where their features were not read: the rows would say that nothing matched."""
        ranked, logged = settled.searched.ranked[: self._depth], asked.serving.logged
        kept = kept_rows(ranked, hits, self._sample, asked.seed)
        if not logged.features.features or awaited(asked) == logged:
            return kept
        if len(self._tasks) > MOST_BEHIND:
            self._observer.fallback("features")
            return ()
        try:
            async with self._few:
                return await featured(self._fan_out, self._observer, asked, kept, settled.searched.vector, logged)
        except Unreachable:
            self._observer.fallback("features")
            return ()
