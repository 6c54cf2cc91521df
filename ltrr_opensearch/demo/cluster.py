"""The demo's own dealings with the cluster: the shop's index, the peers' pipeline, our log read back, a clean start."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from opensearchpy import OpenSearch

from ltrr_opensearch.demo.measure import JUDGE
from ltrr_opensearch.demo.peers import PIPELINE, PIPELINE_BODY
from ltrr_opensearch.demo.shop_index import PREFIX, index_body
from ltrr_opensearch.demo.users import APPLICATION
from ltrr_opensearch.errors import ClusterError
from ltrr_opensearch.log.records import from_document
from ltrr_opensearch.logged import Decision
from ltrr_opensearch.types import Json

DECISIONS = f"{PREFIX}_decisions*"
UBI = "ubi_queries,ubi_events"
"""Shared with whoever else uses the node: only what the demo's applications wrote is touched."""
PATIENCE_S = 10.0
"""How long decisions may take from the proxy into the index."""
LENIENT = {"ignore_unavailable": "true", "allow_no_indices": "true"}


def connect(url: str) -> OpenSearch:
    return OpenSearch(url, timeout=120)


def version(client: OpenSearch) -> str:
    return str(client.info()["version"]["number"])


def create_shop(client: OpenSearch, index: str, products: Sequence[Json]) -> None:
    """The shop's index as its owner would make it, if it is not there yet."""
    if not client.indices.exists(index=index):
        client.indices.create(index=index, body=index_body(products))


def holds(client: OpenSearch, index: str, count: int) -> bool:
    """Whether all products are there, so that a second run has nothing to load."""
    client.indices.refresh(index=index)
    return int(client.count(index=index)["count"]) == count


def prepare_peers(client: OpenSearch) -> None:
    client.transport.perform_request("PUT", f"/_search/pipeline/{PIPELINE}", body=PIPELINE_BODY)


def forget(client: OpenSearch) -> None:
    """Delete everything that an earlier run logged and learned: each run starts cold."""
    names = list(client.indices.get(index=f"{PREFIX}*", params={"expand_wildcards": "all"}))
    if names:
        client.indices.delete(index=",".join(names))
    _delete(client, UBI, {"terms": {"application": [APPLICATION, JUDGE]}})


def clear_logs(client: OpenSearch) -> None:
    """Delete what evaluation left in the logs, so that nobody learns from it."""
    settle(client)
    _delete(client, DECISIONS, {"match_all": {}})
    _delete(client, UBI, {"terms": {"application": [JUDGE]}})


def settle(client: OpenSearch, wait_s: float = 2.5) -> None:
    """Wait until the proxy has written what it knows (it sends at least once a second), and make it visible."""
    time.sleep(wait_s)
    client.indices.refresh(index=f"{DECISIONS},{UBI}", params=LENIENT)


def _delete(client: OpenSearch, index: str, query: Json) -> None:
    params = {**LENIENT, "refresh": "true", "conflicts": "proceed"}
    client.delete_by_query(index=index, body={"query": query}, params=params)


def decisions(client: OpenSearch, query_ids: Iterable[str]) -> dict[str, Decision]:
    """Logged decisions by the id of their search, waited for; one that fell back to the cluster's page has none."""
    missing, found = set(query_ids), dict[str, Decision]()
    give_up = time.monotonic() + PATIENCE_S
    while missing and time.monotonic() < give_up:
        client.indices.refresh(index=DECISIONS, params=LENIENT)
        ordered = sorted(missing)
        for start in range(0, len(ordered), 200):
            found |= _logged(client, ordered[start : start + 200])
        missing -= found.keys()
        time.sleep(0.2 if missing else 0)
    if missing and not found:
        raise ClusterError(f"{DECISIONS} holds none of {len(missing)} searches after {PATIENCE_S:.0f} s: see proxy.log")
    return found


def _logged(client: OpenSearch, query_ids: Sequence[str]) -> dict[str, Decision]:
    body = {"size": len(query_ids), "query": {"terms": {"query_id": list(query_ids)}}}
    hits = client.search(index=DECISIONS, body=body)["hits"]["hits"]
    return {d.query_id: d for d in (from_document(hit["_source"]) for hit in hits)}
