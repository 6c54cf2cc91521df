"""Every feasible depth alike: the baseline that learns nothing, and the best log for evaluating others."""

from __future__ import annotations

from dataclasses import dataclass

from ltrr_opensearch.types import Slot


@dataclass
class Uniform:
    name: str = "uniform"

    def pmf(self, slot: Slot) -> tuple[float, ...]:
        share = 1.0 / sum(slot.feasible)
        return tuple([share if ok else 0.0 for ok in slot.feasible])
