"""How far a search may explore: from each slot's most likely depth, by a share of searches and a loss a search.

A share of searches that explore is a coin tossed for the whole search. It need not be tossed: each slot is drawn from
its distribution given the slots before, over both outcomes of the coin. That leaves the product of the logged
probabilities the exact probability of the action, and every action possible in every log.

The loss of exploring is a sum over slots of how much less is expected of the sampled depth than of the most likely one,
given what was drawn before (Kakade & Langford 2002, lemma 6.1): a limit for the search is shared out among its slots.
"""

from __future__ import annotations

from collections.abc import Sequence

from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.protocols import Policy, Valued
from ltrr_opensearch.types import Slot

Pmf = tuple[float, ...]


class Exploration:
    """Of one search, slot after slot. `explore`: false for who opted out, whatever the settings say."""

    def __init__(self, choose: ChooseSettings, slots: int, explore: bool) -> None:
        self._choose = choose
        self._exploring = choose.explore_share if explore else 0.0
        """Probability that the search explores, given what was drawn."""
        self._allowed = choose.explore_loss
        self._slots_left = slots
        self._last: tuple[Pmf, Pmf] | None = None

    def pmf(self, policy: Policy, slot: Slot, masked: Sequence[float]) -> Pmf:
        """What is sampled, of the policy's probabilities over the feasible depths."""
        choose = self._choose
        if self._exploring == 1 and self._allowed is None:
            # the usual settings, under which the most likely depth plays no part
            return _with_floor(masked, slot.feasible, choose.floor)
        settled = _mode(masked, slot.ladder, choose.safe_depth)
        if not self._exploring:
            return settled
        explored = self._within_loss(policy, slot, _with_floor(masked, slot.feasible, choose.floor), settled)
        self._last = (explored, settled)
        return explored if self._exploring == 1 else _mixed(explored, settled, self._exploring)

    def drawn(self, rung: int) -> None:
        """What a draw says of the coin."""
        if self._last and self._exploring < 1:
            explored, settled = (p[rung] for p in self._last)
            likely = self._exploring * explored
            self._exploring = likely / (likely + (1 - self._exploring) * settled)

    def _within_loss(self, policy: Policy, slot: Slot, explored: Pmf, settled: Pmf) -> Pmf:
        """`explored` drawn towards `settled` so far that the slot keeps within its part of what is allowed."""
        if self._allowed is None:
            return explored
        part = self._allowed / self._slots_left
        loss = _loss(policy.values(slot) if isinstance(policy, Valued) else None, explored, settled)
        share = min(1.0, part / loss) if loss > 0 else 1.0
        self._allowed -= share * loss
        self._slots_left -= 1
        return _mixed(explored, settled, share)


def _with_floor(masked: Sequence[float], feasible: Sequence[bool], floor: float) -> Pmf:
    keep, each = (1 - floor) / sum(masked), floor / sum(feasible)
    mixed = [keep * p + each if ok else 0.0 for p, ok in zip(masked, feasible, strict=True)]
    total = sum(mixed)
    return tuple([p / total for p in mixed])


def _loss(values: Pmf | None, explored: Pmf, settled: Pmf) -> float:
    """Expected of `settled` and not of `explored`; 0 where nothing is known, or exploring promises more."""
    if values is None:
        return 0.0
    return max(0.0, sum((s - e) * v for e, s, v in zip(explored, settled, values, strict=True)))


def _mixed(explored: Pmf, settled: Pmf, share: float) -> Pmf:
    return tuple([share * e + (1 - share) * s for e, s in zip(explored, settled, strict=True)])


def _mode(masked: Sequence[float], ladder: Sequence[int], safe_depth: int) -> tuple[float, ...]:
    """All on the most likely rung; among equals the one nearest to the safe depth."""
    best = max(range(len(masked)), key=lambda i: (masked[i], -abs(ladder[i] - safe_depth)))
    return tuple([float(i == best) for i in range(len(masked))])
