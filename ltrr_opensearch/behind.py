"""What happens behind an answer: features that it did not wait for are read, and the search is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.log.ubi import object_id
from ltrr_opensearch.logged import Decision, LaterShown
from ltrr_opensearch.record import Settled, decision_of, kept_rows, later_shown
from ltrr_opensearch.retrieve.fan_out import FanOut, Logged, total_of
from ltrr_opensearch.retrieve.sending import key_of
from ltrr_opensearch.serving import Asked
from ltrr_opensearch.types import Candidate, DocKey, Json, PlanResult, SearchRequest, Vector

MOST_BEHIND = 16
"""Records under way at once; with more, rows are left out rather than queued behind a slow cluster."""
READ_BEHIND = 1
"""Requests for features behind answers at once: they must not crowd out the searches that somebody waits for."""


LONGEST_S = 0.5
"""Longest wait for what a record should hold: one that waits in memory is lost with the process."""


class Observer(Protocol):
    """Where counts and times go."""

    def stage(self, name: str, seconds: float) -> None: ...
    def fallback(self, reason: str) -> None: ...
    def retrieved(self, results: Sequence[PlanResult]) -> None: ...
    def searched(self, index: str, phase: str, group: str) -> None: ...


class Recorder(Protocol):
    """Takes what a search leaves behind; never waits."""

    def keeps(self, query_id: str) -> bool:
        """Whether anything of this search is kept, so that it is worth making."""

    def keeps_features(self, query_id: str) -> bool:
        """Whether features are to be read for its record alone."""

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


async def named(fan_out: FanOut, observer: Observer, asked: Asked, keys: Sequence[DocKey]) -> dict[DocKey, str]:
    """What events name documents by, where that is a field; nothing where the cluster does not tell in time."""
    field = asked.serving.index.named_by
    if field is None:
        return {}
    try:
        return await fan_out.objects(asked.request, keys, field, asked.preference)
    except Unreachable:
        observer.fallback("objects")
        return {}


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
        serving = asked.serving
        self._observer.searched(serving.key, serving.phase, settled.searched.chosen.group)
        if self._record.keeps(asked.request.query_id):
            self._follow(self._recorded(asked, settled, hits, took_ms))

    def keep_later(self, asked: Asked, query_id: str, hits: Sequence[Json]) -> None:
        """Records a later page of the search `query_id`."""
        if self._record.keeps(query_id):
            self._follow(self._recorded_later(asked, query_id, hits))

    def _follow(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _recorded_later(self, asked: Asked, query_id: str, hits: Sequence[Json]) -> None:
        names = _seen(asked, hits)
        try:
            async with asyncio.timeout(LONGEST_S):
                names |= await self._names(asked, hits, ())
        except Exception:  # the page is worth keeping under the names that it shows
            self._observer.fallback("record")
        self._record.later(later_shown(asked.request, query_id, hits, names), asked.request)

    async def _recorded(self, asked: Asked, settled: Settled, hits: Sequence[Json], took_ms: float) -> None:
        assert settled.original.page is not None
        total = total_of(settled.original.page)
        of_search = partial(decision_of, asked.request, asked.serving, settled.searched, hits, total=total)
        kept, seen = (
            kept_rows(settled.searched.ranked[: self._depth], hits, self._sample, asked.seed),
            _seen(asked, hits),
        )
        try:
            async with asyncio.timeout(LONGEST_S):
                names = await self._names(asked, hits, kept)
                # a row tells what the ranker may have known: names that only the page shows are not in it
                logged = [replace(c, object_id=names.get(c.key)) for c in await self._logged(asked, settled, kept)]
            decision = of_search(seen | names, logged, took_ms=took_ms)
        except Exception:  # the draw and the page are worth keeping without rows
            self._observer.fallback("record")
            decision = of_search(seen, (), took_ms=took_ms)
        self._record(decision, asked.request)

    async def _names(self, asked: Asked, hits: Sequence[Json], kept: Sequence[Candidate]) -> dict[DocKey, str]:
        """What events name the documents of the page and the logged candidates by."""
        keys = dict.fromkeys([*map(key_of, hits), *(c.key for c in kept)])
        if asked.serving.index.named_by is None:
            return {}
        async with self._few:
            return await named(self._fan_out, self._observer, asked, list(keys))

    async def _logged(self, asked: Asked, settled: Settled, kept: Sequence[Candidate]) -> Sequence[Candidate]:
        """Whose rows are logged. None where their features were not read: the rows would say that nothing matched."""
        logged = asked.serving.logged
        if not logged.features.features or all(awaited(one) == logged for one in asked.systems):
            return kept
        if not self._record.keeps_features(asked.request.query_id):
            return ()
        if len(self._tasks) > MOST_BEHIND:
            self._observer.fallback("features")
            return ()
        try:
            async with self._few:
                return await featured(self._fan_out, self._observer, asked, kept, settled.searched.vector, logged)
        except Unreachable:
            self._observer.fallback("features")
            return ()


def _seen(asked: Asked, hits: Sequence[Json]) -> dict[DocKey, str]:
    """What events name the page's documents by, as far as the page shows it."""
    field = asked.serving.index.named_by
    names = {key_of(hit): object_id(hit, field) for hit in hits} if field else {}
    return {key: name for key, name in names.items() if name is not None}
