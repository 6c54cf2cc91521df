"""What the cluster tells of slot fields that hold no words: their kinds, how numbers and dates lie, who says yes."""

from __future__ import annotations

from collections.abc import Set

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from ltrr_opensearch.errors import ClusterError
from ltrr_opensearch.index.fields import BOOLEANS, DATES, NUMERIC, flatten
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.distribution import PERCENTS, Distribution
from ltrr_opensearch.types import Json

MOST_COMMON = 500
"""Values of a number field that are counted each: memory comes in sizes, screens in a few diagonals."""


def kinds_of(client: OpenSearch, index: str, settings: IndexSettings) -> dict[str, str]:
    """Slot field -> keyword, number, boolean or date: as configured, else as it is mapped."""
    if not settings.slot_fields:
        return {}
    try:
        bodies = client.indices.get_mapping(index=index)
    except OpenSearchException as e:
        raise ClusterError(f"cannot read how the slot fields of {index!r} are mapped: {e}") from e
    mapped = [flatten(body["mappings"]) for body in bodies.values()]
    return {f.field: f.kind or _kind({m[f.field].type for m in mapped if f.field in m}) for f in settings.slot_fields}


def _kind(types: Set[str]) -> str:
    if types & NUMERIC:
        return "number"
    if types & DATES:
        return "date"
    return "boolean" if types & BOOLEANS else "keyword"


def read_distribution(client: OpenSearch, index: str, field: str) -> Distribution:
    aggregations: Json = {
        "documents": {"value_count": {"field": field}},
        "quantiles": {"percentiles": {"field": field, "percents": list(PERCENTS), "keyed": False}},
        "common": {"terms": {"field": field, "size": MOST_COMMON}},
    }
    found = _ask(client, index, field, aggregations)
    values = [row["value"] for row in found["quantiles"]["values"]]
    quantiles = tuple(float(v) for v in values) if all(_is_number(v) for v in values) else ()
    common = {float(bucket["key"]): int(bucket["doc_count"]) for bucket in found["common"]["buckets"]}
    return Distribution.of(int(found["documents"]["value"]), quantiles, common)


def said_yes(client: OpenSearch, index: str, field: str) -> int:
    """Documents whose boolean is true."""
    found = _ask(client, index, field, {"yes": {"filter": {"term": {field: True}}}})
    return int(found["yes"]["doc_count"])


def _ask(client: OpenSearch, index: str, field: str, aggregations: Json) -> Json:
    try:
        body = {"size": 0, "track_total_hits": False, "aggs": aggregations}
        answer: Json = client.search(index=index, body=body)["aggregations"]
    except OpenSearchException as e:
        raise ClusterError(f"cannot read the values of slot field {field!r} of {index!r}: {e}") from e
    return answer


def _is_number(value: object) -> bool:
    """Percentiles of a field without values come as null or "NaN"."""
    return isinstance(value, int | float) and value == value  # noqa: PLR0124
