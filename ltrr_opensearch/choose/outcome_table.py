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

from ltrr_opensearch.knowledge.outcomes import Found, Outcome, Outcomes

PRIOR_FOUND, USUALLY_FOUND = 2.0, 0.25
"""A strategy of which little is known is taken to have found so much, in so many searches."""
MOST_FOUND = 0.999

Floats = NDArray[np.float64]


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
        features = np.array([one.features for one in entries], dtype=np.float64)
        strategies = tuple(sorted({*outcomes.shares, *outcomes.new}))
        shares = {s: found_share(outcomes.shares.get(s), len(ladder)) for s in strategies}
        new = {s: found_share(outcomes.new.get(s), len(ladder)) for s in strategies}
        missed = [{s: log_missed(one, s, shares[s], ladder) for s in strategies} for one in entries]
        as_new = [
            {s: np.tile(np.log1p(-new[s]), (len(m[s]), 1)) if s in outcomes.remembering else m[s] for s in strategies}
            for m in missed
        ]
        acted = [acted_weights(one, outcomes.noise) for one in entries]
        weights = [
            np.concatenate([w, outcomes.hope.kept * lost_shares(one)]) for w, one in zip(acted, entries, strict=True)
        ]
        scale = features.std(axis=0) + 1e-9
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


def acted_weights(one: Outcome, noise: float) -> Floats:
    """What was acted upon no more than by chance weighs nothing."""
    weights = np.array([max(0.0, a.rate - noise) for a in one.entities.values()])
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


def beyond(without: int, share: Floats, ladder: Sequence[int]) -> Floats:
    """How likely each rung finds what the strategy lacks so deep, as often as elsewhere: 0 where it was asked."""
    shown = max((share[i] for i, depth in enumerate(ladder) if depth <= without), default=0.0)
    rest = (share - shown) / (1 - shown)
    return np.array([r if depth > without else 0.0 for r, depth in zip(rest, ladder, strict=True)])


def log_missed(one: Outcome, strategy: str, share: Floats, ladder: tuple[int, ...]) -> Floats:
    """ln P(not found), [entity or kind of lost search, rung]: certain where the log has shown it, else as elsewhere."""
    table = np.empty((len(one.entities) + len(one.lost), len(ladder)))
    for row, acted in enumerate(one.entities.values()):
        rank = acted.ranks.get(strategy)
        if rank is not None:
            table[row] = [float(rank <= depth) for depth in ladder]
        else:
            table[row] = beyond(acted.without.get(strategy, 0), share, ladder)
    for row, kind in enumerate(one.lost, len(one.entities)):
        table[row] = beyond(kind.without.get(strategy, 0), share, ladder)
    return np.asarray(np.log1p(-table.clip(0, MOST_FOUND)))
