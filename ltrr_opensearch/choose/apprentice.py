"""A learned policy mixed with the safe plan, whose say shrinks with the rounds that were learned.

For policies that do not mix by themselves. `vowpal` does, since it trusts new queries apart, and `direct`, which draws
the safe plan also where it has no values.
"""

from __future__ import annotations

from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.protocols import Policy, Valued
from ltrr_opensearch.types import Slot


def trust_after(rounds: int, apprentice_rounds: int) -> float:
    """The policy's share, in 0..1: a half after `apprentice_rounds`, all where there is no apprenticeship."""
    return rounds / (rounds + apprentice_rounds) if apprentice_rounds else 1.0


class Apprentice:
    def __init__(self, learned: Policy, safe_depth: int, trust: float) -> None:
        self.name = learned.name
        self._learned = learned
        self._safe = Fixed(safe_depth)
        self._trust = trust

    def pmf(self, slot: Slot) -> tuple[float, ...]:
        learned, safe = self._learned.pmf(slot), self._safe.pmf(slot)
        return tuple([self._trust * p + (1 - self._trust) * s for p, s in zip(learned, safe, strict=True)])

    def values(self, slot: Slot) -> tuple[float, ...] | None:
        return self._learned.values(slot) if isinstance(self._learned, Valued) else None
