"""The values of a field, page by page through composite aggregations, so that any number of them can be read."""

from __future__ import annotations

from collections.abc import Iterator

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from ltrr_opensearch.errors import ClusterError, DataError
from ltrr_opensearch.types import Json

PAGE = 5000


def buckets_of(
    client: OpenSearch, index: str, field: str, what: str, query: Json | None = None, further: Json | None = None
) -> Iterator[Json]:
    """A bucket each, its value under `key.value`. `what` names the field in errors, `further` are sub-aggregations."""
    after: Json | None = None
    while True:
        page = _page(client, index, field, what, query, further, after)
        yield from page["buckets"]
        after = page.get("after_key")
        if after is None or not page["buckets"]:
            return


def _page(
    client: OpenSearch, index: str, field: str, what: str, query: Json | None, further: Json | None, after: Json | None
) -> Json:
    composite: Json = {"size": PAGE, "sources": [{"value": {"terms": {"field": field}}}]}
    if after is not None:
        composite["after"] = after
    values: Json = {"composite": composite, **({"aggs": further} if further else {})}
    body: Json = {"size": 0, "track_total_hits": False, "aggs": {"values": values}}
    if query is not None:
        body["query"] = query
    try:
        answer = client.search(index=index, body=body)
    except OpenSearchException as e:
        if "text fields" in str(e).lower():
            raise DataError(f"{what} of {index!r} is analysed text; name its keyword subfield") from e
        raise ClusterError(f"cannot read the values of {what} of {index!r}: {e}") from e
    page: Json = answer["aggregations"]["values"]
    return page
