"""Names of an index's entities, counted page by page: how many documents bear each, how popular these are, and the keys
that what belongs to them repeats.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from heapq import nlargest

from opensearchpy import OpenSearch

from ltrr_opensearch.entity_settings import EntitySettings, EntityType
from ltrr_opensearch.index.composite import buckets_of
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.counted import NameSlot
from ltrr_opensearch.knowledge.entity_names import EntityName
from ltrr_opensearch.types import Json

MAX_TYPE_NAMES = 500_000
"""Names kept of one field of a type, the popular ones first."""
MOST_KEYS = 50
"""Keys kept of a name, the frequent ones first: so many entities of one name can have things that belong to them."""


def read_names(client: OpenSearch, index: str, settings: IndexSettings) -> dict[NameSlot, EntityName]:
    """The popular ones of each name field of a type; the interest of each is the popularity of its documents."""
    entities = settings.entities
    popularity = settings.popularity.field if settings.popularity else None
    found: dict[NameSlot, EntityName] = {}
    for type in entities.types if entities else ():
        assert entities is not None
        for field in type.name_fields:
            read = _read(client, index, entities, type, field, popularity)
            kept = nlargest(MAX_TYPE_NAMES, read, key=lambda one: (one.interest, one.documents))
            found |= {(type.type, field, one.name): one for one in kept}
    return found


def named_with_interest(names: Mapping[NameSlot, EntityName]) -> list[EntityName]:
    """Documents count by their popularity, in units of the average document of their type and field."""
    documents: Counter[tuple[str, str]] = Counter()
    popularity: defaultdict[tuple[str, str], float] = defaultdict(float)
    for (type, field, _), one in names.items():
        documents[type, field] += one.documents
        popularity[type, field] += one.interest
    average = {of: popularity[of] / max(count, 1) or 1.0 for of, count in documents.items()}
    return [
        replace(one, interest=one.documents + one.interest / average[type, field])
        for (type, field, _), one in names.items()
    ]


def _read(
    client: OpenSearch, index: str, entities: EntitySettings, type: EntityType, field: str, popularity: str | None
) -> Iterator[EntityName]:
    """The names that a field of a type holds, with the sum of their documents' popularity as interest."""
    keys = key_fields(entities, type.type)
    further: Json = {f"key {n}": {"terms": {"field": name, "size": MOST_KEYS}} for n, name in enumerate(keys)}
    if popularity:
        further["popularity"] = {"sum": {"field": popularity}}
    of_type: Json = {"term": {entities.type_field: type.type}}
    for bucket in buckets_of(client, index, field, f"name field {field!r} of type {type.type}", of_type, further):
        popular = max(float(bucket.get("popularity", {}).get("value") or 0.0), 0.0)
        name, documents = str(bucket["key"]["value"]), int(bucket["doc_count"])
        yield EntityName(type.type, name, documents, popular, type.short, _keys(bucket, keys))


def key_fields(entities: EntitySettings, type: str) -> tuple[str, ...]:
    """The fields by which what belongs to entities of a type is found, where the name itself does not tell."""
    relations = (one for one in entities.relations if one.of == type and not entities.by_name(one))
    return tuple(dict.fromkeys(entities.key(one) for one in relations))


def _keys(bucket: Json, fields: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    return {field: tuple(str(b["key"]) for b in bucket[f"key {n}"]["buckets"]) for n, field in enumerate(fields)}
