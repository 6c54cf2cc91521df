"""The bodies of the requests that a page needs beside the plans. Pure.

What follows the settled part of an order is the client's own query without those documents. They are taken out by
`post_filter`, which changes neither scores nor order and leaves aggregations as they were.
"""

from __future__ import annotations

from collections.abc import Sequence

from ltrr_opensearch.retrieve.bodies import exactly, original_body, state_of
from ltrr_opensearch.retrieve.collapse import collapsing
from ltrr_opensearch.types import DocKey, Json, SearchRequest

_OF_HITS = frozenset(
    (
        *("_source", "fields", "stored_fields", "docvalue_fields", "script_fields", "version", "seq_no_primary_term"),
        *("highlight", "explain", "track_scores"),
    )
)
_BESIDE_HITS = frozenset(("aggs", "aggregations", "suggest", "track_total_hits"))


def rest_body(request: SearchRequest, settled: Sequence[DocKey]) -> Json:
    """Counts, aggregations and suggestions of the client's own query, and how many of its hits are not yet settled.

    `from` is where the page ends, so that OpenSearch says what it thinks of a page beyond its window.
    """
    body = _without(request, settled, _OF_HITS)
    return body | {"from": request.offset + request.size, "size": 0}


def following_body(request: SearchRequest, settled: Sequence[DocKey], size: int) -> Json:
    """Ids of the next hits of the client's own query, in its order."""
    body = _without(request, settled, _OF_HITS | _BESIDE_HITS)
    return body | {"from": 0, "size": size, "_source": False, "track_total_hits": False}


def behind_body(request: SearchRequest, settled: Sequence[DocKey], hidden: Sequence[str]) -> Json:
    """The hits of a page that lies wholly behind what is settled, in the client's form."""
    body = _without(request, settled, _BESIDE_HITS) | {"track_total_hits": False}
    whole = original_body(request, request.size, hidden)
    source = {"_source": whole["_source"]} if "_source" in whole else {}
    return body | source | {"from": request.offset - len(settled), "size": request.size}


def present_body(request: SearchRequest, keys: Sequence[DocKey]) -> Json:
    """Which of these documents are still there, and for this caller."""
    found = {"bool": {"filter": [exactly(keys, request.target), *request.filters]}}
    return {"size": len(keys), "_source": False, "track_total_hits": False, "query": found, **state_of(request)}


def groups_body(request: SearchRequest, keys: Sequence[DocKey]) -> Json:
    """These documents with the values that they stand for in a collapsed search."""
    return present_body(request, keys) | collapsing(request)


def matching_body(request: SearchRequest, keys: Sequence[DocKey]) -> Json:
    """How many of these documents the client's own query matches."""
    query = request.body.get("query", {"match_all": {}})
    found = {"bool": {"filter": [exactly(keys, request.target), query]}}
    return {"size": 0, "track_total_hits": True, "query": found, **state_of(request)}


def _without(request: SearchRequest, settled: Sequence[DocKey], left_out: frozenset[str]) -> Json:
    body = {k: v for k, v in request.body.items() if k not in left_out}
    if not settled:
        return body
    outside: Json = {"bool": {"must_not": [exactly(settled, request.target)]}}
    if own := body.get("post_filter"):
        outside["bool"]["filter"] = [own]
    return body | {"post_filter": outside}
