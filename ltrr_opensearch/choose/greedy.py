"""Epsilon-greedy without context: the depth of the best mean reward of each strategy, whatever the query.

The baseline that shows what context is worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.parts import check_shape, rungs_of
from ltrr_opensearch.choose.table import Table
from ltrr_opensearch.logged import Part
from ltrr_opensearch.types import Slot


@dataclass
class EpsilonGreedy:
    """`means`: strategy -> mean reward of each rung. A strategy never seen is asked at the safe depth."""

    means: Mapping[str, tuple[float, ...]]
    safe_depth: int
    epsilon: float = 0.05
    name: str = "greedy"

    @classmethod
    def from_part(cls, part: Part, ladder: tuple[int, ...], safe_depth: int) -> EpsilonGreedy:
        check_shape(part, ladder)
        return cls(Table.from_bytes(part.payload).means, rungs_of(part, ladder, safe_depth).safe)

    def pmf(self, slot: Slot) -> tuple[float, ...]:
        values = self.means.get(slot.strategy)
        if values is None:
            return Fixed(self.safe_depth).pmf(slot)
        feasible = [i for i, ok in enumerate(slot.feasible) if ok]
        best = max(feasible, key=lambda i: (values[i], -i))
        share = self.epsilon / len(feasible)
        return tuple([(share + (1 - self.epsilon) * (i == best)) if ok else 0.0 for i, ok in enumerate(slot.feasible)])

    def values(self, slot: Slot) -> tuple[float, ...] | None:
        return self.means.get(slot.strategy)
