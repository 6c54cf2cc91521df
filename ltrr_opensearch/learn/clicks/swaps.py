"""Examination from documents that were shown for one query at several positions, and from nothing else.

What a document is worth for its query is the same wherever it stands, so how its clicks spread over its positions tells
of the positions alone: given their number, they fall on them in proportion to impressions times examination. Other
documents say nothing, so that a good order is not taken for attention, and no attractiveness has to be assumed.
Exploration, interleaving and new releases move documents; where nothing moved, the prior decides. Intervention
harvesting (Agarwal et al., Estimating Position Bias without Intrusive Interventions, WSDM 2019), with the conditional
likelihood in place of their pairs of positions, climbed by minorisation (Hunter, MM Algorithms for Generalized
Bradley-Terry Models, Annals of Statistics 2004).
"""

from __future__ import annotations

import numpy as np

from ltrr_opensearch.learn.clicks.impressions import Cells, Floats, Impressions
from ltrr_opensearch.learn.clicks.models import Fitted
from ltrr_opensearch.learn.clicks.pooled import PRIOR_POSITION, falling, over_expected, prior_examination

STEPS = 200


def fit(seen: Impressions) -> Fitted:
    cells = seen.cells()
    examination = falling(_examination(cells, len(seen.pairs), seen.positions))
    return Fitted(over_expected(cells, examination, len(seen.pairs)), examination[seen.position], examination)


def _examination(cells: Cells, pairs: int, positions: int) -> Floats:
    """The prior counts as so many clicks on a document that was shown as often at every position.

    Of what was clicked, only that: a document without clicks tells of no position.
    """
    prior = prior_examination(positions)
    assumed = PRIOR_POSITION * prior
    clicks = np.bincount(cells.position, cells.clicked, positions) + assumed
    of_pair = np.bincount(cells.pair, cells.clicked, pairs)
    telling = of_pair[cells.pair] > 0
    pair_of, position, shown = cells.pair[telling], cells.position[telling], cells.shown[telling]
    acted, pair = np.unique(pair_of, return_inverse=True)
    found = prior
    for _ in range(STEPS):
        expected = np.bincount(pair, shown * found[position], len(acted))
        level = of_pair[acted] / np.maximum(expected, 1e-12)
        tries = np.bincount(position, shown * level[pair], positions)
        found = clicks / (tries + assumed.sum() / found.sum())
        found = found / found[0]
    return np.asarray(found, dtype=np.float64)
