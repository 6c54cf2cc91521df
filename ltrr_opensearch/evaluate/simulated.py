"""Logs with a known truth: made-up searches, drawn as `choose.draw` draws, thousands in a millisecond.

A world says where each strategy has the one object that is wanted, whether it is acted upon, and how alike the
searches of one person are. Whoever draws sees the kind of query, and what was drawn before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ltrr_opensearch.evaluate.table import Floats, Numbers, Rungs, Table

LADDER = np.array([0.0, 10.0, 50.0, 200.0])
BUDGET = 400
FLOOR = 0.05
PRICE = 0.0002
"""Of a candidate."""
TYPICAL_RANK = np.array([[2, 150, 400, 900], [40, 3, 120, 60], [30, 400, 3, 45], [500, 900, 900, 5]], float)
"""[kind, strategy]: mean rank of the wanted object. Each kind has a strategy that is at home there."""
KINDS, SLOTS = TYPICAL_RANK.shape
GAINS = (0.5, 1.0)
"""Of what is acted upon, where not everything is."""
_DEEP = 50
"""Candidates drawn before, from which on those who look back draw less."""
_OWN_KIND = 0.5
"""How often somebody who searches again asks the kind of query that is theirs."""


@dataclass(frozen=True)
class World:
    """`acted`: share of the found objects that is acted upon, on average."""

    acted: float = 1.0
    difficulty: float = 0.0
    """Spread (of the logarithm) of a hidden factor on all ranks of a search: strategies fail together."""
    searches_each: int = 1
    """Of one person; they share the factor, the inclination to act, and mostly the kind of query."""
    missing: float = 0.0
    """How often the third plan is not on offer."""


WORLDS = {
    "plain": World(),
    "hard together": World(acted=0.5, difficulty=1.5, missing=0.3),
    "people": World(acted=0.4, difficulty=1.0, searches_each=8),
}


class Searches(NamedTuple):
    """Before anything is drawn."""

    kinds: Numbers
    people: Numbers
    typical: Floats
    """[search, slot]: mean rank of the wanted object."""
    ranks: Floats
    """[search, slot]"""
    gains: Floats
    """Of the wanted object, once it is found; 0 where it would not be acted upon."""
    offered: Numbers
    """[search, slot], 1 or 0"""


def searches(world: World, count: int, rng: np.random.Generator) -> Searches:
    each = world.searches_each
    people = np.arange(count) // each
    own = rng.random(count) < (_OWN_KIND if each > 1 else 0)
    kinds = np.where(own, rng.integers(KINDS, size=count)[people], rng.integers(KINDS, size=count))
    factor = np.exp(world.difficulty * rng.standard_normal(count))[people]
    typical = np.maximum(1.0 + 1e-9, TYPICAL_RANK[kinds] * factor[:, None])
    offered = np.ones((count, SLOTS), np.int64)
    offered[:, 2] = rng.random(count) >= world.missing
    geometric = np.ceil(np.log1p(-rng.random((count, SLOTS))) / np.log1p(-1 / typical))
    ranks = np.where(offered > 0, np.maximum(1.0, geometric), np.inf)
    if world.acted == 1:
        return Searches(kinds, people, typical, ranks, np.ones(count), offered)
    inclined = rng.beta(4 * world.acted, 4 * (1 - world.acted), count)[people]
    gains = (rng.random(count) < inclined) * rng.choice(GAINS, count)
    return Searches(kinds, people, typical, ranks, gains, offered)


def truth(world: World, chooser: Chooser, rng: np.random.Generator, count: int = 500_000, part: int = 50_000) -> float:
    """What the chooser earns a search; where objects are and what is acted upon enter as expectations."""
    alone = replace(world, searches_each=1)
    gain = 1.0 if world.acted == 1 else world.acted * float(np.mean(GAINS))
    means = []
    for _ in range(count // part):
        of = searches(alone, part, rng)
        depths = LADDER[draw(chooser, of, rng)[1]]
        found = 1 - ((1 - 1 / of.typical) ** (depths * of.offered)).prod(axis=1)
        means.append(float((gain * found - PRICE * depths.sum(axis=1)).mean()))
    return float(np.mean(means))


@dataclass(frozen=True)
class Chooser:
    """`pmf`: [kind, slot, rung], and what is drawn from once `_DEEP` candidates were drawn before."""

    pmf: Floats
    after: Floats
    floor: float = 0.0

    def floored(self) -> Chooser:
        return replace(self, floor=FLOOR)

    def at(self, slot: int, of: Searches, spent: Floats) -> Floats:
        """[search, rung], masked by the budget and mixed with the floor, as `choose.draw` does."""
        left = np.searchsorted(LADDER, BUDGET - spent, side="right")
        states = self.states[slot]
        state = np.ravel_multi_index(((spent >= _DEEP), of.kinds, of.offered[:, slot], left), states.shape[:-1])
        return np.asarray(states.reshape(-1, len(LADDER))[state])

    @cached_property
    def states(self) -> list[Floats]:
        return [self._states(slot) for slot in range(SLOTS)]

    def _states(self, slot: int) -> Floats:
        """[drawn deep before, kind, on offer, feasible rungs, rung]"""
        rungs = len(LADDER)
        wanted = np.stack([self.pmf[:, slot], self.after[:, slot]])[:, :, None, None, :]
        left = np.stack([np.minimum(np.arange(rungs + 1), 1), np.arange(rungs + 1)])
        feasible = (np.arange(rungs) < left[:, :, None]).astype(float)
        masked = wanted * feasible
        # what cannot be asked at all is not asked
        masked[..., 0] += masked.sum(axis=-1) == 0
        share = feasible / np.maximum(feasible.sum(axis=-1, keepdims=True), 1)
        return np.asarray((1 - self.floor) * masked / masked.sum(axis=-1, keepdims=True) + self.floor * share)


def everywhere(*pmfs: tuple[float, ...]) -> Chooser:
    """The same for every kind of query: a pmf for each slot, or one for all."""
    pmf = np.broadcast_to(np.array(pmfs), (KINDS, SLOTS, len(LADDER)))
    return Chooser(pmf, pmf)


def by_kind(home: tuple[float, ...], away: tuple[float, ...], after: tuple[float, ...]) -> Chooser:
    """`home` where the strategy is at home, `away` elsewhere; once something was drawn deep, `after` elsewhere."""
    at_home = TYPICAL_RANK.min(axis=1, keepdims=True) == TYPICAL_RANK
    pmf, later = (np.where(at_home[:, :, None], home, other) for other in (away, after))
    return Chooser(pmf, later)


def draw(chooser: Chooser, of: Searches, rng: np.random.Generator) -> tuple[Floats, Rungs]:
    """The pmfs that were sampled and what was drawn, slot by slot."""
    count = len(of.kinds)
    pmf, drawn, spent = np.empty((count, SLOTS, len(LADDER))), np.empty((count, SLOTS), np.int64), np.zeros(count)
    for slot in range(SLOTS):
        pmf[:, slot] = chooser.at(slot, of, spent)
        at = rng.random(count)
        drawn[:, slot] = sum((at >= below).astype(np.int64) for below in pmf[:, slot].cumsum(axis=1)[:, :-1].T)
        spent += LADDER[drawn[:, slot]]
    return pmf, drawn


def log(of: Searches, pmf: Floats, drawn: Rungs) -> Table:
    """What is known once the searches were served: the object's ranks, where a plan had it and it was acted upon."""
    found = (of.ranks <= LADDER[drawn]) & (of.gains > 0)[:, None]
    return Table(
        rounds=(),
        left_out=0,
        places=np.arange(len(of.people)),
        ladder=LADDER,
        pmf=pmf,
        drawn=drawn,
        ranks=np.where(found, of.ranks, np.inf)[:, None, :],
        gains=np.where(found.any(axis=1), of.gains, 0.0)[:, None],
        price_of_asking=np.zeros(drawn.shape),
        strategies=np.where(of.offered > 0, np.arange(1, SLOTS + 1), 0),
        kinds=of.kinds,
        people=of.people,
        losses=np.zeros(len(of.people)),
        budget=BUDGET,
        price_per_candidate=PRICE,
    )


def rewards(of: Searches, rungs: Rungs) -> Floats:
    """The truth: what actions earn."""
    depths = LADDER[rungs]
    return np.asarray(of.gains * (of.ranks <= depths).any(axis=1) - PRICE * depths.sum(axis=1))


_EVEN = (0.25, 0.25, 0.25, 0.25)
_NOTHING, _TEN, _FIFTY = (1.0, 0, 0, 0), (0, 1.0, 0, 0), (0, 0, 1.0, 0)
LOGGERS = {
    "fixed + floor": everywhere(_FIFTY).floored(),
    "uniform": everywhere(_EVEN),
    "learned + floor": by_kind((0, 0.02, 0.96, 0.02), (0.95, 0.05, 0, 0), (0.99, 0.01, 0, 0)).floored(),
}
TARGETS = {
    "contextual": by_kind((0, 0.3, 0.6, 0.1), (0.8, 0.2, 0, 0), (0.9, 0.1, 0, 0)),
    "constant": everywhere(_TEN),
    "untouched": everywhere(_FIFTY, _NOTHING, _NOTHING, _NOTHING),
}
