"""Slot knowledge: the index's own values, counted, become the gazetteer that recognises them in queries.

Keyword values are paged; of number and date fields the way their values lie is read, of boolean fields how many
documents say yes, of entities their names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from types import MappingProxyType

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from ltrr_opensearch.errors import ClusterError
from ltrr_opensearch.index.composite import buckets_of
from ltrr_opensearch.index.distributions import kinds_of, read_distribution, said_yes
from ltrr_opensearch.index.entity_names import read_names
from ltrr_opensearch.index.members import read_members, with_interest
from ltrr_opensearch.index.mentions import count_mentions, sample_documents
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.members import Pair, with_clicks
from ltrr_opensearch.lookup import key_of
from ltrr_opensearch.slot_settings import SlotField
from ltrr_opensearch.synonyms import read_synonyms

MAX_FIELD_VALUES = 500_000
"""A field with more values than this is an identifier, not a slot; the rest of it is left out."""

Rows = list[tuple[str, str, int]]


def build_gazetteer(
    client: OpenSearch, index: str, settings: IndexSettings, clicks: Mapping[Pair, float] = MappingProxyType({})
) -> Gazetteer:
    """A slot field is a keyword (or a text's keyword subfield, `brand.keyword`), a number, a boolean or a date.

    `clicks`: what people did, as further documents of entities that belong to others to a degree.
    """
    try:
        documents = client.count(index=index)["count"]
    except OpenSearchException as e:
        raise ClusterError(f"cannot count the documents of {index!r}: {e}") from e
    kinds = kinds_of(client, index, settings)
    rows = [row for field in settings.slot_fields for row in _rows(client, index, field, kinds[field.field])]
    numbers = {
        name: read_distribution(client, index, name) for name, kind in kinds.items() if kind in ("number", "date")
    }
    told = {name: kind for name, kind in kinds.items() if kind != "keyword"}
    synonyms, names = read_synonyms(settings.synonyms), read_names(client, index, settings)
    entities = settings.entities
    members = list(with_clicks(with_interest(read_members(client, index, settings)), clicks))
    counted = Gazetteer.from_values(rows, documents, None, told, numbers, synonyms, entities, names)
    if not len(counted.values):
        return counted
    mentions = count_mentions(counted, sample_documents(client, index, settings), settings)
    return Gazetteer.from_values(rows, documents, mentions, told, numbers, synonyms, entities, names, members)


def _rows(client: OpenSearch, index: str, field: SlotField, kind: str) -> Rows:
    if kind == "keyword":
        return list(islice(_values(client, index, field.field), MAX_FIELD_VALUES))
    if kind == "boolean":
        return boolean_rows(field, said_yes(client, index, field.field))
    return []


def boolean_rows(field: SlotField, documents: int) -> Rows:
    """A boolean field under each of its names, as if the names were its values."""
    names = {key_of(name): name for name in field.called}
    return [(field.field, name, documents) for name in names.values() if documents]


def _values(client: OpenSearch, index: str, field: str) -> Iterator[tuple[str, str, int]]:
    for bucket in buckets_of(client, index, field, f"slot field {field!r}"):
        if isinstance(value := bucket["key"]["value"], str):
            yield field, value, bucket["doc_count"]
