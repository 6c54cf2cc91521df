"""Logged rounds as arrays, and what the log says about another action: how likely it was to show it, and its reward.

A row is a search, a column the position of a slot. Lists nest, so a search shows the outcome of every action that asks
no plan deeper than was drawn. Rounds that were not explored, or drawn from another ladder, are left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.choose.logged import by_policy
from ltrr_opensearch.evaluate.outcomes import gained, price_of_asking
from ltrr_opensearch.logged import Decision, Round
from ltrr_opensearch.settings import Settings

Floats = NDArray[np.float64]
Rungs = NDArray[np.int64]
"""Positions in the ladder, one row a search, one column a slot."""

_OBJECTS = 8
"""Objects considered of one search, the largest gains first."""


@dataclass(frozen=True)
class Table:
    rounds: tuple[Round, ...]
    left_out: int
    ladder: Floats
    pmf: Floats
    """[search, slot, rung], as sampled; a missing slot is certain to be at rung 0."""
    drawn: Rungs
    ranks: Floats
    """[search, object, slot], infinite where the plan did not have it."""
    gains: Floats
    price_of_asking: Floats
    """[search, slot], whatever the depth: the request, and the time that the plan took as logged."""
    budget: int
    price_per_candidate: float

    @staticmethod
    def of(rounds: Iterable[Round], settings: Settings) -> Table:
        given = [by_policy(one) for one in rounds]
        kept = tuple(r for r in given if _usable(r.decision, settings.choose.ladder))
        n, slots, rungs = len(kept), max((len(r.decision.slots) for r in kept), default=0), len(settings.choose.ladder)
        pmf, drawn, asking = np.zeros((n, slots, rungs)), np.zeros((n, slots), np.int64), np.zeros((n, slots))
        ranks, gains = np.full((n, _OBJECTS, slots), np.inf), np.zeros((n, _OBJECTS))
        pmf[:, :, 0] = 1.0
        for row, one in enumerate(kept):
            for column, slot in enumerate(one.decision.slots):
                pmf[row, column] = slot.pmf
                drawn[row, column] = settings.choose.ladder.index(slot.depth)
                asking[row, column] = price_of_asking(slot, settings.learn)
            for number, (gain, at) in enumerate(sorted(gained(one), key=lambda g: -g.gain)[:_OBJECTS]):
                gains[row, number] = gain
                ranks[row, number] = [at.get(s.plan, np.inf) for s in one.decision.slots] + [np.inf] * (
                    slots - len(one.decision.slots)
                )
        return Table(
            rounds=kept,
            left_out=len(given) - n,
            ladder=np.array(settings.choose.ladder, float),
            pmf=pmf,
            drawn=drawn,
            ranks=ranks,
            gains=gains,
            price_of_asking=asking,
            budget=settings.choose.budget,
            price_per_candidate=settings.learn.price_per_candidate,
        )

    @property
    def decisions(self) -> Iterable[Decision]:
        return (r.decision for r in self.rounds)

    def rewards(self, rungs: Rungs) -> Floats:
        """The reward of the whole search, had it been drawn at `rungs`; true only where the log shows them."""
        depths = self.ladder[rungs]
        union = (self.ranks <= depths[:, None, :]).any(axis=2)
        whole = np.maximum(self.gains.sum(axis=1), 1e-12)
        gain = self.gains.max(axis=1) * (self.gains * union).sum(axis=1) / whole
        return np.asarray(gain - self.prices(rungs) + np.array([r.loss for r in self.rounds]))

    def prices(self, rungs: Rungs) -> Floats:
        """What drawing `rungs` costs each search, in units of reward."""
        candidates = self.price_per_candidate * self.ladder[rungs]
        return np.asarray((candidates + self.price_of_asking * (rungs > 0)).sum(axis=1))

    def nested_weights(self, rungs: Rungs) -> Floats:
        """1 / P(the log shows `rungs`) where it does, else 0.

        The event at each slot, given the draws before it: asked at least as deep as the target, and leaving budget for
        the rest of the target. The second half keeps every event possible, so the product over the slots has mean 1.
        """
        depths = self.ladder[rungs]
        spent = np.cumsum(self.ladder[self.drawn], axis=1) - self.ladder[self.drawn]
        rest = depths[:, ::-1].cumsum(axis=1)[:, ::-1] - depths
        room = self.budget - spent - rest
        shows = (self.ladder >= depths[:, :, None]) & (self.ladder <= room[:, :, None])
        probability = (self.pmf * shows).sum(axis=2)
        shown = np.take_along_axis(shows, self.drawn[:, :, None], axis=2)[:, :, 0]
        return np.asarray(np.where(shown, 1.0 / np.where(shown, probability, 1.0), 0.0).prod(axis=1))


def _usable(decision: Decision, ladder: tuple[int, ...]) -> bool:
    return decision.asker.explore and decision.ladder == ladder and bool(decision.slots)
