"""The memory as a plan: entities of the remembered queries near this one, by Q2E score times the query's weight.

The same query needs no embedding; a neighbour's memory is better found with one. An entity's evidence adds up over
the neighbours that led to it. The weight is what the memory has learned of how far neighbours can be trusted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.by_id import MAX_ENTITIES, scored_clause
from ltrr_opensearch.plan.options import Options, read_options
from ltrr_opensearch.types import AnalyzedQuery, Encoded, Json, QueryPlan, Remembered, VectorUse

BY_MEANING = 0.2
"""Likelihood of the plan before an embedding has told how near the nearest neighbours are."""
SCORE_DIGITS = 4


class Q2eOptions(Options):
    neighbours: int = Field(10, ge=1, le=100, description="Remembered queries whose entities are taken.")
    least_score: float = Field(0.02, ge=0, le=1, description="Entities with less evidence than this are left out.")
    predicted: bool = Field(True, description="Whether scores that are only predicted count too.")


class Q2e:
    def __init__(self, name: str, options: Mapping[str, Any], index: IndexSettings, knowledge: Knowledge) -> None:
        self.name = name
        self._options = read_options(Q2eOptions, name, options)
        self._named_by = index.named_by
        self._memory = knowledge.memory

    def plan(self, query: AnalyzedQuery) -> Sequence[QueryPlan]:
        vector = self._vector_use(query)
        if not len(self._memory) or (vector is VectorUse.NONE and not query.remembered):
            return ()

        def clause(depth: int, encoded: Encoded) -> Json | None:
            near = query.remembered
            if encoded.dense is not None:
                near = self._memory.near(query.normalized, encoded.dense, self._options.neighbours)
            return scored_clause(self._scored(near)[: min(depth, MAX_ENTITIES)], self._named_by, SCORE_DIGITS)

        nearest = query.remembered[0] if query.remembered else None
        likelihood = max(nearest.weight if nearest else 0.0, BY_MEANING if vector is VectorUse.NEEDED else 0.0)
        facts = {
            "similarity": nearest.similarity if nearest else 0.0,
            "entities": float(len(nearest.entities)) if nearest else 0.0,
        }
        return (QueryPlan(self.name, self.name, "memory", clause, vector, likelihood, facts=facts),)

    def _vector_use(self, query: AnalyzedQuery) -> VectorUse:
        if not self._memory.embedded:
            return VectorUse.NONE
        same = bool(query.remembered) and query.remembered[0].similarity == 1.0
        return VectorUse.IF_AT_HAND if same else VectorUse.NEEDED

    def _scored(self, near: Sequence[Remembered]) -> list[tuple[str, float]]:
        """Entities with the sum of score x weight, best first."""
        scores: dict[str, float] = {}
        for remembered in near[: self._options.neighbours]:
            for entity in remembered.entities:
                if entity.score > 0 and (self._options.predicted or not entity.predicted):
                    scores[entity.id] = scores.get(entity.id, 0.0) + entity.score * remembered.weight
        kept = [(id, score) for id, score in scores.items() if score >= self._options.least_score]
        return sorted(kept, key=lambda s: (-s[1], s[0]))
