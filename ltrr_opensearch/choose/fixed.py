"""Always the same depth for a strategy: the cold start, constant baselines, and "the client's own query alone"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ltrr_opensearch.types import Slot


@dataclass
class Fixed:
    """`depths` by strategy, `otherwise` for those not named. What the budget forbids becomes the deepest feasible."""

    otherwise: int
    depths: Mapping[str, int] = field(default_factory=dict)
    name: str = "fixed"

    def pmf(self, slot: Slot) -> tuple[float, ...]:
        wanted = self.depths.get(slot.strategy, self.otherwise)
        rung = 0
        for i, (depth, ok) in enumerate(zip(slot.ladder, slot.feasible, strict=True)):
            if ok and depth <= wanted:
                rung = i
        return tuple([float(i == rung) for i in range(len(slot.ladder))])
