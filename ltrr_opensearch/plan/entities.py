"""What in a document speaks for an entity that a query names: it is the entity, or belongs to it by a relation.

A document that lacks the type field may be of any type; one that has another type is not meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ltrr_opensearch.entity_settings import EntitySettings, Relation
from ltrr_opensearch.knowledge.entity_keys import EntityKeys
from ltrr_opensearch.plan.evidence import lacking
from ltrr_opensearch.types import Json, SlotValue

Values = Mapping[str, Sequence[object]]
"""A document's values by field."""


class EntityEvidence:
    def __init__(self, settings: EntitySettings, keys: EntityKeys) -> None:
        self._settings = settings
        self._keys = keys

    def of_type(self, type: str) -> Json:
        field = self._settings.type_field
        return {"bool": {"should": [{"term": {field: type}}, lacking(field)], "minimum_should_match": 1}}

    def named(self, slot: SlotValue, wanted: str) -> Json:
        """Documents of the `wanted` type that a name speaks of."""
        belonging = self.relations(slot, wanted) if wanted not in ("", slot.entity) else ()
        if belonging:
            ways: list[Json] = [{"terms": {one.field: list(self.keys(slot, one))}} for one in belonging]
            return ways[0] if len(ways) == 1 else {"bool": {"should": ways, "minimum_should_match": 1}}
        of_type = {"term": {self._settings.type_field: slot.entity}}
        fields = self._settings.name_fields(slot.entity)
        names = [{"terms": {field: list(slot.spellings)}} for field in fields]
        return {"bool": {"filter": [of_type], "should": names, "minimum_should_match": 1}}

    def belonging(self, relation: Relation, keys: Sequence[str]) -> Json:
        """Documents that a relation brings along with the entities that have these keys."""
        of_type = {"term": {self._settings.type_field: relation.brings}}
        return {"bool": {"filter": [of_type, {"terms": {relation.field: list(keys)}}]}}

    def keys(self, slot: SlotValue, relation: Relation) -> tuple[str, ...]:
        """What documents that belong to the named entities repeat; none where set-up has read none."""
        if self._settings.by_name(relation):
            return slot.spellings
        return self._keys.find(slot.entity, self._settings.key(relation), slot.spellings)

    def relations(self, slot: SlotValue, said: str) -> tuple[Relation, ...]:
        """What comes along with a named entity: of the type that is said, or of all types."""
        every = (one for one in self._settings.relations if one.of == slot.entity)
        return tuple(one for one in every if said in ("", one.brings))

    def concerns(self, slot: SlotValue, document: Values) -> bool:
        """Whether a document is what a name speaks of, or belongs to it."""
        types = document.get(self._settings.type_field, ())
        if slot.entity in types and self._has(document, self._settings.name_fields(slot.entity), slot.spellings):
            return True
        related = (one for one in self.relations(slot, "") if one.brings in types)
        return any(self._has(document, (one.field,), self.keys(slot, one)) for one in related)

    def is_of(self, document: Values, wanted: str) -> bool:
        """Whether a document is of a type; of none in particular every one is."""
        return not wanted or wanted in document.get(self._settings.type_field, ())

    @staticmethod
    def _has(document: Values, fields: Sequence[str], values: Sequence[str]) -> bool:
        return any(value in values for field in fields for value in document.get(field, ()))
