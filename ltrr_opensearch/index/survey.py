"""The reads behind `--discover`: mapping, a sample of documents, counts of distinct values. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opensearchpy import NotFoundError, OpenSearch

from ltrr_opensearch.errors import Conflict, DataError
from ltrr_opensearch.index.discover import Proposal, countable, numeric_candidates, propose, see
from ltrr_opensearch.index.fields import Field, flatten
from ltrr_opensearch.index.sample import drawn
from ltrr_opensearch.types import Json

_FIELDS_A_REQUEST = 50


def survey(client: OpenSearch, index: str, sample_size: int) -> Proposal:
    """`index` may be a name, an alias or a pattern; several indexes must agree on the type of a field."""
    fields = _fields(client, index)
    sample = _sample(client, index, sample_size, fields)
    seen = see(fields, sample)
    distinct = _each(client, index, countable(fields, seen), lambda f: {"cardinality": {"field": f}}, _value)
    medians = _each(client, index, numeric_candidates(fields), _median_aggregation, _median)
    counted = {path: int(n) for path, n in distinct.items()}
    return propose(fields, seen, counted, medians, len(sample))


def _fields(client: OpenSearch, index: str) -> dict[str, Field]:
    try:
        mappings = client.indices.get_mapping(index=index)
    except NotFoundError as error:
        raise DataError(
            f"there is no index, alias or data stream {index}; GET /_cat/indices lists what there is"
        ) from error
    if not mappings:
        raise DataError(f"no index matches {index}; GET /_cat/indices lists what there is")
    merged: dict[str, Field] = {}
    for name, body in sorted(mappings.items()):
        for path, field in flatten(body["mappings"]).items():
            if merged.setdefault(path, field).type != field.type:
                raise Conflict(
                    f"the indexes behind {index} disagree: {path} is {merged[path].type} in one and {field.type} in "
                    f"{name}; configure them one by one, or reindex"
                )
    return merged


def _sample(client: OpenSearch, index: str, size: int, fields: Mapping[str, Field]) -> list[Mapping[str, Any]]:
    """Documents drawn at random, always the same ones; without their vectors."""
    vectors = [f.path for f in fields.values() if f.type == "knn_vector"]
    hits = drawn(client, index, {"_source": {"excludes": vectors}}, size)
    return [hit.get("_source", {}) for hit in hits]


def _each(client: OpenSearch, index: str, paths: Sequence[str], aggregation: Any, read: Any) -> dict[str, float]:
    """One aggregation a field, some dozens in a request."""
    values: dict[str, float] = {}
    for start in range(0, len(paths), _FIELDS_A_REQUEST):
        part = paths[start : start + _FIELDS_A_REQUEST]
        aggs = {str(n): aggregation(path) for n, path in enumerate(part)}
        answer = client.search(index=index, body={"size": 0, "track_total_hits": False, "aggs": aggs})
        values |= {path: float(read(answer["aggregations"][str(n)]) or 0) for n, path in enumerate(part)}
    return values


def _value(answer: Json) -> float | None:
    value: float | None = answer["value"]
    return value


def _median_aggregation(path: str) -> Json:
    return {"percentiles": {"field": path, "percents": [50]}}


def _median(answer: Json) -> float | None:
    value: float | None = answer["values"]["50.0"]
    return value
