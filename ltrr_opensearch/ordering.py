"""The order of a union: fused, its features read, ranked; where two systems make a page, the orders of both as one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from time import perf_counter
from typing import NamedTuple

from ltrr_opensearch.behind import Observer, awaited, featured, named
from ltrr_opensearch.experiment.both import as_drawn, one_page
from ltrr_opensearch.record import Stage
from ltrr_opensearch.retrieve.fan_out import FanOut
from ltrr_opensearch.serving import Asked
from ltrr_opensearch.stages import Stages
from ltrr_opensearch.types import AnalyzedQuery, DocKey, Draw, PlanResult, Ranked, Vector


@contextmanager
def timed(observer: Observer, stage: str) -> Iterator[None]:
    """Tells the observer how long the stage took, however it ended."""
    start = perf_counter()
    try:
        yield
    finally:
        observer.stage(stage, perf_counter() - start)


class Ordered(NamedTuple):
    """`teams`: where two systems make the page, which of them picked what. `stages`: orders that came after rankers."""

    ranked: tuple[Ranked, ...]
    teams: dict[DocKey, str]
    stages: tuple[Stage, ...]


class Ordering:
    """`depth`: candidates, the best as fused, that are ranked."""

    def __init__(self, fan_out: FanOut, observer: Observer, depth: int, stages: Stages) -> None:
        self._fan_out = fan_out
        self._observer = observer
        self._depth = depth
        self._stages = stages

    async def ordered(
        self,
        asked: Asked,
        query: AnalyzedQuery,
        draws: Sequence[Draw],
        results: Sequence[PlanResult],
        vector: Vector | None,
    ) -> Ordered:
        """The order of the union."""
        if not asked.rivals:
            ranked, stages = await self._staged(asked, query, results, vector)
            return Ordered(ranked, {}, stages)
        async with asyncio.TaskGroup() as group:
            first, second = (
                group.create_task(self._staged(one, query, as_drawn(results, draw), vector))
                for one, draw in zip(asked.systems, draws, strict=True)
            )
        orders = first.result()[0], second.result()[0]
        ranked, teams = one_page(orders, asked.serving.fuse(results), asked.seed)
        return Ordered(ranked, {key: asked.serving.arm_names[team] for key, team in teams.items()}, ())

    async def _staged(
        self, asked: Asked, query: AnalyzedQuery, results: Sequence[PlanResult], vector: Vector | None
    ) -> tuple[tuple[Ranked, ...], tuple[Stage, ...]]:
        ranked = await self._ranked(asked, query, results, vector)
        if not asked.serving.staged:
            return ranked, ()
        with timed(self._observer, "stages"):
            return await self._stages.after(asked, ranked)

    async def _ranked(
        self, asked: Asked, query: AnalyzedQuery, results: Sequence[PlanResult], vector: Vector | None
    ) -> tuple[Ranked, ...]:
        """Fused, and ordered by the ranker where there is one; waits for the features that its model reads, if any."""
        with timed(self._observer, "fuse"):
            candidates = asked.serving.fuse(results)
        depth, logged = self._depth, awaited(asked)
        if logged.features.features:
            with timed(self._observer, "features"):
                head = await featured(self._fan_out, self._observer, asked, candidates[:depth], vector, logged)
            candidates = [*head, *candidates[depth:]]
        if asked.serving.reads_objects(query):
            with timed(self._observer, "objects"):
                names = await named(self._fan_out, self._observer, asked, [c.key for c in candidates[:depth]])
            candidates = [replace(c, object_id=names.get(c.key)) for c in candidates]
        with timed(self._observer, "rank"):
            return asked.serving.rank(query, candidates, results, depth)
