"""Whether asking deeper finds what searches without an action lacked, as what was learned promises.

Depths are drawn by chance, with known probabilities: where a draw promised more than the mean of such draws, more
people should have acted than usually do for the query. The slope of the one over the other, both less their
expectation, is how much of the promise is kept (residuals on residuals: Robinson, Econometrica 1988).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ltrr_opensearch.choose.missed import Floats, Placed, found_share, missed_where, placed
from ltrr_opensearch.choose.worth import acted_worth, in_shares, lost_shares
from ltrr_opensearch.knowledge.outcomes import Found, Hope, Outcome, Outcomes
from ltrr_opensearch.logged import Round

ENTITIES = 10
"""Of what was acted upon, the best, whose finding explains some of the actions."""
KEPT = 0.5 ** (1 / 10_000)
"""Of what older searches said is left after each search."""
AT_ONCE = 250
"""Searches that are worked out at once: one by one they take twice as long, and more would take memory."""


class Told(NamedTuple):
    """A search that says something of promises.

    `known`: its query, with this search among those asked and not yet among those acted. `shares`: how often
    strategies find what is wanted, as far as it was known then.
    """

    known: Outcome
    one: Round
    shares: Mapping[str, Found]


def tells(known: Outcome, one: Round) -> bool:
    """Whether a search says anything of promises: somebody had given up on its query, and it had a page."""
    return bool(known.lost and one.decision.shown)


def hoped(before: Outcomes, told: Sequence[Told]) -> Hope:
    """With more searches, in the order of time."""
    hope = before.hope
    for start in range(0, len(told), AT_ONCE):
        some = told[start : start + AT_ONCE]
        wanted = [_wanted(each.known, before) for each in some]
        for each, (acted, _), more in zip(some, wanted, _more(some, [rows for _, rows in wanted]), strict=True):
            known = each.known
            usual = known.searches / max(known.asked - 1, known.searches)
            promise = float(lost_shares(known) @ more[len(acted) :])
            came = bool(each.one.gains) - usual * (1 + float(acted @ more[: len(acted)]))
            hope = Hope(hope.together * KEPT + promise * came, hope.alone * KEPT + promise**2)
    return hope


def _wanted(known: Outcome, before: Outcomes) -> tuple[Floats, list[Placed]]:
    """(share of each of the best entities, where they and then what lost searches lacked are)"""
    worth, rows = acted_worth(known, before), placed(known)
    weighed = sorted(zip((-in_shares(worth)).tolist(), known.entities, range(len(worth)), strict=True))
    best = [place for *_, place in weighed[:ENTITIES]]
    return in_shares(worth[best]) if best else worth, [*[rows[place] for place in best], *rows[len(worth) :]]


def _more(told: Sequence[Told], rows: Sequence[Sequence[Placed]]) -> list[Floats]:
    """By how much more of each row is found as drawn than in expectation over such draws.

    Searches of one shape are worked out together, which gives each the very numbers that it would have alone.
    """
    alike: defaultdict[tuple[int, int, tuple[int, ...]], list[int]] = defaultdict(list)
    for place, (each, of) in enumerate(zip(told, rows, strict=True)):
        if slots := len(each.one.decision.slots):
            alike[slots, len(of), each.one.decision.ladder].append(place)
    more = [np.zeros(len(of)) for of in rows]
    for places in alike.values():
        gaps = _gaps([told[place] for place in places], [rows[place] for place in places])
        for place, gap in zip(places, gaps, strict=True):
            more[place] = gap
    return more


def _gaps(told: Sequence[Told], rows: Sequence[Sequence[Placed]]) -> Floats:
    """[search, row], of searches with as many slots, rows and rungs each."""
    ladder, each_slots = told[0].one.decision.ladder, [each.one.decision.slots for each in told]
    pmf = np.array([[s.pmf for s in slots] for slots in each_slots])
    rung = np.array([[ladder.index(s.depth) for s in slots] for slots in each_slots])
    missed = _missed_by(told, rows).reshape(*pmf.shape[:2], -1, len(ladder))
    drawn = np.take_along_axis(missed, rung[..., None, None], axis=3)[..., 0]
    expected = (missed @ pmf[..., None])[..., 0]
    return np.asarray(expected.prod(axis=1) - drawn.prod(axis=1))


def _missed_by(told: Sequence[Told], rows: Sequence[Sequence[Placed]]) -> Floats:
    """P(not found), [slot of each search, row, rung]."""
    ladder = told[0].one.decision.ladder
    by = [(each.shares, s.strategy, of) for each, of in zip(told, rows, strict=True) for s in each.one.decision.slots]
    rank = np.array([[ranks.get(strategy, 0) for ranks, _ in of] for _, strategy, of in by])
    without = np.array([[lacks.get(strategy, 0) for _, lacks in of] for _, strategy, of in by])
    share = np.array([found_share(shares.get(strategy), len(ladder)) for shares, strategy, _ in by])
    return missed_where(rank[..., None], without[..., None], share, np.array(ladder))
