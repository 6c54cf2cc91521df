"""Everything in a query that may be a slot: values of the gazetteer, numbers, dates, with names and negations.

Candidates overlap and contradict each other; which go together is `readings`' business.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.memberships import Memberships
from ltrr_opensearch.slot_settings import SlotField
from ltrr_opensearch.types import SlotValue
from ltrr_opensearch.understand.company import in_company
from ltrr_opensearch.understand.cues import cues_of
from ltrr_opensearch.understand.dates import DateField, date_slots
from ltrr_opensearch.understand.entities import Entities, where_all_is_named
from ltrr_opensearch.understand.items import items_of
from ltrr_opensearch.understand.names import Names, names_of
from ltrr_opensearch.understand.negation import named_slots, negated_slots
from ltrr_opensearch.understand.numbers import NumberField, number_slots
from ltrr_opensearch.understand.quantities import quantities
from ltrr_opensearch.units import Unit, unit_named


@dataclass(frozen=True, slots=True)
class SlotFields:
    """The configured fields as they are recognised; made once for each gazetteer."""

    known: frozenset[str]
    numbers: tuple[NumberField, ...]
    dates: tuple[DateField, ...]
    names: Mapping[str, Names]
    """Of keyword fields whose names were configured: a path's words are seldom what people say before a value."""
    entities: Entities | None = None
    memberships: Memberships | None = None
    """Where entities belong to others to a degree."""

    @classmethod
    def of(cls, index: IndexSettings, gazetteer: Gazetteer) -> SlotFields:
        kinds = {f.field: f.kind or gazetteer.kinds.get(f.field, "keyword") for f in index.slot_fields}
        lies = gazetteer.numbers
        numbers = [f for f in index.slot_fields if kinds[f.field] == "number" and f.field in lies]
        dates = [f for f in index.slot_fields if kinds[f.field] == "date" and f.field in lies]
        return cls(
            frozenset(kinds),
            tuple(NumberField(f.field, _unit(f), names_of(f.called), lies[f.field]) for f in numbers),
            tuple(DateField(f.field, names_of(f.called), lies[f.field]) for f in dates),
            {f.field: names_of(f.names) for f in index.slot_fields if f.names and kinds[f.field] == "keyword"},
            Entities.of(index.entities) if index.entities else None,
            Memberships.of(index.entities, gazetteer.entity_keys, gazetteer.degrees)
            if index.entities and index.entities.degrees
            else None,
        )

    def read(self, slot: SlotValue) -> bool:
        """Whether the settings know what it speaks of: the gazetteer may have been made by others."""
        if slot.entity:
            return self.entities is not None and slot.entity in self.entities.types
        return slot.field in self.known


def recognise(
    text: str, tokens: Sequence[str], language: str, fields: SlotFields, gazetteer: Gazetteer
) -> list[SlotValue]:
    """`tokens` are the first of `normalise.tokenize(text)`."""
    if not fields.known and fields.entities is None:
        return []
    named = [token.removeprefix("non-") for token in tokens]
    slots = [s for s in gazetteer.match(named, language) if fields.read(s) and s.confidence > 0]
    items = items_of(text, language, len(tokens))
    if fields.numbers or fields.dates:
        found = quantities(items, language)
        slots += number_slots(found, items, fields.numbers, gazetteer)
        slots += date_slots(found, items, fields.dates, gazetteer)
    slots = in_company(slots, tokens, gazetteer)
    slots += named_slots(slots, items, fields.names)
    slots += negated_slots(slots, items, cues_of(language))
    return where_all_is_named(slots, tokens) if fields.entities else slots


def _unit(field: SlotField) -> Unit | None:
    return unit_named(field.unit) if field.unit else None
