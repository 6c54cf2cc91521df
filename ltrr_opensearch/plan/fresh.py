"""What matches and is new or was rarely shown so far: there to learn from, since no log tells of the never shown.

New is what `date_field` dates within `max_age_days`; rarely shown what is not among the most shown of the exposure.
Without either kind of knowledge there is no plan. What matches well comes first; among like scores, people and days
vary by a number that depends on nothing but them and the document. Whether the plan is asked is the exploration
budget's business (`choose.fresh_share`), and what becomes of its best candidate that of `rank.place`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from zlib import crc32

from pydantic import Field

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.options import read_options
from ltrr_opensearch.plan.text import TextOptions, text_query
from ltrr_opensearch.types import EXPLORATION, AnalyzedQuery, Encoded, Json, QueryPlan, SearchRequest

VOTE = 0.1
"""Likelihood of the plan: in the fusion its candidates count little, since a place is kept for the best of them."""


class FreshOptions(TextOptions):
    max_age_days: int = Field(30, ge=1, description="A document whose date_field is within this is new.")
    most_shown: int = Field(1000, ge=0, le=10_000, description="Documents, the most shown, that are left out; 0: none.")
    variety: float = Field(0.2, ge=0, le=1, description="Largest share that chance adds to a score.")


class Fresh:
    def __init__(self, name: str, options: Mapping[str, Any], index: IndexSettings, knowledge: Knowledge) -> None:
        self.name = name
        self._options = read_options(FreshOptions, name, options)
        self._text_fields = index.text_fields
        self._date_field = index.date_field
        often = knowledge.exposure.often[: self._options.most_shown]
        self._rarely: list[Json] = [{"bool": {"must_not": [{"ids": {"values": list(often)}}]}}] if often else []

    def plan(self, query: AnalyzedQuery) -> Sequence[QueryPlan]:
        request = query.request
        either = [*self._rarely, *self._new(request)]
        if not request.text.strip() or not either:
            return ()
        asked = self._clause(request, either)

        def clause(_depth: int, _encoded: Encoded) -> Json | None:
            return asked

        return (QueryPlan(self.name, self.name, EXPLORATION, clause, likelihood=VOTE),)

    def _new(self, request: SearchRequest) -> list[Json]:
        if self._date_field is None:
            return []
        since = request.at - timedelta(days=self._options.max_age_days)
        within = {"gte": f"{since:%Y-%m-%d}", "format": "strict_date_optional_time"}
        return [{"range": {self._date_field: within}}]

    def _clause(self, request: SearchRequest, either: list[Json]) -> Json:
        text = text_query(request.text, self._text_fields, self._options)
        matching = {"bool": {"must": [text], "filter": [{"bool": {"should": either, "minimum_should_match": 1}}]}}
        chance = {"random_score": {"seed": _seed(request), "field": "_seq_no"}, "weight": self._options.variety}
        scored: Json = {"query": matching, "functions": [{"weight": 1}, chance]}
        return {"function_score": scored | {"score_mode": "sum", "boost_mode": "multiply"}}


def _seed(request: SearchRequest) -> int:
    """The same for a person's searches of a text in one day, so that its pages agree."""
    asker = request.asker
    person = asker.user or asker.client or asker.session or ""
    return crc32(f"{request.at:%Y-%m-%d}\n{person}\n{request.text}".encode()) & 0x7FFFFFFF
