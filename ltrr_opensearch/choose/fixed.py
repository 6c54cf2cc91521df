"""Always the same depth for a strategy: the cold start, constant baselines, and "the client's own query alone"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ltrr_opensearch.types import Slot


@dataclass
class Fixed:
    """`depths` by strategy, `otherwise` for those not named. What the budget forbids becomes the deepest feasible."""

    otherwise: int
    depths: Mapping[str, int] = field(default_factory=dict)
    name: str = "fixed"

    def pmf(self, slot: Slot) -> tuple[float, ...]:
        return _settled(slot.ladder, slot.feasible, self.depths.get(slot.strategy, self.otherwise))


@lru_cache(maxsize=1024)
def _settled(ladder: tuple[int, ...], feasible: tuple[bool, ...], wanted: int) -> tuple[float, ...]:
    """All on the deepest feasible rung that is not deeper than wanted."""
    allowed = [i for i, (depth, ok) in enumerate(zip(ladder, feasible, strict=True)) if ok and depth <= wanted]
    rung = allowed[-1] if allowed else 0
    return tuple([float(i == rung) for i in range(len(ladder))])
