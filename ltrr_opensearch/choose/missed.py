"""How likely each depth of a strategy misses what is wanted: as the log has shown it, else as often as elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.knowledge.outcomes import Found, Outcome

PRIOR_FOUND, USUALLY_FOUND = 2.0, 0.25
"""A strategy of which little is known is taken to have found so much, in so many searches."""
MOST_FOUND = 0.999
Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Placed = tuple[Mapping[str, int], Mapping[str, int]]
"""By strategy, the rank at which it has something, and the depth down to which it lacks it."""


def placed(one: Outcome) -> list[Placed]:
    """Of each entity of the query, then of each kind of lost search."""
    return [*[(a.ranks, a.without) for a in one.entities.values()], *[({}, kind.without) for kind in one.lost]]


def found_share(found: Found | None, rungs: int) -> Floats:
    """How often something wanted is found by each rung, drawn towards what is usual."""
    if found is None:
        return np.zeros(rungs)
    # a plain loop, since learning comes by here for every strategy of many searches
    share = [0.0]
    for was, asked in zip(found.found[1:], found.asked[1:], strict=True):
        share.append(max(share[-1], min(MOST_FOUND, (was + PRIOR_FOUND * USUALLY_FOUND) / (asked + PRIOR_FOUND))))
    return np.array(share)


def missed_by(
    rows: Sequence[Placed], strategies: Collection[str], shares: Mapping[str, Found], ladder: Sequence[int]
) -> dict[str, Floats]:
    """By strategy, P(not found), [row, rung]."""
    if not strategies:
        return {}
    # at once for all rows: one by one they took nine seconds where many queries are remembered
    spread = _spread([row[i] for i in (0, 1) for row in rows], strategies)[..., None]
    share = np.array([found_share(shares.get(s), len(ladder)) for s in strategies])
    missed = missed_where(spread[:, : len(rows)], spread[:, len(rows) :], share, np.array(ladder))
    return dict(zip(strategies, missed, strict=True))


def missed_where(rank: Numbers, without: Numbers, share: Floats, depths: Numbers) -> Floats:
    """P(not found), [strategy, row, rung]. Certain where the log has shown it, else as elsewhere beyond what it showed.

    `share`, of all that is wanted, never falls from rung to rung.
    """
    shown = share[np.arange(len(share))[:, None, None], depths.searchsorted(without, "right") - 1]
    beyond = np.where(depths > without, (share[:, None] - shown) / (1 - shown), 0.0)
    # ranks start at 1
    return np.asarray(1 - np.minimum(np.where(rank > 0, rank <= depths, beyond), MOST_FOUND))


def _spread(said: Sequence[Mapping[str, int]], strategies: Collection[str]) -> Numbers:
    """[strategy, row]; 0 where nothing is said."""
    number = {strategy: i for i, strategy in enumerate(strategies)}
    rows = np.repeat(np.arange(len(said)), list(map(len, said)))
    columns = [number.get(strategy, len(number)) for strategy in chain.from_iterable(said)]
    spread = np.zeros((len(number) + 1, len(said)), dtype=np.int64)
    spread[columns, rows] = list(chain.from_iterable([one.values() for one in said]))
    return spread[:-1]
