"""A ranker that runs inside the cluster: its scores come back with the logged features, as one more of them.

Where a score did not come back (the plugin refused, the document is gone) the same model scores here. That both give
the same is checked before such a ranker is published.
"""

from __future__ import annotations

import numpy as np

from ltrr_opensearch.protocols import Ranker
from ltrr_opensearch.types import Matrix

SCORE = "cluster.score"
"""Column with the score that the cluster gave; NaN where it gave none."""

CLUSTER_MODEL = "cluster_model"
"""Where a part's `meta` names its model in the plugin; absent for a ranker that runs in the proxy."""


class ClusterRanker:
    """`own` is the model that the cluster runs, for scoring here."""

    def __init__(self, own: Ranker) -> None:
        self.name = own.name
        self.features = (SCORE, *own.features)
        self.used = frozenset((SCORE, *getattr(own, "used", own.features)))
        self.own = own

    def score(self, rows: Matrix) -> Matrix:
        theirs: Matrix = rows[:, 0]
        unknown = np.isnan(theirs)
        if unknown.any():
            theirs = np.where(unknown, self.own.score(rows[:, 1:]), theirs)
        return theirs
