"""Reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009): ranks only, so scores need not compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ltrr_opensearch.fuse.merge import merge
from ltrr_opensearch.types import Candidate, PlanResult


@dataclass(frozen=True, slots=True)
class Rrf:
    """Each plan adds `weight / (rank_constant + rank)`: its strategy's weight (1 where not given) x its likelihood."""

    rank_constant: float = 60.0
    weights: Mapping[str, float] = field(default_factory=dict)

    def fuse(self, results: Sequence[PlanResult]) -> list[Candidate]:
        return merge(results, self._contributions)

    def _contributions(self, result: PlanResult) -> list[float]:
        weight = self.weights.get(result.plan.strategy, 1.0) * result.plan.likelihood
        return [weight / (self.rank_constant + hit.rank) for hit in result.hits]
