"""Remembered outcomes as arrays: what people want of each query, and how likely each depth of a strategy finds it.

Beside what was acted upon stand the searches in which nobody acted: something was wanted that was not on the page, or
nothing was. That it is where nobody asked is a promise, as large as what strategies find elsewhere beyond the depths
asked, and believed in as far as such promises were kept (`Hope`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.choose.alike import Alike
from ltrr_opensearch.choose.examples import checked
from ltrr_opensearch.knowledge.outcomes import FEATURES, Found, Outcome, Outcomes
from ltrr_opensearch.types import Features

PRIOR_FOUND, USUALLY_FOUND = 2.0, 0.25
"""A strategy of which little is known is taken to have found so much, in so many searches."""
MOST_FOUND = 0.999

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Placed = tuple[Mapping[str, int], Mapping[str, int]]
"""By strategy, the rank at which it has something, and the depth down to which it lacks it."""


@dataclass(frozen=True)
class OutcomeTable:
    """Remembered queries as arrays: their entities one after the other, without those that weigh nothing."""

    start: Numbers
    """Of each query, its first entity."""
    many: Numbers
    """Its entities."""
    weights: Floats
    missed: Floats
    """How likely each entity is not found: [entity, column], a column a strategy and rung; the last is 1."""
    new: Sequence[tuple[slice, Floats]]
    """The same in some columns as if the query were new: of strategies that know queries from before."""
    says: NDArray[np.bool_]
    """Whether anything of the query weighs more than chance, or somebody searched for it in vain."""
    speaks: bool
    """Whether any query was acted upon more than by chance."""
    alike: Alike
    number: Mapping[str, int]
    """By query."""
    column: Mapping[str, Sequence[int]]
    """By strategy, its rungs' columns; not to ask finds nothing."""
    nothing: Sequence[int]
    """Those of a strategy of which nothing is known."""

    @staticmethod
    def of(outcomes: Outcomes, ladder: tuple[int, ...]) -> OutcomeTable:
        entries = list(outcomes.queries.values())
        features = np.array([one.features for one in entries], dtype=np.float64).reshape(-1, len(FEATURES))
        acted = [acted_weights(one, outcomes) for one in entries]
        lost = [outcomes.hope.kept * lost_shares(one) for one in entries]
        # who gave up for another reason than that it was not found wanted what the others wanted
        weights = [np.concatenate([a * (1 - no.sum()), no]) for a, no in zip(acted, lost, strict=True)]
        rows = [
            [where for where, w in zip(placed(one), of, strict=True) if w]
            for one, of in zip(entries, weights, strict=True)
        ]
        every = [where for of in rows for where in of]
        many = np.array([len(of) for of in rows], dtype=np.int64)
        strategies, rungs = sorted({*outcomes.shares, *outcomes.new}), len(ladder)
        missed = np.ones((len(every), len(strategies) * (rungs - 1) + 1))
        last = missed.shape[1] - 1
        column, new = {}, []
        for first, s in zip(range(0, last, rungs - 1), strategies, strict=True):
            at = slice(first, first + rungs - 1)
            # at once for all queries: by the row it took nine seconds where many are remembered
            missed[:, at] = np.exp(log_missed(every, s, found_share(outcomes.shares.get(s), rungs), ladder))[:, 1:]
            column[s] = (last, *range(at.start, at.stop))
            if s in outcomes.remembering:
                new.append((at, 1 - found_share(outcomes.new.get(s), rungs)[1:]))
        says = np.array([bool(w.sum()) for w in weights], dtype=np.bool_)
        every_weight = np.concatenate(weights) if weights else np.zeros(0)
        return OutcomeTable(
            many.cumsum() - many,
            many,
            every_weight[every_weight != 0],
            missed,
            new,
            says,
            any(w.sum() for w in acted),
            Alike(features, says),
            {query: i for i, query in enumerate(outcomes.queries)},
            column,
            (last,) * rungs,
        )

    def rows(self, near: Numbers, shares: Floats, own: int | None, share: float) -> tuple[Floats, Floats]:
        """(weights, missed) of the entities of some queries, each with its share."""
        of, each = (np.append(near, own), np.append(shares, share)) if own is not None else (near, shares)
        many = self.many[of]
        ends = many.cumsum()
        at = np.repeat(self.start[of] - ends + many, many) + np.arange(ends[-1])
        missed = self.missed.take(at, axis=0)
        for columns, new in self.new:
            missed[: ends[len(near) - 1] if len(near) else 0, columns] = new
        return self.weights[at] * np.repeat(each, many), missed

    def columns(self, strategies: Sequence[str]) -> list[Sequence[int]]:
        """[slot, rung]: the column of `missed`."""
        return [self.column.get(s, self.nothing) for s in strategies]


def features_of(context: Features) -> tuple[float, ...]:
    """By which queries are alike. A `DataError` where one is not finite: beside it no query is near another."""
    told = checked({name: context.get(name, 0.0) for name in FEATURES})
    return tuple([float(told.get(name, 0.0)) for name in FEATURES])


def acted_weights(one: Outcome, outcomes: Outcomes) -> Floats:
    """How much of what people want each entity is: how likely it is wanted, times how often it is then acted upon.

    What was acted upon no more than by chance weighs nothing, nor does what is gone: no depth finds it.
    """
    acted, examined, odds = np.array([(a.gain, a.examined, a.odds) for a in one.entities.values()]).reshape(-1, 3).T
    rates = np.array([0.0 if a.gone else a.rate for a in one.entities.values()]) / outcomes.gain
    liking = outcomes.liking
    weights = liking.probable(acted / outcomes.gain, examined, odds) * np.maximum(0.0, rates - liking.chance)
    return np.asarray(weights / weights.sum()) if weights.sum() else weights


def found_share(found: Found | None, rungs: int) -> Floats:
    """How often something wanted is found by each rung, drawn towards what is usual."""
    if found is None:
        return np.zeros(rungs)
    share = (np.array(found.found) + PRIOR_FOUND * USUALLY_FOUND) / (np.array(found.asked) + PRIOR_FOUND)
    share[0] = 0.0
    return np.asarray(np.maximum.accumulate(share).clip(0, MOST_FOUND))


def lost_shares(one: Outcome) -> Floats:
    """Of the query's searches, those of each kind in which nobody acted."""
    return np.array([kind.weight / one.asked for kind in one.lost])


def placed(one: Outcome) -> list[Placed]:
    """Of each entity of the query, then of each kind of lost search."""
    return [*[(a.ranks, a.without) for a in one.entities.values()], *[({}, kind.without) for kind in one.lost]]


def log_missed(rows: Sequence[Placed], strategy: str, share: Floats, ladder: Sequence[int]) -> Floats:
    """ln P(not found), [row, rung]: certain where the log has shown it, else as elsewhere beyond what it showed.

    `share`, of all that is wanted, never falls from rung to rung.
    """
    depths = np.array(ladder)
    # ranks start at 1
    rank, without = (np.array([row[i].get(strategy, 0) for row in rows], dtype=np.int64)[:, None] for i in (0, 1))
    shown = share[np.searchsorted(depths, without, "right") - 1]
    beyond = np.where(depths > without, (share - shown) / (1 - shown), 0.0)
    return np.asarray(np.log1p(-np.where(rank > 0, rank <= depths, beyond).clip(0, MOST_FOUND)))
