"""What the documents that people acted upon say of themselves, and who reads the queries that led to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from opensearchpy import OpenSearch

from ltrr_opensearch.arena.gather import serving_for
from ltrr_opensearch.arena.meant import Fields
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json

AT_ONCE = 500


def documents_of(client: OpenSearch, key: str, fields: Sequence[str], ids: Iterable[str]) -> dict[str, Fields]:
    """By `_id`, those that are there."""
    found: dict[str, Fields] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        query = {"ids": {"values": part}}
        body: Json = {"query": query, "size": len(part), "_source": False, "fields": list(fields)}
        hits = client.search(index=key, body=body)["hits"]["hits"]
        found |= {hit["_id"]: hit.get("fields", {}) for hit in hits}
    return found


def reader_of(client: OpenSearch, settings: Settings, key: str) -> Serving:
    """As a proxy reads queries now, but for weights of readings: they must not learn from themselves."""
    serving, _ = serving_for(settings, key, client, None)
    return replace(serving, knowledge=replace(serving.knowledge, readings=Knowledge.empty().readings))
