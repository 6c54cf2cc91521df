"""Thompson sampling without context: a normal belief about the mean reward of each strategy's rungs.

Rungs' beliefs are taken as independent although lists nest, so that one search tells of several: the policy explores a
little more than it would have to. Probabilities are computed, not sampled (`best`), and kept, since nothing about them
depends on the search.
"""

from __future__ import annotations

from functools import lru_cache
from math import sqrt

from ltrr_opensearch.choose.best import best_probabilities
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.parts import check_shape, rungs_of
from ltrr_opensearch.choose.table import Sum, Table
from ltrr_opensearch.logged import Part
from ltrr_opensearch.types import Slot

_KEPT = 4096
"""Combinations of strategy and feasible rungs whose probabilities are remembered."""


class Thompson:
    """A strategy never seen is asked at the safe depth."""

    name = "thompson"

    def __init__(self, table: Table, safe_depth: int) -> None:
        self._beliefs = {name: [_belief(s) for s in row] for name, row in table.rows.items()}
        self._safe = Fixed(safe_depth)
        self._chances = lru_cache(_KEPT)(self._computed)

    @classmethod
    def from_part(cls, part: Part, ladder: tuple[int, ...], safe_depth: int) -> Thompson:
        check_shape(part, ladder)
        return cls(Table.from_bytes(part.payload), rungs_of(part, ladder, safe_depth).safe)

    def pmf(self, slot: Slot) -> tuple[float, ...]:
        if slot.strategy not in self._beliefs:
            return self._safe.pmf(slot)
        return self._chances(slot.strategy, slot.feasible)

    def values(self, slot: Slot) -> tuple[float, ...] | None:
        """The mean reward expected of each rung; None for a strategy never seen."""
        beliefs = self._beliefs.get(slot.strategy)
        return tuple(mean for mean, _ in beliefs) if beliefs else None

    def _computed(self, strategy: str, feasible: tuple[bool, ...]) -> tuple[float, ...]:
        open_rungs = [i for i, ok in enumerate(feasible) if ok]
        means, deviations = zip(*(self._beliefs[strategy][i] for i in open_rungs), strict=True)
        pmf = [0.0] * len(feasible)
        for rung, chance in zip(open_rungs, best_probabilities(means, deviations), strict=True):
            pmf[rung] = chance
        return tuple(pmf)


def _belief(seen: Sum) -> tuple[float, float]:
    """Mean and deviation after what was seen, from one observation of 0 before it."""
    n = seen.effective
    return seen.mean * n / (n + 1), sqrt(seen.variance / (n + 1))
