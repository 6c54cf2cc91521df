"""What a search was worth, and what it would have been worth asked less deep.

Lists nest: a plan asked 50 deep shows what it would have brought 10 deep. The reward of a search is what it found of
what people wanted (`found_gain`), less the price of the candidates drawn, of the
requests and of the plans' time. Assumed: what an
object is worth to somebody does not depend on what else was asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from ltrr_opensearch.candidate_columns import named
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import Round, SlotRecord
from ltrr_opensearch.types import Outcome


class Gained(NamedTuple):
    """An object that was acted upon, with the rank at which each plan had it."""

    gain: float
    ranks: Mapping[str, int]


def gained(one: Round) -> list[Gained]:
    """The objects of a round that some plan had found."""
    gains = one.gains
    return [
        Gained(gains[candidate.key.id], {f.plan: f.rank for f in candidate.found})
        for candidate in (named(one.decision.candidates, gains) if gains else ())
        if gains[candidate.key.id] > 0
    ]


def found_gain(objects: Sequence[Gained], depths: Mapping[str, int]) -> float:
    """What plans asked `depths` deep would have earned: the best gain times the share of all gain in the union.

    For somebody who wanted one thing that is its gain or nothing; who wanted several is served in part by some.
    """
    best = whole = found = 0.0
    for gain, ranks in objects:
        best = max(best, gain)
        whole += gain
        # loops as plain as this one, since training comes by here for every rung of every slot
        for plan, rank in ranks.items():
            if rank <= depths.get(plan, 0):
                found += gain
                break
    return best * found / whole if whole else 0.0


def price(slot: SlotRecord, depth: int, learn: LearnSettings) -> float:
    """What asking `depth` deep costs, in units of reward: candidates as drawn, and being asked at all."""
    return learn.price_per_candidate * depth + price_of_asking(slot, learn) if depth else 0.0


def price_of_asking(slot: SlotRecord, learn: LearnSettings) -> float:
    """The part that is the same at any depth: the request, and the time that the plan took as logged.

    The client's own query is sent in any case, so it costs no request.
    """
    return (0.0 if slot.original else learn.price_per_plan) + learn.price_per_ms * slot.took_ms


def known_rungs(slot: SlotRecord, ladder: tuple[int, ...]) -> tuple[int, ...]:
    """Positions of the rungs whose outcome the log shows: not deeper than drawn; of a lost plan none but its own.

    A plan that was cut off might have been in time at a smaller depth, so only 0 and its own depth are known.
    """
    return _known(ladder, slot.depth, slot.outcome in (Outcome.TIMED_OUT, Outcome.FAILED))


@lru_cache(maxsize=1024)
def _known(ladder: tuple[int, ...], depth: int, lost: bool) -> tuple[int, ...]:
    return tuple([i for i, d in enumerate(ladder) if d in (0, depth) or (d < depth and not lost)])
