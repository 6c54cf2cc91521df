"""Events that name no search of ours: a client that keeps its own query_ids, or sends them to another proxy's cluster.

Joining starts at the searches and so never meets such events; a sample of the newest tells whether there are many.
"""

from __future__ import annotations

from collections import Counter

from opensearchpy import OpenSearch

from ltrr_opensearch.learn.read import IMPRESSION, Window
from ltrr_opensearch.log.records import zoned
from ltrr_opensearch.settings import StateSettings
from ltrr_opensearch.types import Json

SAMPLE = 1000
"""Events that are looked at, the newest of the window."""
MOST = 10_000
"""Documents in which their searches are looked for; a search has two, and may be repeated under its name."""
LOOKED_AT, UNNAMED, UNKNOWN = "events sampled", "of these without a query_id", "of these for an unknown query"


def count_unknown(client: OpenSearch, state: StateSettings, window: Window, counts: Counter[str]) -> None:
    """Adds to `counts` how many of the newest events name no search, or one that is not in our log."""
    times: Json = {"lte": zoned(window.until), **({"gt": zoned(window.after)} if window.after else {})}
    body: Json = {
        "size": SAMPLE,
        "_source": ["query_id"],
        "sort": [{"timestamp": {"order": "desc", "unmapped_type": "date"}}],
        "query": {
            "bool": {
                "filter": [{"range": {"timestamp": times}}],
                "must_not": [{"term": {"action_name": IMPRESSION}}, {"term": {"action_name.keyword": IMPRESSION}}],
            }
        },
    }
    found = client.search(index=state.ubi_events, body=body, params={"ignore_unavailable": "true"})["hits"]["hits"]
    named = [id for hit in found if isinstance(id := hit["_source"].get("query_id"), str)]
    known = _known(client, state, set(named))
    counts[LOOKED_AT] += len(found)
    counts[UNNAMED] += len(found) - len(named)
    counts[UNKNOWN] += sum(id not in known for id in named)


def _known(client: OpenSearch, state: StateSettings, ids: set[str]) -> set[str]:
    """Those of a decision, or of a page that continues one under a name of its own."""
    if not ids:
        return set()
    query: Json = {"size": MOST, "query": {"terms": {"query_id": sorted(ids)}}}
    # decisions are not read for one word each; what clients have indexed may be mapped as no such word
    ours = _hits(client, f"{state.prefix}_decisions-*", query | {"_source": False, "docvalue_fields": ["query_id"]})
    pages = _hits(client, state.ubi_queries, query | {"_source": ["query_id"]})
    return {hit["fields"]["query_id"][0] for hit in ours} | {hit["_source"]["query_id"] for hit in pages}


def _hits(client: OpenSearch, index: str, body: Json) -> list[Json]:
    hits: list[Json] = client.search(index=index, body=body, params={"ignore_unavailable": "true"})["hits"]["hits"]
    return hits
