"""The client's own query as a plan. It is sent in any case; the plan says whether its hits enter the union."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.options import Options, read_options
from ltrr_opensearch.types import AnalyzedQuery, Encoded, Json, QueryPlan


class Original:
    def __init__(self, name: str, options: Mapping[str, Any], _index: IndexSettings, _knowledge: Knowledge) -> None:
        self.name = name
        read_options(Options, name, options)

    def plan(self, query: AnalyzedQuery) -> Sequence[QueryPlan]:
        own = query.request.body.get("query")

        def clause(_depth: int, _encoded: Encoded) -> Json | None:
            return own

        return (QueryPlan(self.name, self.name, "lexical", clause, original=True),)
