"""Remembered outcomes that nobody caused: as many queries and entities as are asked for, where chance found them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from ltrr_opensearch.kinds import KIND
from ltrr_opensearch.knowledge.liking import Kind, Liking
from ltrr_opensearch.knowledge.outcomes import FEATURES, Acted, Found, Lost, Outcome, Outcomes
from ltrr_opensearch.types import Features

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
LIKING = Liking(Kind(900, 1000, 30, 600), Kind(300, 500, 250, 60))
LOST_KINDS = 4
"""Of searches in which nobody acted, a query."""
TYPICAL_RANK = 40
"""At which a strategy has what is wanted, in the mean."""


class MadeOutcomes:
    """The last of `strategies` lives on what it remembers."""

    def __init__(self, strategies: Sequence[str], ladder: Sequence[int], seed: int = 0) -> None:
        self._strategies, self._ladder = strategies, ladder
        self._rng = np.random.default_rng(seed)

    def of(self, queries: Sequence[str], entities: int) -> Outcomes:
        return Outcomes(
            {query: self._query(entities) for query in queries},
            {strategy: self._found() for strategy in self._strategies},
            {strategy: self._found() for strategy in self._strategies},
            0.9,
            LIKING,
            frozenset(self._strategies[-1:]),
        )

    def features(self) -> Features:
        """Of one kind each."""
        kinds = [name for name in FEATURES if name.startswith(KIND)]
        kind = kinds[self._rng.integers(len(kinds))]
        numbers = dict(zip(FEATURES, self._rng.random(len(FEATURES)).tolist(), strict=True))
        return {name: float(name == kind) if name in kinds else value for name, value in numbers.items()}

    def _query(self, entities: int) -> Outcome:
        searches = float(self._rng.exponential(10))
        return Outcome(
            tuple(self.features().values()),
            2 * searches,
            searches,
            AT,
            {f"e{n}": self._entity() for n in range(entities)},
            tuple(Lost(float(self._rng.random()), self._asked()) for _ in range(LOST_KINDS)),
        )

    def _entity(self) -> Acted:
        ranks = dict(zip(self._strategies, self._rng.geometric(1 / TYPICAL_RANK, len(self._strategies)), strict=True))
        asked = self._asked()
        return Acted(
            float(self._rng.exponential(3)),
            float(self._rng.exponential(10)),
            {strategy: int(ranks[strategy]) for strategy, depth in asked.items() if ranks[strategy] <= depth},
            {strategy: depth for strategy, depth in asked.items() if ranks[strategy] > depth},
            float(self._rng.exponential(0.2)),
        )

    def _asked(self) -> dict[str, int]:
        depths = self._rng.choice(self._ladder, len(self._strategies)).tolist()
        return {strategy: depth for strategy, depth in zip(self._strategies, depths, strict=True) if depth}

    def _found(self) -> Found:
        share = np.sort(self._rng.random(len(self._ladder) - 1))
        return Found((0.0, *[100.0] * len(share)), (0.0, *(100 * share).tolist()))
