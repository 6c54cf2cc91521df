"""What in a document speaks for an entity that a query names: it is the entity, or belongs to it by a relation.

Or it belongs to it to a degree: an artist to the genre of most of their songs, a song without a genre to its artist's.
A document that lacks the type field may be of any type; one that has another type is not meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ltrr_opensearch.entity_settings import EntitySettings
from ltrr_opensearch.knowledge.degrees import Belonging
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.memberships import Memberships
from ltrr_opensearch.plan.evidence import lacking
from ltrr_opensearch.plan.graded import LEAST_DEGREE, Grade, grades
from ltrr_opensearch.relation_settings import Degree, Relation
from ltrr_opensearch.types import Json, SlotValue

Way = Relation | Degree
"""How something belongs to an entity."""
KEPT_LISTS = 100
"""Lists of members that are kept, the first made go first; each has up to 200, some 30 kB."""
Values = Mapping[str, Sequence[object]]
"""A document's values by field."""


class EntityEvidence:
    def __init__(self, settings: EntitySettings, gazetteer: Gazetteer) -> None:
        self._settings = settings
        self._memberships = Memberships.of(settings, gazetteer.entity_keys, gazetteer.degrees)
        self._kept: dict[tuple[str, tuple[str, ...]], list[Belonging]] = {}

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

    def brought(self, way: Way, keys: Sequence[str]) -> list[Grade]:
        """What comes along with the entities that have these keys, with the degree to which it belongs to them."""
        brought = way.brings if isinstance(way, Relation) else way.of
        of_type = {"term": {self._settings.type_field: brought}}
        if isinstance(way, Relation):
            return [Grade({"bool": {"filter": [of_type, {"terms": {way.field: list(keys)}}]}}, 1.0)]
        field = self._settings.key(self._memberships.told[way.name].through)
        return grades(self._members(way, keys), field, [of_type])

    def keys(self, slot: SlotValue, way: Way) -> tuple[str, ...]:
        """What documents that belong to the named entities repeat; none where set-up has read none."""
        if isinstance(way, Relation):
            return self._memberships.keys(slot, way)
        return self._memberships.group_keys(slot, way)

    def relations(self, slot: SlotValue, said: str) -> tuple[Relation, ...]:
        """What comes along with a named entity: of the type that is said, or of all types."""
        every = (one for one in self._settings.relations if one.of == slot.entity)
        return tuple(one for one in every if said in ("", one.brings))

    def degrees(self, slot: SlotValue, said: str) -> tuple[Degree, ...]:
        """By which entities of the type that is said, or of any, belong to a named one."""
        every = (one for one in self._settings.degrees if one.to == slot.entity)
        return tuple(one for one in every if said in ("", one.of))

    def ways(self, slot: SlotValue, said: str) -> tuple[Way, ...]:
        """All by which something comes along with a named entity."""
        relations, degrees = self.relations(slot, said), self.degrees(slot, said)
        return (*relations, *degrees)

    def graded(self, slot: SlotValue, wanted: str) -> list[Grade]:
        """Documents of the wanted type that belong to a named entity to a degree: members, and what members have that
        does not say to what it belongs.
        """
        found: list[Grade] = []
        for degree in self.degrees(slot, wanted) if wanted else ():
            found += self.brought(degree, self.keys(slot, degree))
        for degree, through, by in self._lackers(slot, wanted):
            belonging = self._members(degree, self.keys(slot, degree))
            found += grades(belonging, through.field, [lacking(by.field)])
        return found

    def concerns(self, slot: SlotValue, document: Values) -> bool:
        """Whether a document is what a name speaks of, or belongs to it."""
        types = document.get(self._settings.type_field, ())
        if slot.entity in types and self._has(document, self._settings.name_fields(slot.entity), slot.spellings):
            return True
        related = (one for one in self.relations(slot, "") if one.brings in types)
        if any(self._has(document, (one.field,), self.keys(slot, one)) for one in related):
            return True
        return any(self._belongs(degree, document.get(field, ()), slot) for degree, field in self._told(slot, document))

    def is_of(self, document: Values, wanted: str) -> bool:
        """Whether a document is of a type; of none in particular every one is."""
        return not wanted or wanted in document.get(self._settings.type_field, ())

    def _members(self, degree: Degree, keys: Sequence[str]) -> list[Belonging]:
        """A list takes half a millisecond to make, and several readings of a query ask for the same."""
        asked = degree.name, tuple(keys)
        if (known := self._kept.get(asked)) is None:
            known = self._kept[asked] = self._memberships.members(degree, keys)
            if len(self._kept) > KEPT_LISTS:
                self._kept.pop(next(iter(self._kept)))
        return known

    def _lackers(self, slot: SlotValue, type: object) -> Iterator[tuple[Degree, Relation, Relation]]:
        for degree in self.degrees(slot, ""):
            through, by = self._memberships.told[degree.name]
            if by.brings == type:
                yield degree, through, by

    def _told(self, slot: SlotValue, document: Values) -> Iterator[tuple[Degree, str]]:
        """By which degrees a document may belong to a named entity, and the field that holds its member's key."""
        for type in document.get(self._settings.type_field, ()):
            for degree in self.degrees(slot, str(type)):
                yield degree, self._settings.key(self._memberships.told[degree.name].through)
            for degree, through, by in self._lackers(slot, type):
                if not document.get(by.field):
                    yield degree, through.field

    def _belongs(self, degree: Degree, members: Sequence[object], slot: SlotValue) -> bool:
        groups = self.keys(slot, degree)
        return any(self._memberships.degree(degree, str(key), groups) >= LEAST_DEGREE for key in members)

    @staticmethod
    def _has(document: Values, fields: Sequence[str], values: Sequence[str]) -> bool:
        return any(value in values for field in fields for value in document.get(field, ()))
