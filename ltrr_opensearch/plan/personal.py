"""What the person who asks acted upon before, for this query or one of mostly the same words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.by_id import MAX_ENTITIES, scored_clause
from ltrr_opensearch.plan.options import Options, read_options
from ltrr_opensearch.types import AnalyzedQuery, Encoded, Json, QueryPlan

SCORE_DIGITS = 4


class Personal:
    def __init__(self, name: str, options: Mapping[str, Any], index: IndexSettings, _knowledge: Knowledge) -> None:
        self.name = name
        read_options(Options, name, options)
        self._named_by = index.named_by

    def plan(self, query: AnalyzedQuery) -> Sequence[QueryPlan]:
        if not query.own:
            return ()
        scored = [(one.id, one.score) for one in query.own]

        def clause(depth: int, _encoded: Encoded) -> Json | None:
            return scored_clause(scored[: min(depth, MAX_ENTITIES)], self._named_by, SCORE_DIGITS)

        facts = {"entities": float(len(scored))}
        return (QueryPlan(self.name, self.name, "memory", clause, likelihood=scored[0][1], facts=facts),)
