"""Slot knowledge: the index's own values, counted, become the gazetteer that recognises them in queries.

Keyword values are paged; of number and date fields the way their values lie is read, of boolean fields how many
documents say yes, of entities their names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from types import MappingProxyType

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from ltrr_opensearch.errors import ClusterError
from ltrr_opensearch.index.composite import buckets_of
from ltrr_opensearch.index.distributions import kinds_of, read_distribution, said_yes
from ltrr_opensearch.index.entity_names import named_with_interest, read_names
from ltrr_opensearch.index.members import read_members, with_interest
from ltrr_opensearch.index.mentions import count_mentions, sample_documents
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.counted import Counted
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.members import Pair, with_clicks
from ltrr_opensearch.slot_settings import SlotField
from ltrr_opensearch.synonyms import read_synonyms

MAX_FIELD_VALUES = 500_000
"""A field with more values than this is an identifier, not a slot; the rest of it is left out."""

Rows = list[tuple[str, str, int]]
NOTHING: Mapping[Pair, float] = MappingProxyType({})


def build_gazetteer(
    client: OpenSearch, index: str, settings: IndexSettings, clicks: Mapping[Pair, float] = NOTHING
) -> Gazetteer:
    """A slot field is a keyword (or a text's keyword subfield, `brand.keyword`), a number, a boolean or a date."""
    try:
        documents = int(client.count(index=index)["count"])
    except OpenSearchException as e:
        raise ClusterError(f"cannot count the documents of {index!r}: {e}") from e
    return gazetteer_of(count_whole(client, index, settings, documents), documents, settings, clicks)


def count_whole(client: OpenSearch, index: str, settings: IndexSettings, documents: int) -> Counted:
    """Everything is read; `documents` of the index."""
    kinds = kinds_of(client, index, settings)
    rows = (row for field in settings.slot_fields for row in _rows(client, index, field, kinds[field.field]))
    values = {(field, value): count for field, value, count in rows}
    numbers = {
        name: read_distribution(client, index, name) for name, kind in kinds.items() if kind in ("number", "date")
    }
    members = {(one.degree, one.key): one for one in read_members(client, index, settings)}
    counted = Counted(documents, values, kinds, numbers, read_names(client, index, settings), members)
    known = gazetteer_of(counted, documents, settings)
    if not len(known.values):
        return counted
    return replace(counted, mentions=count_mentions(known, sample_documents(client, index, settings), settings))


def gazetteer_of(
    counted: Counted, documents: int, settings: IndexSettings, clicks: Mapping[Pair, float] = NOTHING
) -> Gazetteer:
    """`documents`: of the index now. `clicks`: what people did, as further documents of members of groups."""
    return Gazetteer.from_values(
        [(*slot, count) for slot, count in counted.values.items()],
        documents,
        counted.mentions,
        {name: kind for name, kind in counted.kinds.items() if kind != "keyword"},
        counted.numbers,
        read_synonyms(settings.synonyms),
        settings.entities,
        named_with_interest(counted.names),
        list(with_clicks(with_interest(counted.members.values()), clicks)),
    )


def _rows(client: OpenSearch, index: str, field: SlotField, kind: str) -> Rows:
    if kind == "keyword":
        return list(islice(_values(client, index, field.field), MAX_FIELD_VALUES))
    if kind == "boolean":
        return boolean_rows(field, said_yes(client, index, field.field))
    return []


def boolean_rows(field: SlotField, documents: int) -> Rows:
    """A boolean field under each of its names, as if the names were its values."""
    return [(field.field, name, documents) for name in field.distinctly_called if documents]


def _values(client: OpenSearch, index: str, field: str) -> Iterator[tuple[str, str, int]]:
    for bucket in buckets_of(client, index, field, f"slot field {field!r}"):
        if isinstance(value := bucket["key"]["value"], str):
            yield field, value, bucket["doc_count"]
