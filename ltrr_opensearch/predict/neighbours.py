"""Predicts for a document what was asked for those that are like it: queries travel between neighbours by embedding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ltrr_opensearch.knowledge.nearest import Nearest
from ltrr_opensearch.predict.predictor import Asked, Described, Prediction

NEIGHBOURS = 5
LEAST_COSINE = 0.6
"""Below it two products are of one shelf at best."""


@dataclass(frozen=True)
class Neighbours:
    """A `QueryPredictor`. `queries[i]`: the queries of the document whose vector is row `i`, with their shares."""

    ids: Sequence[str]
    queries: Sequence[dict[str, float]]
    nearest: Nearest

    @classmethod
    def learned(cls, documents: Sequence[Described], asked: Asked) -> Neighbours:
        known = [one for one in documents if asked.get(one.id)]
        shares = [{q: n / sum(asked[d.id].values()) for q, n in asked[d.id].items()} for d in known]
        matrix = np.array([d.vector for d in known], np.float32) if known else np.zeros((0, 0), np.float32)
        return cls([d.id for d in known], shares, Nearest(matrix))

    def predict(self, documents: Sequence[Described]) -> list[list[Prediction]]:
        return [self._of(one) for one in documents]

    def _of(self, document: Described) -> list[Prediction]:
        """The mean over neighbours of a query's share there, each weighing as it is near."""
        if not self.ids:
            return []
        near = self.nearest.at_least(document.vector, LEAST_COSINE)
        near = sorted((n for n in near if self.ids[n[0]] != document.id), key=lambda n: (-n[1], n[0]))[:NEIGHBOURS]
        scores: defaultdict[str, float] = defaultdict(float)
        for row, cosine in near:
            for query, share in self.queries[row].items():
                scores[query] += cosine * share
        whole = sum(cosine for _, cosine in near)
        ordered = sorted(scores.items(), key=lambda s: (-s[1], s[0]))
        return [Prediction(query, min(1.0, score / whole)) for query, score in ordered]
