"""The position-based model: people act on what they look at and like, and how deep they look is the same everywhere.

A person acts on what is shown at position k if they examine k (probability `examination`, the same for every search)
and find the document attractive for the query. Both are estimated by expectation maximisation, starting from clicks
over expected clicks, with priors that carry what was seldom seen. Exploration moves documents between positions, which
is what tells the two apart; without it the prior decides. Chuklin, Markov and de Rijke, Click Models for Web Search
(2015), chapters 3 and 4.
"""

from __future__ import annotations

import numpy as np

from ltrr_opensearch.learn.clicks.impressions import Impressions
from ltrr_opensearch.learn.clicks.models import Fitted
from ltrr_opensearch.learn.clicks.pooled import (
    PRIOR_POSITION,
    falling,
    over_expected,
    overall,
    pooled,
    prior_examination,
)

STEPS = 40


def fit(seen: Impressions) -> Fitted:
    cells, pairs, positions = seen.cells(), len(seen.pairs), seen.positions
    prior = prior_examination(positions)
    examination = prior.copy()
    attractive = over_expected(cells, examination, pairs)
    for _ in range(STEPS):
        mean = overall(cells, examination)
        e, a = examination[cells.position], attractive[cells.pair]
        missed = cells.shown - cells.clicked
        unclicked = np.maximum(1 - e * a, 1e-9)
        looked = cells.clicked + missed * e * (1 - a) / unclicked
        liked = cells.clicked + missed * a * (1 - e) / unclicked
        attractive = pooled(cells.pair, liked, cells.shown, pairs, mean)
        by_position = np.bincount(cells.position, looked, positions) + PRIOR_POSITION * prior
        examination = falling(by_position / (np.bincount(cells.position, cells.shown, positions) + PRIOR_POSITION))
    return Fitted(attractive, examination[seen.position], examination)
