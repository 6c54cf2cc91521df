"""Clicks over expected clicks: what a document was clicked, beside what is clicked at its positions at the mean.

The rate at a position is taken for how often it is looked at, as if what stands there were as good everywhere else.
An order that is any good breaks that: the top is clicked because it is better, too. Needs no exploration. Zhang and
Jones, Comparing Click Logs and Editorial Labels for Training Query Rewriting (WWW 2007).
"""

from __future__ import annotations

import numpy as np

from ltrr_opensearch.learn.clicks.impressions import Impressions
from ltrr_opensearch.learn.clicks.models import Fitted
from ltrr_opensearch.learn.clicks.pooled import PRIOR_POSITION, falling, over_expected, prior_examination


def fit(seen: Impressions) -> Fitted:
    cells, positions = seen.cells(), seen.positions
    clicks = np.bincount(cells.position, cells.clicked, positions)
    shown = np.bincount(cells.position, cells.shown, positions)
    first = (clicks[0] + PRIOR_POSITION) / (shown[0] + PRIOR_POSITION)
    rates = (clicks + PRIOR_POSITION * first * prior_examination(positions)) / (shown + PRIOR_POSITION)
    examination = falling(rates)
    return Fitted(over_expected(cells, examination, len(seen.pairs)), examination[seen.position], examination)
