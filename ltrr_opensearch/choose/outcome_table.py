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

from ltrr_opensearch.choose.examples import checked
from ltrr_opensearch.knowledge.outcomes import FEATURES, Found, Outcome, Outcomes
from ltrr_opensearch.types import Features

PRIOR_FOUND, USUALLY_FOUND = 2.0, 0.25
"""A strategy of which little is known is taken to have found so much, in so many searches."""
MOST_FOUND = 0.999

Floats = NDArray[np.float64]
Placed = tuple[Mapping[str, int], Mapping[str, int]]
"""By strategy, the rank at which it has something, and the depth down to which it lacks it."""


@dataclass(frozen=True)
class OutcomeTable:
    """Remembered queries as arrays. `missed[q][s]`: [entity, rung]"""

    features: Floats
    scale: Floats
    weights: Sequence[Floats]
    missed: Sequence[Mapping[str, Floats]]
    as_new: Sequence[Mapping[str, Floats]]
    """As if the query were new: a strategy that knows it from before finds what it finds for new queries."""
    says: NDArray[np.bool_]
    """Whether anything of the query weighs more than chance."""
    number: Mapping[str, int]
    """By query."""
    strategies: tuple[str, ...]
    rungs: int

    @staticmethod
    def of(outcomes: Outcomes, ladder: tuple[int, ...]) -> OutcomeTable:
        entries = list(outcomes.queries.values())
        features = np.array([one.features for one in entries], dtype=np.float64).reshape(-1, len(FEATURES))
        strategies = tuple(sorted({*outcomes.shares, *outcomes.new}))
        shares = {s: found_share(outcomes.shares.get(s), len(ladder)) for s in strategies}
        new = {s: found_share(outcomes.new.get(s), len(ladder)) for s in strategies}
        rows = [placed(one) for one in entries]
        ends = np.cumsum([len(of) for of in rows])[:-1]
        every = [where for of in rows for where in of]
        # at once for all queries: by the row it took nine seconds where many are remembered
        by_query = {s: np.split(log_missed(every, s, shares[s], ladder), ends) for s in strategies}
        missed = [{s: by_query[s][i] for s in strategies} for i in range(len(entries))]
        as_new = [
            {s: np.tile(np.log1p(-new[s]), (len(m[s]), 1)) if s in outcomes.remembering else m[s] for s in strategies}
            for m in missed
        ]
        acted = [acted_weights(one, outcomes) for one in entries]
        weights = [
            np.concatenate([w, outcomes.hope.kept * lost_shares(one)]) for w, one in zip(acted, entries, strict=True)
        ]
        scale = features.std(axis=0) + 1e-9 if entries else np.ones(len(FEATURES))
        numbers = {query: i for i, query in enumerate(outcomes.queries)}
        says = np.array([bool(w.sum()) for w in acted])
        return OutcomeTable(features, scale, weights, missed, as_new, says, numbers, strategies, len(ladder))

    def rows(
        self, near: Sequence[tuple[int, float]], own: int | None, share: float, strategies: Sequence[str]
    ) -> tuple[Floats, Floats]:
        """(weights, missed) of the entities of some queries, `missed` for the strategies on offer."""
        parts = [(self.weights[i] * part, self.as_new[i]) for i, part in near]
        if own is not None:
            parts.append((self.weights[own] * share, self.missed[own]))
        weights = np.concatenate([w for w, _ in parts])
        unknown = np.zeros((len(weights), self.rungs))
        known = set(self.strategies)
        columns = [np.concatenate([m[s] for _, m in parts]) if s in known else unknown for s in strategies]
        return weights, np.array(columns)


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
