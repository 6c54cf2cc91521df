"""Deleted documents leave the memory: entities of `{prefix}_memory` that the index no longer has are taken out.

A conditional update, so that a learning job which writes the same memory at the same time wins, and the entity goes
with the next sync. Proxies follow with the next release of the memory; until then a remembered id simply finds nothing.
Nothing is taken out while a shard of the index is missing: the memory is the only copy of what it holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import compress

from opensearchpy import NotFoundError, OpenSearch

from ltrr_opensearch.cluster import whole
from ltrr_opensearch.index.bulk import Action, send
from ltrr_opensearch.types import Json

_PAGE = 200
_IDS = 1000


def forget_deleted(client: OpenSearch, prefix: str, key: str, id_field: str | None) -> int:
    """Returns how many entities were taken out. `id_field` names objects where it is not the `_id`."""
    forgotten = 0
    for page in _memory(client, f"{prefix}_memory", key):
        gone = _gone(client, key, id_field, {id for hit in page for id in _ids(hit)})
        forgotten += _take_out(client, page, gone)
    return forgotten


def forget_unshared(client: OpenSearch, memory: str, users: int, before: datetime) -> int:
    """What too few people ever acted on to be shared, and nobody since `before`; returns how many queries.

    What was only predicted tells nobody's query, and stays.
    """
    few: Json = {"range": {"enough": {"lt": users}}}
    old = {"range": {"updated": {"lt": before.isoformat()}}}
    query = {"bool": {"filter": [few, old], "must_not": {"term": {"predicted": True}}}}
    try:
        done = client.delete_by_query(index=memory, body={"query": query}, params={"conflicts": "proceed"})
    except NotFoundError:
        return 0
    return int(done["deleted"])


def _memory(client: OpenSearch, memory: str, key: str) -> Iterator[list[Json]]:
    """The remembered queries of an index, page by page."""
    after: list[object] | None = None
    while True:
        body: Json = {
            "size": _PAGE,
            "seq_no_primary_term": True,
            "track_total_hits": False,
            "_source": ["entities"],
            "sort": ["_seq_no"],
            "query": {"term": {"index": key}},
        }
        if after:
            body["search_after"] = after
        try:
            hits = client.search(index=memory, body=body)["hits"]["hits"]
        except NotFoundError:
            return
        if not hits:
            return
        yield hits
        after = hits[-1]["sort"]


def _gone(client: OpenSearch, key: str, id_field: str | None, ids: set[str]) -> set[str]:
    """Those that no document of the index has, whatever its routing."""
    gone = set(ids)
    ordered = sorted(ids)
    for start in range(0, len(ordered), _IDS):
        part = ordered[start : start + _IDS]
        gone -= _present(client, key, id_field, part)
    return gone


def _present(client: OpenSearch, key: str, id_field: str | None, ids: Sequence[str]) -> set[str]:
    """Counted by id, not listed: an id may stand in several indexes of a pattern, and an object in many documents."""
    filters = {id: {"term": {id_field: id}} if id_field else {"ids": {"values": [id]}} for id in ids}
    body = {"size": 0, "aggs": {"ids": {"filters": {"filters": filters}}}}
    found = whole.search(client, body, key)
    if not found["_shards"]["total"]:
        raise whole.incomplete(key, "it matches no index")
    buckets = found["aggregations"]["ids"]["buckets"]
    return {id for id, bucket in buckets.items() if bucket["doc_count"]}


def _take_out(client: OpenSearch, page: Sequence[Json], gone: set[str]) -> int:
    actions, dropped = [], []
    for hit in page:
        keep = [id not in gone for id in _ids(hit)]
        if not all(keep):
            columns = {name: list(compress(column, keep)) for name, column in hit["_source"]["entities"].items()}
            header = {"_index": hit["_index"], "_id": hit["_id"]}
            header |= {"if_seq_no": hit["_seq_no"], "if_primary_term": hit["_primary_term"]}
            actions.append(Action("update", header, {"doc": {"entities": columns}}))
            dropped.append(keep.count(False))
    results = send(client, actions) if actions else []
    return sum(n for n, result in zip(dropped, results, strict=True) if result.status < 300)


def _ids(hit: Json) -> list[str]:
    """The entities of a remembered query, which are kept as columns (`learn.memory`); what cannot be read is left."""
    columns = hit["_source"].get("entities")
    ids: list[str] = columns.get("id", []) if isinstance(columns, dict) else []
    return ids
