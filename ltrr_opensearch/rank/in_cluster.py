"""A ranker of which the cluster scores what it can: all that reads logged features alone.

A linear model and an ensemble of trees are sums, so both fall apart into a model over logged features and one over plan
ranks, scores and the query, which only the proxy knows. The cluster's score comes back with the logged features, as one
more of them; the proxy adds the rest. Where none came back (the plugin refused, the document is gone) the whole is
scored here. That the cluster's part gives the same in both places is checked before such a ranker is published.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from ltrr_opensearch.rank.linear import LinearRanker
from ltrr_opensearch.rank.load import Packed
from ltrr_opensearch.rank.tree import Tree
from ltrr_opensearch.rank.trees import TreeRanker
from ltrr_opensearch.types import Doubles, Matrix

SCORE = "cluster.score"
"""Column with the score that the cluster gave; NaN where it gave none."""
CLUSTER_MODEL = "cluster_model"
"""Where a part's `meta` names its model in the plugin; absent for a ranker that runs in the proxy."""


class ClusterRanker:
    """`own` is the whole model, `names` are the logged features, which the cluster scores by."""

    def __init__(self, own: Packed, names: Collection[str]) -> None:
        self.own = own
        self.name = own.name
        self.features = (SCORE, *own.features)
        self.used = own.used | {SCORE}
        _, self._rest = split(own, names)

    def score(self, rows: Matrix) -> Matrix:
        theirs, ours = rows[:, 0], rows[:, 1:]
        unknown = np.isnan(theirs)
        scores: Matrix = theirs + self._rest.score(ours)
        if unknown.any():
            scores = np.where(unknown, self.own.score(ours), scores)
        return scores

    def contributions(self, rows: Matrix, beside: Matrix) -> Doubles:
        """Of the whole model's features: the cluster's score is a sum of trees or terms over some of them."""
        own = self.own.contributions(rows[:, 1:], beside[:, 1:])
        return np.hstack([np.zeros((len(rows), 1)), own])


def split(ranker: Packed, names: Collection[str]) -> tuple[Packed, Packed]:
    """The part that reads the named features alone, and the rest. Their scores add up to those of the whole."""
    features = ranker.features
    if isinstance(ranker, LinearRanker):
        named = np.array([name in names for name in features], dtype=bool)
        there, here = np.where(named, ranker.weights, 0.0), np.where(named, 0.0, ranker.weights)
        return LinearRanker(features, there), LinearRanker(features, here)

    def is_named(tree: Tree) -> bool:
        return bool(tree.feature) and all(features[f] in names for f in tree.feature)

    return (
        TreeRanker(features, tuple(t for t in ranker.trees if is_named(t))),
        TreeRanker(features, tuple(t for t in ranker.trees if not is_named(t))),
    )
