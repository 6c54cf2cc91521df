"""Logged rounds as arrays, and what the log says about another action's reward.

A row is a search, a column the position of a slot. Lists nest, so a search shows the outcome of every action that asks
no plan deeper than was drawn. Rounds that were not explored, or drawn from another ladder, are left out and counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.choose.logged import by_policy
from ltrr_opensearch.evaluate.outcomes import gained, price_of_asking
from ltrr_opensearch.evaluate.people import people
from ltrr_opensearch.kinds import kind_in
from ltrr_opensearch.logged import Decision, Round
from ltrr_opensearch.settings import Settings

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Rungs = Numbers
"""Positions in the ladder, one row a search, one column a slot."""

_OBJECTS = 8
"""Objects considered of one search, the largest gains first."""


@dataclass(frozen=True)
class Table:
    rounds: tuple[Round, ...]
    """What policies are drawn for; empty in a simulation, whose actions are given."""
    left_out: int
    places: Numbers
    """[search], where it stood among what was given, from 0."""
    ladder: Floats
    pmf: Floats
    """[search, slot, rung], as sampled; a missing slot is certain to be at rung 0."""
    drawn: Rungs
    ranks: Floats
    """[search, object, slot], infinite where the plan did not have it."""
    gains: Floats
    price_of_asking: Floats
    """[search, slot], whatever the depth: the request, and the time that the plan took as logged."""
    strategies: Numbers
    """[search, slot], numbered from 1; a missing slot is 0."""
    kinds: Numbers
    """[search], kinds of query numbered from 0."""
    people: Numbers
    """[search], numbered from 0."""
    losses: Floats
    """[search], at most 0: what a search is worth that nobody acted on, whatever was drawn."""
    budget: int
    price_per_candidate: float

    @staticmethod
    def of(rounds: Iterable[Round], settings: Settings) -> Table:
        given = [by_policy(one) for one in rounds]
        places = [i for i, r in enumerate(given) if _usable(r.decision, settings.choose.ladder)]
        kept = tuple(given[i] for i in places)
        n, slots, rungs = len(kept), max((len(r.decision.slots) for r in kept), default=0), len(settings.choose.ladder)
        pmf, drawn, asking = np.zeros((n, slots, rungs)), np.zeros((n, slots), np.int64), np.zeros((n, slots))
        ranks, gains = np.full((n, _OBJECTS, slots), np.inf), np.zeros((n, _OBJECTS))
        strategies, kinds = np.zeros((n, slots), np.int64), np.zeros(n, np.int64)
        named: dict[str, int] = {}
        spoken: dict[str, int] = {}
        rung = {depth: place for place, depth in enumerate(settings.choose.ladder)}
        pmf[:, :, 0] = 1.0
        for row, one in enumerate(kept):
            of = one.decision.slots
            columns = len(of)
            pmf[row, :columns] = [s.pmf for s in of]
            drawn[row, :columns] = [rung[s.depth] for s in of]
            asking[row, :columns] = [price_of_asking(s, settings.learn) for s in of]
            strategies[row, :columns] = [named.setdefault(s.strategy, len(named) + 1) for s in of]
            kinds[row] = spoken.setdefault(kind_in(one.decision.context), len(spoken))
            for number, (gain, at) in enumerate(sorted(gained(one), key=lambda g: -g.gain)[:_OBJECTS]):
                gains[row, number] = gain
                ranks[row, number, :columns] = [at.get(s.plan, np.inf) for s in of]
        return Table(
            rounds=kept,
            left_out=len(given) - n,
            places=np.array(places, np.int64),
            ladder=np.array(settings.choose.ladder, float),
            pmf=pmf,
            drawn=drawn,
            ranks=ranks,
            gains=gains,
            price_of_asking=asking,
            strategies=strategies,
            kinds=kinds,
            people=people(kept),
            losses=np.array([one.loss for one in kept], float),
            budget=settings.choose.budget,
            price_per_candidate=settings.learn.price_per_candidate,
        )

    def __len__(self) -> int:
        return len(self.drawn)

    def only(self, kept: NDArray[np.bool_]) -> Table:
        """Some of the searches."""
        arrays = ("places", "pmf", "drawn", "ranks", "gains", "price_of_asking", "strategies", "kinds", "losses")
        some = {name: getattr(self, name)[kept] for name in arrays}
        rounds = tuple(one for one, keep in zip(self.rounds, kept, strict=False) if keep)
        return replace(self, rounds=rounds, people=np.unique(self.people[kept], return_inverse=True)[1], **some)

    @property
    def decisions(self) -> Iterable[Decision]:
        return (r.decision for r in self.rounds)

    def rewards(self, rungs: Rungs) -> Floats:
        """The reward of the whole search, had it been drawn at `rungs`; true only where the log shows them."""
        return np.asarray(self.found_gains(rungs)[:, -1] + self.losses - self.prices(rungs))

    def prices(self, rungs: Rungs) -> Floats:
        """What drawing `rungs` costs each search, in units of reward."""
        candidates = self.price_per_candidate * self.ladder[rungs]
        return np.asarray((candidates + self.price_of_asking * (rungs > 0)).sum(axis=1))

    def found_gains(self, rungs: Rungs) -> Floats:
        """[search, slot]: what the slots up to this one would have found, drawn at `rungs`."""
        within = self.ranks <= self.ladder[rungs][:, None, :]
        union = np.logical_or.accumulate(within, axis=2)
        whole = np.maximum(self.gains.sum(axis=1), 1e-12)
        share = np.einsum("ij,ijk->ik", self.gains, union) / whole[:, None]
        return np.asarray(self.gains.max(axis=1)[:, None] * share)


def _usable(decision: Decision, ladder: tuple[int, ...]) -> bool:
    return decision.asker.explore and decision.ladder == ladder and bool(decision.slots)
