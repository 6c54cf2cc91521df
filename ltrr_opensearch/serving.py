"""Everything that a search of one index needs of the release in force: parts put together once, swapped whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ltrr_opensearch.choose.context import action_features, context_features
from ltrr_opensearch.choose.draw import draw
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.protocols import Fusion, Policy, Ranker, Strategy
from ltrr_opensearch.rank.rows import rows
from ltrr_opensearch.retrieve.fan_out import Instruments
from ltrr_opensearch.settings import ChooseSettings, IndexSettings
from ltrr_opensearch.types import (
    AnalyzedQuery,
    Candidate,
    Draw,
    Features,
    Matrix,
    PlanResult,
    QueryPlan,
    Ranked,
    SearchRequest,
)
from ltrr_opensearch.understand.analyze import analyze

FUSED = "fused"
"""Name of the order without a learned ranker."""


@dataclass(frozen=True, slots=True)
class Serving:
    """The parts in force for one configured index. Pure, and safe to share between searches."""

    key: str
    index: IndexSettings
    choose: ChooseSettings
    release: str
    phase: str
    knowledge: Knowledge
    strategies: tuple[Strategy, ...]
    policy: Policy
    fusion: Fusion
    ranker: Ranker | None
    columns: tuple[str, ...]
    """Names of the columns of the rows that are ranked and logged."""
    instruments: Instruments

    @property
    def ranker_name(self) -> str:
        return self.ranker.name if self.ranker else FUSED

    def analyze(self, request: SearchRequest) -> AnalyzedQuery:
        return analyze(request, self.knowledge, self.index)

    def propose(self, query: AnalyzedQuery) -> tuple[QueryPlan, ...]:
        return tuple(plan for strategy in self.strategies for plan in strategy.plan(query))

    def draw(self, query: AnalyzedQuery, plans: Sequence[QueryPlan], seed: int) -> tuple[Features, Draw]:
        aggregates = self.knowledge.aggregates
        context = context_features(query, aggregates, query.request.at)
        actions = [action_features(plan, query, aggregates) for plan in plans]
        explore = query.request.asker.explore
        return context, draw(self.policy, plans, context, actions, self.choose, seed, explore)

    def rank(self, query: AnalyzedQuery, results: Sequence[PlanResult]) -> tuple[tuple[Ranked, ...], Matrix]:
        """The union, best first, and the rows of its candidates in the same order."""
        candidates = self.fusion.fuse(results)
        matrix = rows(candidates, query, results, self.columns)
        scores = self._scores(candidates, matrix)
        order = np.argsort(-scores, kind="stable")
        ranked = tuple(Ranked(candidates[i], r, float(scores[i])) for r, i in enumerate(order, start=1))
        return ranked, matrix[order]

    def _scores(self, candidates: Sequence[Candidate], matrix: Matrix) -> Matrix:
        if self.ranker is None or not candidates:
            return np.array([c.fused for c in candidates], dtype=np.float32)
        wanted = [self.columns.index(name) for name in self.ranker.features]
        return self.ranker.score(matrix[:, wanted])
