"""What people act upon most lately, whatever was asked: a prior over entities, for queries that nothing else matches.

Worth its candidates where a few entities draw most of the interest; the bandit learns where that is so. By default only
documents that share a word with the query are taken, so that the page stays about what was asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.by_id import MAX_ENTITIES, scored_clause
from ltrr_opensearch.plan.options import Options, read_options
from ltrr_opensearch.types import AnalyzedQuery, Encoded, Json, QueryPlan

SHARE_DIGITS = 3
"""Of thousandths."""


class PopularOptions(Options):
    matching: bool = Field(True, description="Whether a document must share a word with the query.")


class Popular:
    def __init__(self, name: str, options: Mapping[str, Any], index: IndexSettings, knowledge: Knowledge) -> None:
        self.name = name
        self._matching = read_options(PopularOptions, name, options).matching
        self._text_fields = tuple(index.text_fields)
        self._named_by = index.named_by
        self._popularity = knowledge.popularity

    def plan(self, query: AnalyzedQuery) -> Sequence[QueryPlan]:
        text, ranking = query.request.text, self._popularity.ranking
        if not ranking or not text.strip():
            return ()

        def clause(depth: int, _encoded: Encoded) -> Json | None:
            return self._clause(text, ranking[: MAX_ENTITIES if self._matching else min(depth, MAX_ENTITIES)])

        return (QueryPlan(self.name, self.name, "popularity", clause),)

    def _clause(self, text: str, ranking: Sequence[tuple[str, float]]) -> Json | None:
        asked = scored_clause(ranking, self._named_by, SHARE_DIGITS)
        if asked and self._matching:
            asked["bool"]["filter"] = [{"multi_match": {"query": text, "fields": list(self._text_fields)}}]
        return asked
