"""Watches searches from outside: how long each took, which stage and plan took most of it, and the slow-search log.

The engine tells its stages and plans as they end; they are kept per search in the context of its task, so searches that
run at the same time do not mix.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol

from ltrr_opensearch.telemetry.faults import Faults
from ltrr_opensearch.telemetry.logs import DETAILS
from ltrr_opensearch.types import Answer, Outcome, PlanResult, SearchRequest

log = logging.getLogger("ltrr_opensearch.slow")

ELSEWHERE = "elsewhere"
"""What of a search's time is in none of its stages."""


class Counted(Protocol):
    """The metrics."""

    def stage(self, name: str, seconds: float) -> None: ...
    def fallback(self, reason: str) -> None: ...
    def searched(self, index: str, phase: str, group: str) -> None: ...
    def retrieved(self, results: Sequence[PlanResult]) -> None: ...
    def took(self, index: str, seconds: float) -> None: ...
    def slow(self, index: str, stage: str) -> None: ...


class Spans(Protocol):
    """Where a search and its stages become spans."""

    def search(self, index: str, query_id: str) -> AbstractContextManager[None]: ...
    def stage(self, name: str, seconds: float) -> None: ...


class NoSpans:
    """Nothing is exported."""

    def search(self, *_about: str) -> AbstractContextManager[None]:
        return nullcontext()

    def stage(self, *_ended: object) -> None: ...


class Searcher(Protocol):
    async def search(self, request: SearchRequest, index_key: str) -> Answer | None: ...


@dataclass(slots=True)
class Timings:
    """Seconds by stage and, of plans that were asked, by name."""

    stages: dict[str, float] = field(default_factory=dict)
    plans: dict[str, float] = field(default_factory=dict)

    def slowest(self, whole: float) -> str:
        """The stage that took most of the search, `ELSEWHERE` where none did."""
        rest = whole - sum(self.stages.values())
        return max({**self.stages, ELSEWHERE: rest}.items(), key=lambda named: named[1])[0]


_timings: ContextVar[Timings | None] = ContextVar("timings", default=None)


class Watch:
    """Stands between the engine and the metrics, as the engine's `Observer`."""

    def __init__(
        self, counted: Counted, slow_ms: float, spans: Spans, clock: Callable[[], float] = perf_counter
    ) -> None:
        self._counted = counted
        self._slow_s = slow_ms / 1000
        self._spans = spans
        self._clock = clock
        self._faults = Faults(clock)

    def stage(self, name: str, seconds: float) -> None:
        self._counted.stage(name, seconds)
        self._spans.stage(name, seconds)
        if timings := _timings.get():
            timings.stages[name] = timings.stages.get(name, 0.0) + seconds

    def retrieved(self, results: Sequence[PlanResult]) -> None:
        self._counted.retrieved(results)
        self._faults.failed(results)
        if timings := _timings.get():
            asked = (r for r in results if r.outcome is not Outcome.NOT_ASKED)
            timings.plans.update({r.plan.name: r.took_ms / 1000 for r in asked})

    def fallback(self, reason: str) -> None:
        self._counted.fallback(reason)
        self._faults.fell_back(reason)

    def searched(self, index: str, phase: str, group: str) -> None:
        self._counted.searched(index, phase, group)

    def around(self, engine: Searcher) -> Searcher:
        """The same engine, watched."""
        return _Watched(engine, self)

    @contextmanager
    def search(self, index: str, query_id: str) -> Iterator[None]:
        timings = Timings()
        before = _timings.set(timings)
        started = self._clock()
        try:
            with self._spans.search(index, query_id):
                yield
        finally:
            _timings.reset(before)
            whole = self._clock() - started
            self._counted.took(index, whole)
            if whole >= self._slow_s:
                self._say(index, query_id, whole, timings)

    def _say(self, index: str, query_id: str, whole: float, timings: Timings) -> None:
        """Without the query's words: they are the person's, and the decision of this id has them."""
        stage = timings.slowest(whole)
        self._counted.slow(index, stage)
        of_stage = timings.stages.get(stage, whole - sum(timings.stages.values()))
        said = f"slow search {query_id} on {index}: {whole * 1000:.0f} ms, {of_stage * 1000:.0f} of them in {stage}"
        if stage == "retrieve" and timings.plans:
            plan, seconds = max(timings.plans.items(), key=lambda named: named[1])
            said += f" (slowest plan {plan}, {seconds * 1000:.0f} ms)"
        details = {"event": "slow_search", "index": index, "query_id": query_id, "took_ms": _ms(whole), "stage": stage}
        details |= {"stages_ms": {k: _ms(v) for k, v in timings.stages.items()}}
        details |= {"plans_ms": {k: _ms(v) for k, v in timings.plans.items()}}
        log.warning("%s", said, extra={DETAILS: details})


class _Watched:
    def __init__(self, engine: Searcher, watch: Watch) -> None:
        self._engine = engine
        self._watch = watch

    async def search(self, request: SearchRequest, index_key: str) -> Answer | None:
        with self._watch.search(index_key, request.query_id):
            return await self._engine.search(request, index_key)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
