"""The fields of a mapping as a flat table, and whether a configuration fits them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from ltrr_opensearch.entity_settings import EntitySettings
from ltrr_opensearch.index_settings import IndexSettings

NUMERIC = frozenset(
    {"long", "integer", "short", "byte", "double", "float", "half_float", "scaled_float", "unsigned_long"}
)
INTEGERS = frozenset({"long", "integer", "short", "byte", "unsigned_long"})
DATES = frozenset({"date", "date_nanos"})
KEYWORDS = frozenset({"keyword", "constant_keyword", "wildcard"})
TEXTS = frozenset({"text", "match_only_text", "search_as_you_type"})
BOOLEANS = frozenset({"boolean"})
_SLOTS: Mapping[str | None, tuple[frozenset[str], str]] = {
    "keyword": (KEYWORDS, "keyword"),
    "number": (NUMERIC, "a number"),
    "boolean": (BOOLEANS, "boolean"),
    "date": (DATES, "date"),
    None: (KEYWORDS | NUMERIC | BOOLEANS | DATES, "keyword, a number, boolean or date"),
}
"""What a slot field of each kind must be mapped as; None is what the mapping decides."""


@dataclass(frozen=True, slots=True)
class Field:
    """`source` is where `_source` has the value: a multi-field `title.raw` is read from `title`."""

    path: str
    type: str
    source: str
    nested: bool
    body: Mapping[str, Any]


def flatten(mapping: Mapping[str, Any]) -> dict[str, Field]:
    """All leaf fields and multi-fields of `{"properties": ...}` by path, aliases resolved to what they point at."""
    found = {f.path: f for f in _walk(mapping.get("properties", {}), "", nested=False)}
    for path, alias in list(found.items()):
        if alias.type == "alias":
            target = found.get(str(alias.body.get("path")))
            if target is None:
                del found[path]
            else:
                found[path] = Field(path, target.type, target.source, target.nested, target.body)
    return found


def _walk(properties: Mapping[str, Any], prefix: str, *, nested: bool) -> Iterator[Field]:
    for name, body in properties.items():
        path = f"{prefix}{name}"
        if "properties" in body:
            yield from _walk(body["properties"], f"{path}.", nested=nested or body.get("type") == "nested")
        elif body.get("type") not in (None, "object", "nested"):
            yield Field(path, body["type"], path, nested, body)
            for sub, sub_body in body.get("fields", {}).items():
                yield Field(f"{path}.{sub}", sub_body["type"], path, nested, sub_body)


def misfits(key: str, settings: IndexSettings, fields: Mapping[str, Field]) -> list[str]:
    """What the configuration of an index says that its mapping contradicts; each with what to do."""
    wanted: list[tuple[str, str, frozenset[str] | None, str]] = [
        *((f, "text_fields", TEXTS | KEYWORDS, "text") for f in settings.text_fields),
        *((f.field, "slot_fields", *_SLOTS[f.kind]) for f in settings.slot_fields),
        *((f, "vector.source_fields", None, "") for f in (settings.vector.source_fields if settings.vector else ())),
        *((f, "sparse.source_fields", None, "") for f in (settings.sparse.source_fields if settings.sparse else ())),
    ]
    wanted += _of_entities(settings.entities) if settings.entities else ()
    if settings.popularity:
        kinds = NUMERIC | {"rank_feature"}
        wanted.append((settings.popularity.field, "popularity.field", kinds, "a number"))
    if settings.date_field:
        wanted.append((settings.date_field, "date_field", DATES, "date"))
    if settings.object_id_field not in (None, "_id"):
        wanted.append((str(settings.object_id_field), "object_id_field", KEYWORDS | INTEGERS, "keyword"))
    if settings.id_field:
        wanted.append((settings.id_field, "id_field", KEYWORDS, "keyword"))
    said = (_misfit(key, *want, fields) for want in wanted)
    return [s for s in said if s]


def _of_entities(entities: EntitySettings) -> Iterator[tuple[str, str, frozenset[str] | None, str]]:
    yield entities.type_field, "entities.type_field", KEYWORDS, "keyword"
    for type in entities.types:
        yield from (
            (field, f"entities.types {type.type}.name_fields", KEYWORDS, "keyword") for field in type.name_fields
        )
    for relation in entities.relations:
        for field, option in ((entities.key(relation), "key"), (relation.field, "field")):
            yield field, f"entities.relations {relation.name}.{option}", KEYWORDS, "keyword"


def _misfit(
    key: str, path: str, option: str, kinds: frozenset[str] | None, word: str, fields: Mapping[str, Field]
) -> str | None:
    field = fields.get(path)
    where = f"indexes.{key}.{option}: {path}"
    if field is None:
        near = get_close_matches(path, [f.path for f in fields.values() if _is(f, kinds) and not f.nested])
        return f"{where} is not in the mapping; " + (f"did you mean {', '.join(near)}?" if near else "remove it")
    if not _is(field, kinds):
        under = sorted(f.path for f in fields.values() if f.source == field.source and _is(f, kinds))
        return f"{where} is mapped as {field.type}, needed is {word}; " + (
            f"use {', '.join(under)}" if under else "remove it, or map it so and reindex"
        )
    if field.nested:
        return f"{where} lies inside a nested object, which the plans do not search; copy it to the document itself"
    return None


def _is(field: Field, kinds: frozenset[str] | None) -> bool:
    """Whether a field is of one of the kinds; None takes any."""
    return kinds is None or field.type in kinds
