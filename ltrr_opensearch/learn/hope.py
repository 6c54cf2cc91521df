"""Whether asking deeper finds what searches without an action lacked, as what was learned promises.

Depths are drawn by chance, with known probabilities: where a draw promised more than the mean of such draws, more
people should have acted than usually do for the query. The slope of the one over the other, both less their
expectation, is how much of the promise is kept (residuals on residuals: Robinson, Econometrica 1988).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ltrr_opensearch.choose.missed import Floats, Placed, missed_by, placed
from ltrr_opensearch.choose.worth import acted_worth, in_shares, lost_shares
from ltrr_opensearch.knowledge.outcomes import Found, Hope, Outcome, Outcomes
from ltrr_opensearch.logged import Decision, Round

ENTITIES = 10
"""Of what was acted upon, the best, whose finding explains some of the actions."""
KEPT = 0.5 ** (1 / 10_000)
"""Of what older searches said is left after each search."""


def tells(known: Outcome, one: Round) -> bool:
    """Whether a search says anything of promises: somebody had given up on its query, and it had a page."""
    return bool(known.lost and one.decision.shown)


def hoped(before: Outcomes, hope: Hope, known: Outcome, one: Round, shares: Mapping[str, Found]) -> Hope:
    """With one search more that `tells`.

    `known`: its query, with this search among those asked and not yet among those acted.
    """
    worth = acted_worth(known, before)
    weighed = sorted(zip((-in_shares(worth)).tolist(), known.entities, range(len(worth)), strict=True))
    best = [place for *_, place in weighed[:ENTITIES]]
    rows = placed(known)
    drawn, expected = _missed([*[rows[place] for place in best], *rows[len(worth) :]], one.decision, shares)
    more = expected - drawn
    acted = in_shares(worth[best]) if best else worth
    usual = known.searches / max(known.asked - 1, known.searches)
    promise = float(lost_shares(known) @ more[len(acted) :])
    came = bool(one.gains) - usual * (1 + float(acted @ more[: len(acted)]))
    return Hope(hope.together * KEPT + promise * came, hope.alone * KEPT + promise**2)


def _missed(rows: Sequence[Placed], decision: Decision, shares: Mapping[str, Found]) -> tuple[Floats, Floats]:
    """(P(not found) as drawn, the same in expectation over such draws), an entry a row."""
    ladder = decision.ladder
    drawn, expected = np.ones(len(rows)), np.ones(len(rows))
    by = missed_by(rows, {slot.strategy for slot in decision.slots}, shares, ladder)
    for slot in decision.slots:
        missed = by[slot.strategy]
        drawn *= missed[:, ladder.index(slot.depth)]
        expected *= missed @ np.array(slot.pmf)
    return drawn, expected
