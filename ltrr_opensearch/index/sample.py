"""Documents drawn at random from an index: the same ones, in the same order, as long as it does not change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import OpenSearchException

from ltrr_opensearch.errors import ClusterError
from ltrr_opensearch.types import Json

SAMPLE = 10_000
"""Most documents that are drawn: what one result window holds by default."""
PAGE = 500


def drawn(client: OpenSearch, index: str, read: Mapping[str, Any], most: int = SAMPLE) -> Iterator[Json]:
    """Hits of at most so many. `read` says what of them: `_source`, `fields`, ..."""
    chance = {"function_score": {"random_score": {"seed": 0, "field": "_seq_no"}}}
    body: Json = {"query": chance, "track_total_hits": False, **read}
    for offset in range(0, most := min(most, SAMPLE), PAGE):
        size = min(PAGE, most - offset)
        try:
            hits = client.search(index=index, body={**body, "size": size, "from": offset})["hits"]["hits"]
        except OpenSearchException as e:
            raise ClusterError(f"cannot read a sample of {index!r}: {e}") from e
        yield from hits
        if len(hits) < size:
            return
