"""Weighted sum of scores (CombSUM with weights), each plan's scores scaled to 0..1 first.

The scale is the plan's own best score and 0, not its lowest score: a list that was cut deeper would otherwise
change what its first hits are worth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ltrr_opensearch.fuse.merge import merge
from ltrr_opensearch.types import Candidate, PlanResult


@dataclass(frozen=True, slots=True)
class Weighted:
    """Each plan adds `weight * score / best score`: its strategy's weight (1 where not given) x its likelihood."""

    weights: Mapping[str, float] = field(default_factory=dict)

    def fuse(self, results: Sequence[PlanResult]) -> list[Candidate]:
        return merge(results, self._contributions)

    def _contributions(self, result: PlanResult) -> list[float]:
        weight = self.weights.get(result.plan.strategy, 1.0) * result.plan.likelihood
        best = max((hit.score for hit in result.hits), default=0.0)
        if best <= 0:
            return [0.0] * len(result.hits)
        return [weight * max(hit.score, 0.0) / best for hit in result.hits]
