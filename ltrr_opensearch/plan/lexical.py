"""BM25 over the configured text fields, biased by popularity where one is configured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.options import read_options
from ltrr_opensearch.plan.text import TextOptions, text_query, with_popularity
from ltrr_opensearch.types import AnalyzedQuery, Encoded, Json, QueryPlan


class LexicalOptions(TextOptions):
    popularity: bool = Field(True, description="Whether the index's popularity, if configured, biases the score.")


class Lexical:
    def __init__(self, name: str, options: Mapping[str, Any], index: IndexSettings, _knowledge: Knowledge) -> None:
        self.name = name
        self._options = read_options(LexicalOptions, name, options)
        self._text_fields = index.text_fields
        self._popularity = index.popularity if self._options.popularity else None

    def plan(self, query: AnalyzedQuery) -> Sequence[QueryPlan]:
        text = query.request.text
        if not text.strip():
            return ()
        asked = with_popularity(text_query(text, self._text_fields, self._options), self._popularity)

        def clause(_depth: int, _encoded: Encoded) -> Json | None:
            return asked

        return (QueryPlan(self.name, self.name, "lexical", clause),)
