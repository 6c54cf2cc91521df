"""Whether documents are as an index's entities are declared: each type is there, is named, and relations lead on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from opensearchpy import OpenSearch

from ltrr_opensearch.entity_settings import EntitySettings
from ltrr_opensearch.types import Json

MOST_TYPES = 100
"""Values of the type field that are looked at for what a mistaken one may have meant."""


def entities_said(client: OpenSearch, key: str, entities: EntitySettings) -> tuple[str, list[tuple[str, str]]]:
    """What is there, and of what is not: (what was found, what to do)."""
    body = {"size": 0, "track_total_hits": False, "aggs": _aggregations(entities)}
    found: Json = client.search(index=key, body=body)["aggregations"]
    there = {str(bucket["key"]): int(bucket["doc_count"]) for bucket in found["types"]["buckets"]}
    counts = {one.type: int(found[f"type {one.type}"]["doc_count"]) for one in entities.types}
    said = ", ".join(f"{count} {type}" for type, count in counts.items())
    return said, [*_types(entities, counts, there, found), *_relations(entities, counts, found)]


def _aggregations(entities: EntitySettings) -> Json:
    """Documents of each type, of these the named ones, and those that each relation can bring."""
    field = entities.type_field
    asked: Json = {"types": {"terms": {"field": field, "size": MOST_TYPES}}}
    for one in entities.types:
        named = [{"exists": {"field": name}} for name in one.name_fields]
        further = {"named": {"filter": {"bool": {"should": named, "minimum_should_match": 1}}}}
        further |= {f"key {key}": {"filter": {"exists": {"field": key}}} for key in _keys(entities, one.type)}
        further |= {f"in {name}": {"filter": {"exists": {"field": name}}} for name in _brought(entities, one.type)}
        asked[f"type {one.type}"] = {"filter": {"term": {field: one.type}}, "aggs": further}
    return asked


def _keys(entities: EntitySettings, type: str) -> list[str]:
    return [entities.key(one) for one in entities.relations if one.of == type]


def _brought(entities: EntitySettings, type: str) -> list[str]:
    return [one.field for one in entities.relations if one.brings == type]


def _types(
    entities: EntitySettings, counts: Mapping[str, int], there: Mapping[str, int], found: Json
) -> Iterator[tuple[str, str]]:
    for one in entities.types:
        if not counts[one.type]:
            near = get_close_matches(one.type, there) or sorted(there, key=lambda type: -there[type])[:5]
            fix = f"correct entities.types; {entities.type_field} holds {', '.join(near) or 'nothing'}"
            yield f"no document has {entities.type_field} {one.type}", fix
        elif not found[f"type {one.type}"]["named"]["doc_count"]:
            yield f"no {one.type} has a name in {', '.join(one.name_fields)}", "correct its name_fields"


def _relations(entities: EntitySettings, counts: Mapping[str, int], found: Json) -> Iterator[tuple[str, str]]:
    for one in entities.relations:
        for role, type, field, part in (
            ("key", one.of, entities.key(one), "key"),
            ("field", one.brings, one.field, "in"),
        ):
            if counts[type] and not found[f"type {type}"][f"{part} {field}"]["doc_count"]:
                yield f"relation {one.name}: no {type} has {field}", f"correct its `{role}`, or take it out"
