"""Slots recognised in the query as constraints on the index's own values.

Each likely reading is a clause: its left-over text must match, and each of its slots must be evidenced, either by the
field's value, by one that was proposed for a document without (`propose`) or, since tags are often missing, by the
slot's words in the text (of a range, by nothing that contradicts it); a slot sure enough to be a filter needs the
value. The value adds its inverse document frequency as a rare word would, by as much as the slot is sure, and a
proposed one by as much as it is sure, too. What is negated must not be there. Where an entity is spoken of, documents
of another type than the wanted one are left out, and popular ones come first. Readings compete: the best one scores a
document, weighted by its likelihood. Where none of them finds anything, whatever has a part of the best one does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.lookup import key_of
from ltrr_opensearch.plan.entities import EntityEvidence
from ltrr_opensearch.plan.evidence import evidence, lacking, matching, proposed, scored
from ltrr_opensearch.plan.options import read_options
from ltrr_opensearch.plan.text import TextOptions, boosted, text_query, with_popularity
from ltrr_opensearch.types import NAME, TYPE, AnalyzedQuery, Encoded, Json, QueryPlan, Reading, SlotValue


class StructuredOptions(TextOptions):
    readings: int = Field(3, ge=1, le=10, description="Most readings that compete.")
    least_likelihood: float = Field(0.05, ge=0, le=1, description="Readings less likely than this are left out.")
    filter_from: float = Field(1.0, ge=0, description="Slots at least this sure must hold the value; above 1: none.")
    slot_weight: float = Field(1.0, gt=0, description="Factor of a value's score beside the text's.")
    fall_back: bool = Field(True, description="Whether documents that have only a part of a reading come behind.")


SURELY = 0.8
"""Likelihood of a reading from which what it excludes does not come behind either."""
MENTIONED = 0.1
"""Factor of the text's score of what only mentions the name that is asked for: "All My Love" is no "Love"."""
FALL_BACK = 0.01
"""Factor of the scores of what has only a part of a reading: it stays behind what has all."""


class Structured:
    def __init__(self, name: str, options: Mapping[str, Any], index: IndexSettings, knowledge: Knowledge) -> None:
        self.name = name
        self._options = read_options(StructuredOptions, name, options)
        self._loose = self._options.model_copy(update={"operator": "or", "minimum_should_match": None})
        self._text_fields = index.text_fields
        self._popularity = index.popularity
        self._entities = EntityEvidence(index.entities, knowledge.gazetteer) if index.entities else None
        self._proposed = index.proposals.field if index.proposals else None

    def plan(self, query: AnalyzedQuery) -> Sequence[QueryPlan]:
        likely = [r for r in query.readings if _asks(r) and r.likelihood >= self._options.least_likelihood]
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
        if self._options.fall_back:
            clauses.append(self._relaxed(query, competing[0]))
        return clauses[0] if len(clauses) == 1 else {"dis_max": {"queries": clauses}}

    def _reading(self, query: AnalyzedQuery, reading: Reading, boost: float) -> Json:
        must = [self._text(reading.residual)] if reading.residual else []
        must += [self._slots(query, of, reading.entity) for of in _wanted(reading)]
        boost = round(boost, 4)
        if not reading.entity or self._entities is None:
            return {"bool": {"must": must, **self._without(reading), "boost": boost}}
        of_type = [self._entities.of_type(reading.entity)]
        found: Json = {"bool": {"must": must, "filter": of_type, **self._without(reading), "boost": boost}}
        return with_popularity(found, self._popularity.times(boost) if self._popularity else None)

    def _slots(self, query: AnalyzedQuery, alternatives: Sequence[SlotValue], wanted: str) -> Json:
        """Several values of a field ("dell or hp"): any of them will do."""
        clauses = [self._slot(slot, _spoken(query, slot), wanted) for slot in alternatives]
        return clauses[0] if len(clauses) == 1 else _any(clauses)

    def _slot(self, slot: SlotValue, spoken: Sequence[str], wanted: str) -> Json:
        having = self._evidence(slot, wanted)
        if slot.confidence >= self._options.filter_from:
            return having[0] if len(having) == 1 else _any(having)
        if slot.ranged:
            having = [*having, lacking(slot.field)]
        if slot.kind == NAME and slot.entity == wanted:
            return _any([*having, *(boosted(self._text(words), MENTIONED) for words in spoken)])
        return _any([*having, *(map(self._text, spoken) if slot.gte == slot.lte else ())])

    def _evidence(self, slot: SlotValue, wanted: str) -> list[Json]:
        weight = slot.idf * self._options.slot_weight
        if slot.kind == NAME:  # that others share the name is in the reading's likelihood
            graded = self._entities.graded(slot, wanted) if self._entities else []
            return [scored(self._matching(slot, wanted), weight), *(scored(q, weight * by) for q, by in graded)]
        weight *= slot.confidence
        return evidence(slot, weight) + (proposed(slot, self._proposed, weight) if self._proposed else [])

    def _matching(self, slot: SlotValue, wanted: str) -> Json:
        return self._entities.named(slot, wanted) if self._entities and slot.kind == NAME else matching(slot)

    def _relaxed(self, query: AnalyzedQuery, reading: Reading) -> Json:
        """Any of what the reading asks for, far behind what has all of it."""
        wanted = [slot for slot in reading.slots if not slot.negated]
        should = [self._any_word(reading.residual)] if reading.residual else []
        for slot in wanted:
            should += self._evidence(slot, reading.entity)
            should += [] if slot.ranged or slot.kind == TYPE else map(self._any_word, _spoken(query, slot))
        excluded = self._without(reading) if reading.likelihood >= SURELY else {}
        return {"bool": {"should": should, "minimum_should_match": 1, **excluded, "boost": FALL_BACK}}

    def _without(self, reading: Reading) -> Json:
        negated = [self._matching(slot, reading.entity) for slot in reading.slots if slot.negated]
        return {"must_not": negated} if negated else {}

    def _text(self, words: str) -> Json:
        return text_query(words, self._text_fields, self._options)

    def _any_word(self, words: str) -> Json:
        return text_query(words, self._text_fields, self._loose)


def _asks(reading: Reading) -> bool:
    """Whether a reading fills slots, and says of anything that it is wanted."""
    return bool(reading.slots) and (bool(reading.residual) or not all(slot.negated for slot in reading.slots))


def _spoken(query: AnalyzedQuery, slot: SlotValue) -> tuple[str, ...]:
    """How the text of a document may say it: as the query does, and as the value is spelled where that differs."""
    asked = " ".join(query.tokens[slot.start : slot.end])
    differs = slot.kind in ("keyword", NAME) and key_of(asked) != key_of(slot.value)
    return (asked, slot.value) if differs else (asked,)


def _wanted(reading: Reading) -> list[list[SlotValue]]:
    """What is wanted of each field, of each type's names; that the type is right is asked of the whole document."""
    wanted: dict[tuple[bool, str], list[SlotValue]] = {}  # a field may be called like a type
    for slot in reading.slots:
        if not slot.negated and slot.kind != TYPE:
            wanted.setdefault((slot.kind == NAME, slot.about), []).append(slot)
    return list(wanted.values())


def _any(clauses: Sequence[Json]) -> Json:
    return {"bool": {"should": list(clauses), "minimum_should_match": 1}}
