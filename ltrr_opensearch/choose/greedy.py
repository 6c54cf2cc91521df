"""Epsilon-greedy without context: the depth of the best mean reward of each strategy, whatever the query.

The baseline that shows what context is worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.vowpal import check_shape
from ltrr_opensearch.logged import Part
from ltrr_opensearch.types import Slot


@dataclass
class EpsilonGreedy:
    """`values`: strategy -> mean reward of each rung. A strategy never seen is asked at the safe depth."""

    values: Mapping[str, tuple[float, ...]]
    safe_depth: int
    epsilon: float = 0.05
    name: str = "greedy"

    @classmethod
    def from_part(cls, part: Part, ladder: tuple[int, ...], safe_depth: int) -> EpsilonGreedy:
        check_shape(part, ladder)
        return cls({s: tuple(v["mean"]) for s, v in orjson.loads(part.payload).items()}, safe_depth)

    def pmf(self, slot: Slot) -> tuple[float, ...]:
        values = self.values.get(slot.strategy)
        if values is None:
            return Fixed(self.safe_depth).pmf(slot)
        feasible = [i for i, ok in enumerate(slot.feasible) if ok]
        best = max(feasible, key=lambda i: (values[i], -i))
        share = self.epsilon / len(feasible)
        return tuple([(share + (1 - self.epsilon) * (i == best)) if ok else 0.0 for i, ok in enumerate(slot.feasible)])
