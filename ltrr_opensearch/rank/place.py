"""Gives one place of the page to what was found in order to learn: a candidate that nobody examines teaches nothing.

The best candidate of the exploration's plan that is not among the first ten moves to one of the places 2 to 10, each as
likely; the others keep their order. So the first place stays what it was, the propensity is exact, and whoever
estimates examination or judgments by position finds it where people saw it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ltrr_opensearch.chance import uniform
from ltrr_opensearch.logged import Placed
from ltrr_opensearch.types import EXPLORATION, Candidate, DocKey, Draw, Ranked

PLACES = range(2, 11)


def placed(ranked: Sequence[Ranked], draw: Draw, seed: int) -> tuple[tuple[Ranked, ...], Placed | None]:
    """The order with at most one candidate moved; where nothing is to be placed, as it was."""
    order = tuple(ranked)
    for position, slot in enumerate(draw.slots):
        if slot.depth and slot.slot.source == EXPLORATION:
            behind = [r for r in order[PLACES.stop - 1 :] if _rank(r.candidate, slot.slot.plan)]
            if behind:
                chosen = min(behind, key=lambda r: _rank(r.candidate, slot.slot.plan))
                # slots take the numbers from 0 on; this one is of the same slot, and none of theirs
                rank = PLACES[int(uniform(seed, -2 - position) * len(PLACES))]
                return _moved(order, chosen, rank), Placed(chosen.candidate.key, rank, 1 / len(PLACES))
    return order, None


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
    return Placed(given.key, rank, ranks.count(rank) / len(PLACES))


def _rank(candidate: Candidate, plan: str) -> int:
    """Where the plan had the candidate; 0 where it had not."""
    return next((found.rank for found in candidate.found if found.plan == plan), 0)


def _moved(order: Sequence[Ranked], chosen: Ranked, rank: int) -> tuple[Ranked, ...]:
    rest = [r for r in order if r is not chosen]
    moved = [*rest[: rank - 1], chosen, *rest[rank - 1 :]]
    return tuple(r if r.rank == at else replace(r, rank=at) for at, r in enumerate(moved, start=1))
