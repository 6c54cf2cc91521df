"""What one document adds to what is counted of its index: its values, the names it bears, and to what it belongs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ltrr_opensearch.entity_settings import EntitySettings
from ltrr_opensearch.index.entity_names import key_fields
from ltrr_opensearch.index.mentions import Fields
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.counted import Counted
from ltrr_opensearch.knowledge.entity_names import EntityName
from ltrr_opensearch.knowledge.members import Member
from ltrr_opensearch.slot_settings import SlotField


def counted_in(document: Fields, settings: IndexSettings, kinds: Mapping[str, str]) -> Counted:
    """`kinds`: of slot fields. How numbers lie one document does not tell."""
    slots = (slot for field in settings.slot_fields for slot in _values(document, field, kinds[field.field]))
    popularity = _popularity(document, settings)
    entities = settings.entities
    names = dict(_names(document, entities, popularity)) if entities else {}
    members = {(one.degree, one.key): one for one in _members(document, entities, popularity)} if entities else {}
    return Counted(1, dict.fromkeys(slots, 1), names=names, members=members)


def _values(document: Fields, field: SlotField, kind: str) -> Iterator[tuple[str, str]]:
    if kind == "keyword":
        yield from ((field.field, value) for value in _texts(document, field.field))
    elif kind == "boolean" and True in document.get(field.field, ()):
        yield from ((field.field, name) for name in field.distinctly_called)


def _names(
    document: Fields, entities: EntitySettings, popularity: float
) -> Iterator[tuple[tuple[str, str, str], EntityName]]:
    for type in _types(document, entities):
        if (declared := entities.of(type)) is None:
            continue
        keys = {field: _texts(document, field) for field in key_fields(entities, type)}
        for field in declared.name_fields:
            for name in _texts(document, field):
                yield (type, field, name), EntityName(type, name, 1, popularity, declared.short, keys)


def _members(document: Fields, entities: EntitySettings, popularity: float) -> Iterator[Member]:
    types = _types(document, entities)
    for degree in entities.degrees:
        through, by = entities.told_by(degree)
        groups = dict.fromkeys(_texts(document, by.field), 1.0)
        if groups and by.brings in types:
            yield from (Member(degree.name, key, 1.0, groups, popularity) for key in _texts(document, through.field))


def _types(document: Fields, entities: EntitySettings) -> tuple[str, ...]:
    return _texts(document, entities.type_field)


def _popularity(document: Fields, settings: IndexSettings) -> float:
    values = document.get(settings.popularity.field, ()) if settings.popularity else ()
    return sum(max(float(value), 0.0) for value in values if isinstance(value, int | float))


def _texts(document: Fields, field: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in document.get(field, ()) if isinstance(value, str)))
