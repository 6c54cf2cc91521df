"""Names of an index's entities, counted page by page: how many documents bear each, how popular these are, and the keys
that what belongs to them repeats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from heapq import nlargest

from opensearchpy import OpenSearch

from ltrr_opensearch.entity_settings import EntitySettings, EntityType
from ltrr_opensearch.index.composite import buckets_of
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.entity_names import EntityName
from ltrr_opensearch.types import Json

MAX_TYPE_NAMES = 500_000
"""Names kept of one field of a type, the popular ones first."""
MOST_KEYS = 50
"""Keys kept of a name, the frequent ones first: so many entities of one name can have things that belong to them."""


def read_names(client: OpenSearch, index: str, settings: IndexSettings) -> list[EntityName]:
    entities = settings.entities
    if entities is None:
        return []
    popularity = settings.popularity.field if settings.popularity else None
    fields = ((type, field) for type in entities.types for field in type.name_fields)
    read = (_read(client, index, entities, type, field, popularity) for type, field in fields)
    return [name for of in read for name in _with_interest(of)]


def _with_interest(read: Iterable[EntityName]) -> list[EntityName]:
    """Of names whose interest is still their popularity: documents count by it, in units of the average document."""
    documents, popularity = 0, 0.0

    def counted() -> Iterator[EntityName]:
        nonlocal documents, popularity
        for one in read:
            documents += one.documents
            popularity += one.interest
            yield one

    kept = nlargest(MAX_TYPE_NAMES, counted(), key=lambda one: (one.interest, one.documents))
    average = popularity / max(documents, 1) or 1.0
    return [replace(one, interest=one.documents + one.interest / average) for one in kept]


def _read(
    client: OpenSearch, index: str, entities: EntitySettings, type: EntityType, field: str, popularity: str | None
) -> Iterator[EntityName]:
    """The names that a field of a type holds, with the sum of their documents' popularity as interest."""
    keys = _key_fields(entities, type.type)
    further: Json = {f"key {n}": {"terms": {"field": name, "size": MOST_KEYS}} for n, name in enumerate(keys)}
    if popularity:
        further["popularity"] = {"sum": {"field": popularity}}
    of_type: Json = {"term": {entities.type_field: type.type}}
    for bucket in buckets_of(client, index, field, f"name field {field!r} of type {type.type}", of_type, further):
        popular = max(float(bucket.get("popularity", {}).get("value") or 0.0), 0.0)
        name, documents = str(bucket["key"]["value"]), int(bucket["doc_count"])
        yield EntityName(type.type, name, documents, popular, type.short, _keys(bucket, keys))


def _key_fields(entities: EntitySettings, type: str) -> tuple[str, ...]:
    """The fields by which what belongs to entities of a type is found, where the name itself does not tell."""
    relations = (one for one in entities.relations if one.of == type and not entities.by_name(one))
    return tuple(dict.fromkeys(entities.key(one) for one in relations))


def _keys(bucket: Json, fields: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    return {field: tuple(str(b["key"]) for b in bucket[f"key {n}"]["buckets"]) for n, field in enumerate(fields)}
