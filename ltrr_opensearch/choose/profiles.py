"""One of a short list of depth vectors, drawn slot by slot.

Drawing, logging, floor and evaluation know slots only. So a policy chooses among profiles as if they were the rungs of
one slot (`whole`), and each plan's slot gets the conditional P(its depth | what was drawn before) under that
distribution: the product over the slots is the probability of the profile. Where exploration left every profile, those
speak that agree with most of what was drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ltrr_opensearch.protocols import Policy
from ltrr_opensearch.types import Features, Slot

WHOLE = "whole"
"""Plan, strategy and source of the slot that stands for the whole action."""


@dataclass(frozen=True, slots=True)
class Profile:
    name: str
    depths: Mapping[str, int]
    """By plan; 0 for those not named."""


def whole(context: Features, count: int) -> Slot:
    """The choice among `count` profiles as one slot: its ladder holds their numbers."""
    return Slot(WHOLE, WHOLE, WHOLE, 0, context, {}, (), tuple(range(count)), (True,) * count)


class ProfilePolicy:
    """`inner` draws from profiles; plans see what follows from it. The slots of a search share their context object."""

    def __init__(self, inner: Policy, profiles: Sequence[Profile]) -> None:
        self.name = inner.name
        self._inner = inner
        self._profiles = tuple(profiles)
        self._last: tuple[Features, tuple[float, ...]] | None = None

    def pmf(self, slot: Slot) -> tuple[float, ...]:
        pmf = [0.0] * len(slot.ladder)
        for profile, p in self._left(slot):
            pmf[_rung(slot, profile.depths.get(slot.plan, 0))] += p
        total = sum(pmf)
        return tuple([p / total for p in pmf])

    def _left(self, slot: Slot) -> list[tuple[Profile, float]]:
        """The possible profiles that agree with most of what was drawn."""
        agreed = [
            (sum(profile.depths.get(plan, 0) == depth for plan, depth in slot.drawn), profile, p)
            for profile, p in zip(self._profiles, self._weights(slot.context), strict=True)
            if p > 0
        ]
        most = max(agreement for agreement, _, _ in agreed)
        return [(profile, p) for agreement, profile, p in agreed if agreement == most]

    def _weights(self, context: Features) -> tuple[float, ...]:
        """Predicted once a search. A race only costs a prediction."""
        last = self._last
        if last is None or last[0] is not context:
            self._last = last = (context, self._inner.pmf(whole(context, len(self._profiles))))
        return last[1]


def _rung(slot: Slot, wanted: int) -> int:
    """The deepest rung that is feasible and not deeper than wanted."""
    return max(i for i, (d, ok) in enumerate(zip(slot.ladder, slot.feasible, strict=True)) if ok and d <= wanted)
