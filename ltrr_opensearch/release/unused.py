"""Published parts that no kept release names any more are deleted.

A publisher writes its parts first and names them afterwards. So a part is left alone for a day after its writing, and
chunks are deleted only as they were when listed, before it was asked which parts are in use.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta

from opensearchpy import OpenSearch

from ltrr_opensearch.types import Json

GRACE = timedelta(days=1)
"""Longer than a publisher takes from its first chunk to its release."""
WRITTEN = "written"
"""Field of a chunk: when it was last written. A part's `created` may be far older."""
MOST = 5_000
"""Chunks looked at in one go; what is beyond comes the next time."""

Versions = set[tuple[str, str]]
"""(kind, version) of parts."""


def delete_unused(client: OpenSearch, models: str, index: str, used: Callable[[], Versions], now: datetime) -> int:
    """Delete the parts of an index that are not in use; returns how many chunks went. `used` is asked after listing."""
    listed = _old_parts(client, models, index, now - GRACE)
    kept = used()
    lines: list[Json] = []
    for part, chunks in listed.items():
        if part not in kept:
            lines += [{"delete": chunk} for chunk in chunks]
    if not lines:
        return 0
    items = client.bulk(index=models, body=lines)["items"]
    return sum(item["delete"]["status"] == 200 for item in items)


def _old_parts(client: OpenSearch, models: str, index: str, before: datetime) -> dict[tuple[str, str], list[Json]]:
    """Per part the conditions under which its chunks may go, the first chunk first; parts with a newer chunk not."""
    client.indices.refresh(index=models)
    body: Json = {
        "size": MOST,
        "query": {"term": {"index": index}},
        "sort": [{"chunk": "asc"}],
        "_source": ["kind", "version", WRITTEN],
        "seq_no_primary_term": True,
    }
    chunks: defaultdict[tuple[str, str], list[Json]] = defaultdict(list)
    fresh: Versions = set()
    for hit in client.search(index=models, body=body)["hits"]["hits"]:
        source = hit["_source"]
        part = (source["kind"], source["version"])
        condition = {"if_seq_no": hit["_seq_no"], "if_primary_term": hit["_primary_term"]}
        chunks[part].append({"_id": hit["_id"], **condition})
        if WRITTEN in source and datetime.fromisoformat(source[WRITTEN]) > before:
            fresh.add(part)
    return {part: found for part, found in chunks.items() if part not in fresh}
