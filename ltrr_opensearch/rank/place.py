"""Gives one place of the page to what was found in order to learn: a candidate that nobody examines teaches nothing.

It is the best candidate of the exploration's plan that is not among the first ten; in a share of the other searches a
near miss, one of the next forty, the nearer the likelier (weight 1, 1/2, 1/3, ...). It moves to one of the places 2 to
10, each as likely; the others keep their order. So the first place stays what it was, the propensity is exact, and
whoever estimates examination or judgments by position finds it where people saw it: documents that move between
positions are what tells the two apart (Joachims et al., WSDM 2017).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ltrr_opensearch.chance import pick, uniform
from ltrr_opensearch.logged import Placed
from ltrr_opensearch.types import EXPLORATION, Candidate, DocKey, Draw, Ranked

PLACES = range(2, 11)
NEAR = 40
"""Candidates behind the page that may be near misses: as deep as a plan is usually asked."""
_WHETHER, _WHICH = -2, -3
"""Numbers of near misses in a search's chance; slots take those from 0 on, places of a slot those from -4 down."""


def placed(
    ranked: Sequence[Ranked], draw: Draw, seed: int, near_share: float = 0.0
) -> tuple[tuple[Ranked, ...], Placed | None]:
    """The order with at most one candidate moved; where nothing is to be placed, as it was."""
    order = tuple(ranked)
    behind = order[PLACES.stop - 1 :]
    for position, slot in enumerate(draw.slots):
        if slot.depth and slot.slot.source == EXPLORATION:
            found = [r for r in behind if _rank(r.candidate, slot.slot.plan)]
            if found:
                chosen = min(found, key=lambda r: _rank(r.candidate, slot.slot.plan))
                return _given(order, chosen, uniform(seed, -4 - position), 1.0)
    if not behind or uniform(seed, _WHETHER) >= near_share:
        return order, None
    chosen, likely = _near(behind[:NEAR], uniform(seed, _WHICH))
    return _given(order, chosen, uniform(seed, -4 - len(draw.slots)), near_share * likely)


def _near(behind: Sequence[Ranked], u: float) -> tuple[Ranked, float]:
    """One of those behind the page, and how likely it was."""
    weights = [1 / at for at in range(1, len(behind) + 1)]
    shares = [w / sum(weights) for w in weights]
    chosen = pick(shares, u)
    return behind[chosen], shares[chosen]


def _given(order: tuple[Ranked, ...], chosen: Ranked, u: float, likely: float) -> tuple[tuple[Ranked, ...], Placed]:
    rank = PLACES[int(u * len(PLACES))]
    return _moved(order, chosen, rank), Placed(chosen.candidate.key, rank, likely / len(PLACES))


def place_under(
    given: Placed, order: Sequence[Ranked], arranged: Callable[[Sequence[DocKey]], Sequence[DocKey]]
) -> Placed:
    """The place that a candidate has after all where rules arrange the order in which it was given one.

    `order`: as it was before. Where rules lead several given places to the same one, it is as likely as all of them.
    """
    chosen = next(r for r in order if r.candidate.key == given.key)
    orders = ([r.candidate.key for r in _moved(order, chosen, rank)] for rank in PLACES)
    ranks = [1 + list(arranged(keys)).index(given.key) for keys in orders]
    rank = ranks[given.rank - PLACES.start]
    return Placed(given.key, rank, given.probability * ranks.count(rank))


def _rank(candidate: Candidate, plan: str) -> int:
    """Where the plan had the candidate; 0 where it had not."""
    return next((found.rank for found in candidate.found if found.plan == plan), 0)


def _moved(order: Sequence[Ranked], chosen: Ranked, rank: int) -> tuple[Ranked, ...]:
    rest = [r for r in order if r is not chosen]
    moved = [*rest[: rank - 1], chosen, *rest[rank - 1 :]]
    return tuple(r if r.rank == at else replace(r, rank=at) for at, r in enumerate(moved, start=1))
