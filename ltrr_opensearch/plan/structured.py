"""Slots recognised in the query as constraints on the index's own values.

Each likely reading is a clause: its left-over text must match, and each of its slots must be evidenced, either by the
field's value or, since tags are often missing, by the slot's words in the text; a slot sure enough to be a filter needs
the value. The value adds its inverse document frequency as a rare word would, by as much as the slot is sure. Readings
compete: the best one scores a document, weighted by its likelihood.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.options import read_options
from ltrr_opensearch.plan.text import TextOptions, text_query
from ltrr_opensearch.types import AnalyzedQuery, Encoded, Json, QueryPlan, Reading, SlotValue


class StructuredOptions(TextOptions):
    readings: int = Field(3, ge=1, le=10, description="Most readings that compete.")
    least_likelihood: float = Field(0.05, ge=0, le=1, description="Readings less likely than this are left out.")
    filter_from: float = Field(1.0, ge=0, description="Slots at least this sure must hold the value; above 1: none.")
    slot_weight: float = Field(1.0, gt=0, description="Factor of a value's score beside the text's.")


class Structured:
    def __init__(self, name: str, options: Mapping[str, Any], index: IndexSettings, _knowledge: Knowledge) -> None:
        self.name = name
        self._options = read_options(StructuredOptions, name, options)
        self._text_fields = index.text_fields

    def plan(self, query: AnalyzedQuery) -> Sequence[QueryPlan]:
        likely = [r for r in query.readings if r.slots and r.likelihood >= self._options.least_likelihood]
        competing = likely[: self._options.readings]
        if not competing:
            return ()
        asked = self._competition(query, competing)

        def clause(_depth: int, _encoded: Encoded) -> Json | None:
            return asked

        facts = {
            "slots": float(len(competing[0].slots)),
            "readings": float(len(competing)),
            "residual": float(bool(competing[0].residual)),
        }
        likelihood = min(sum(r.likelihood for r in competing), 1.0)
        return (QueryPlan(self.name, self.name, "structured", clause, likelihood=likelihood, facts=facts),)

    def _competition(self, query: AnalyzedQuery, competing: Sequence[Reading]) -> Json:
        best = competing[0].likelihood
        clauses = [self._reading(query, r, r.likelihood / best) for r in competing]
        return clauses[0] if len(clauses) == 1 else {"dis_max": {"queries": clauses}}

    def _reading(self, query: AnalyzedQuery, reading: Reading, boost: float) -> Json:
        must = [self._text(reading.residual)] if reading.residual else []
        must += [self._slot(slot, " ".join(query.tokens[slot.start : slot.end])) for slot in reading.slots]
        return {"bool": {"must": must, "boost": round(boost, 4)}}

    def _slot(self, slot: SlotValue, words: str) -> Json:
        value = {
            "constant_score": {
                "filter": {"terms": {slot.field: list(slot.spellings or (slot.value,))}},
                "boost": round(slot.idf * slot.confidence * self._options.slot_weight, 4),
            }
        }
        if slot.confidence >= self._options.filter_from:
            return value
        return {"bool": {"should": [value, self._text(words)], "minimum_should_match": 1}}

    def _text(self, words: str) -> Json:
        return text_query(words, self._text_fields, self._options)
