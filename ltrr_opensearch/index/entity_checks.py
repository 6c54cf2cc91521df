"""Whether documents are as an index's entities are declared: each type is there, is named, and relations lead on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from opensearchpy import OpenSearch

from ltrr_opensearch.entity_settings import EntitySettings
from ltrr_opensearch.relation_settings import Relation
from ltrr_opensearch.types import Json

MOST_TYPES = 100
"""Values of the type field that are looked at for what a mistaken one may have meant."""


def entities_said(client: OpenSearch, key: str, entities: EntitySettings) -> tuple[str, list[tuple[str, str]]]:
    """What is there, and of what is not: (what was found, what to do)."""
    body = {"size": 0, "track_total_hits": False, "aggs": _aggregations(entities)}
    found: Json = client.search(index=key, body=body)["aggregations"]
    there = {str(bucket["key"]): int(bucket["doc_count"]) for bucket in found["types"]["buckets"]}
    by_type: dict[str, Json] = {one.type: found[f"type {n}"] for n, one in enumerate(entities.types)}
    counts = {type: int(of["doc_count"]) for type, of in by_type.items()}
    said = ", ".join(f"{count} {type}" for type, count in counts.items())
    return said, [*_types(entities, there, by_type), *_relations(entities, by_type), *_degrees(entities, by_type)]


def _aggregations(entities: EntitySettings) -> Json:
    """Documents of each type, of these the named ones, and those that each relation can bring.

    By number: a type or a field may hold what a name of an aggregation must not, like ">".
    """
    field = entities.type_field
    asked: Json = {"types": {"terms": {"field": field, "size": MOST_TYPES}}}
    for n, one in enumerate(entities.types):
        named = [{"exists": {"field": name}} for name in one.name_fields]
        further = {"named": {"filter": {"bool": {"should": named, "minimum_should_match": 1}}}}
        leads = [(name, field) for name, _, _, type, field in _leads(entities) if type == one.type]
        further |= {name: {"filter": {"exists": {"field": field}}} for name, field in leads}
        further |= {name: {"filter": {"bool": {"filter": both}}} for name, both in _telling(entities, one.type)}
        asked[f"type {n}"] = {"filter": {"term": {field: one.type}}, "aggs": further}
    return asked


def _leads(entities: EntitySettings) -> list[tuple[str, Relation, str, str, str]]:
    """By name of an aggregation, what a relation needs: (name, relation, role, type, the field that it has)."""
    return [
        (f"{role} {n}", one, role, type, field)
        for n, one in enumerate(entities.relations)
        for role, type, field in (("key", one.of, entities.key(one)), ("field", one.brings, one.field))
    ]


def _telling(entities: EntitySettings, type: str) -> list[tuple[str, list[Json]]]:
    """By name of an aggregation, what documents of a type need to tell of a degree."""
    told = ((n, *entities.told_by(degree)) for n, degree in enumerate(entities.degrees))
    return [
        (f"degree {n}", [{"exists": {"field": one.field}} for one in (through, by)])
        for n, through, by in told
        if by.brings == type
    ]


def _degrees(entities: EntitySettings, found: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    for n, degree in enumerate(entities.degrees):
        through, by = entities.told_by(degree)
        if found[by.brings]["doc_count"] and not found[by.brings][f"degree {n}"]["doc_count"]:
            said = f"degree {degree.name}: no {by.brings} has both {through.field} and {by.field}"
            yield said, "correct its `through` and `by`, or take it out"


def _types(entities: EntitySettings, there: Mapping[str, int], found: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    for one in entities.types:
        of_type = found[one.type]
        if not of_type["doc_count"]:
            near = get_close_matches(one.type, there) or sorted(there, key=lambda type: -there[type])[:5]
            fix = f"correct entities.types; {entities.type_field} holds {', '.join(near) or 'nothing'}"
            yield f"no document has {entities.type_field} {one.type}", fix
        elif not of_type["named"]["doc_count"]:
            yield f"no {one.type} has a name in {', '.join(one.name_fields)}", "correct its name_fields"


def _relations(entities: EntitySettings, found: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    for name, one, role, type, field in _leads(entities):
        if found[type]["doc_count"] and not found[type][name]["doc_count"]:
            yield f"relation {one.name}: no {type} has {field}", f"correct its `{role}`, or take it out"
