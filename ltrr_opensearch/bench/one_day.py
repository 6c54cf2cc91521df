"""Searches between two learnings: nothing that serves changes, so a text asked as deep again is answered as before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ltrr_opensearch.arena.replay import Replay
from ltrr_opensearch.types import AnalyzedQuery, Encoded, Hit, PlanResult, QueryPlan, Ranked


@dataclass(frozen=True)
class OneDay(Replay):
    """A replay that ranks a union once; only draws and what people do differ from search to search."""

    _lists: dict[tuple[str, str, int], tuple[Hit, ...] | None] = field(default_factory=dict, compare=False, repr=False)
    _orders: dict[tuple[str, ...], tuple[Ranked, ...]] = field(default_factory=dict, compare=False, repr=False)

    def place(self, text: str, plan: QueryPlan, document: str) -> int | None:
        """Where a plan has a document at the deepest rung, whatever was drawn."""
        depth, encoded = self.recording.depth, Encoded(self.recording.queries[text].vector)
        hits = self._hits(text, plan, depth, encoded) or ()
        return next((hit.rank for hit in hits if hit.key.id == document), None)

    def _hits(self, text: str, plan: QueryPlan, depth: int, encoded: Encoded) -> tuple[Hit, ...] | None:
        asked = text, plan.name, depth
        if asked not in self._lists:
            self._lists[asked] = super()._hits(text, plan, depth, encoded)
        return self._lists[asked]

    def _ranked(self, text: str, query: AnalyzedQuery, results: Sequence[PlanResult]) -> tuple[Ranked, ...]:
        asked = (text, *(f"{r.plan.name} {r.depth}" for r in results))
        if asked not in self._orders:
            self._orders[asked] = super()._ranked(text, query, results)
        return self._orders[asked]
