"""The bodies and parameters of the searches made for one search. Pure.

Every plan, and the fetch of the winners, carries the client's filters, whatever its clause says: here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from ltrr_opensearch.retrieve.collapse import collapsing
from ltrr_opensearch.types import DocKey, Json, SearchRequest

PLAN_PARAMS = frozenset(
    {
        "allow_no_indices",
        "allow_partial_search_results",
        "batched_reduce_size",
        "cancel_after_time_interval",
        "ccs_minimize_roundtrips",
        "expand_wildcards",
        "ignore_throttled",
        "ignore_unavailable",
        "max_concurrent_shard_requests",
        "pre_filter_shard_size",
        "preference",
        "request_cache",
        "routing",
        "search_type",
        "timeout",
    }
)
"""Parameters that say where and how to search, and so must reach every request made for a search."""

HIT_KEYS = (
    *("_source", "fields", "stored_fields", "docvalue_fields", "script_fields", "version", "seq_no_primary_term"),
    *("explain", "timeout"),
)
"""What a client may ask to have in each hit, copied to the fetch of the winners, and how long that may take."""
BY_ITS_QUERY = ("highlight", "explain", "script_fields", "collapse")
"""Of these, what depends on the client's own query or costs a search much for each hit."""


def search_path(request: SearchRequest) -> str:
    """Where all requests of a search go: a point in time is searched without naming its indexes."""
    return "/_search" if "pit" in request.body else f"/{request.target}/_search"


def state_of(request: SearchRequest) -> Json:
    """The point in time that a search is of, if any: every request made for it sees the same documents."""
    return {"pit": request.body["pit"]} if "pit" in request.body else {}


def plan_params(request: SearchRequest, preference: str) -> dict[str, str]:
    """All requests of a search go to the same shard copies, or their BM25 statistics would differ."""
    return _same_copies(request, preference) | {k: v for k, v in request.params if k in PLAN_PARAMS}


def original_params(request: SearchRequest, preference: str) -> dict[str, str]:
    return _same_copies(request, preference) | {k: v for k, v in request.params if k not in {"from", "size"}}


def winners_params(request: SearchRequest, preference: str) -> dict[str, str]:
    """Those of a plan, and what the client asked to be told in each hit."""
    told = {k: v for k, v in request.params if k == "include_named_queries_score"}
    return plan_params(request, preference) | told


def _same_copies(request: SearchRequest, preference: str) -> dict[str, str]:
    """A point in time is bound to its shard copies; OpenSearch refuses a `preference` beside it."""
    return {} if "pit" in request.body else {"preference": preference}


def original_body(request: SearchRequest, size: int, hidden: Sequence[str]) -> Json:
    """The client's own query from its first hit to `size`, without the fields that we added to its documents."""
    body = {k: v for k, v in request.body.items() if k not in {"from", "size"}}
    return body | {"from": 0, "size": size} | _source(body, hidden)


def brings_documents(request: SearchRequest, depth: int) -> bool:
    """Whether a plan may bring its hits in the client's form: a page of them at most, told by the document alone.

    A document costs a request 24 microseconds, fetching the page's missing ones afterwards a whole round trip.
    """
    by_query = any(key in request.body for key in BY_ITS_QUERY) or _has_names(request.body.get("query"))
    return depth <= request.size and not by_query


def documents_body(request: SearchRequest, clause: Json, depth: int, hidden: Sequence[str]) -> Json:
    """A plan's hits down to `depth`, in the form that the client asked for."""
    body = {k: v for k, v in plan_body(request, clause, depth).items() if k != "_source"}
    body |= {k: request.body[k] for k in HIT_KEYS if k in request.body}
    return body | _source(body, hidden)


def plan_body(request: SearchRequest, clause: Json, depth: int, id_field: str | None = None, below: int = 0) -> Json:
    """The ids of a plan's hits down to `depth`, without the first `below`."""
    body: Json = {
        **({"from": below} if below else {}),
        "size": depth - below,
        **_ids_only(id_field),
        "track_total_hits": False,
        "query": {"bool": {"must": [clause], "filter": list(request.filters)}} if request.filters else clause,
    }
    return (
        body
        | state_of(request)
        | collapsing(request)
        | {k: request.body[k] for k in ("timeout", "indices_boost") if k in request.body}
    )


def exactly(keys: Sequence[DocKey], target: str) -> Json:
    """These documents and no others: an id may stand in several of the indexes that a target names."""
    by_index = sorted(keys, key=lambda key: key.index)
    parts = [_ids(index, [k.id for k in group], target) for index, group in groupby(by_index, lambda key: key.index)]
    return parts[0] if len(parts) == 1 else {"bool": {"should": parts}}


def winners_body(request: SearchRequest, keys: Sequence[DocKey], hidden: Sequence[str]) -> Json:
    """The documents of the page that the client's own query had not brought, in the form that the client asked for."""
    return documents_of(request, exactly(keys, request.target), len(keys), hidden)


def documents_of(request: SearchRequest, clause: Json, size: int, hidden: Sequence[str]) -> Json:
    """Documents that match a clause and the client's filters, in the form that the client asked for."""
    query = request.body.get("query", {"match_all": {}})
    named = {"should": [query]} if _has_names(query) else {}
    body: Json = {
        "size": size,
        "track_total_hits": False,
        "query": {"bool": {"filter": [clause, *request.filters], **named}},
    }
    body |= {k: request.body[k] for k in HIT_KEYS if k in request.body}
    body |= state_of(request) | collapsing(request)
    body |= _source(body, hidden)
    if highlight := request.body.get("highlight"):
        body["highlight"] = {"highlight_query": query} | highlight
    return body


def features_body(request: SearchRequest, keys: Sequence[DocKey], id_field: str | None = None) -> Json:
    """Documents to log features of, under the filters: nobody's features are read who may not be seen."""
    found = {"bool": {"filter": [exactly(keys, request.target), *request.filters]}}
    return {"size": len(keys), **_ids_only(id_field), "track_total_hits": False, "query": found, **state_of(request)}


def _ids_only(id_field: str | None) -> Json:
    """`id_field` holds the `_id` in doc values: then no stored field, and so no packed `_source`, is touched."""
    return {"stored_fields": "_none_", "docvalue_fields": [id_field]} if id_field else {"_source": False}


def _has_names(query: object) -> bool:
    """Whether a part of the query has a `_name`, so that hits tell in `matched_queries` which parts they match."""
    if isinstance(query, dict):
        return "_name" in query or any(map(_has_names, query.values()))
    return isinstance(query, list) and any(map(_has_names, query))


def _source(body: Json, hidden: Sequence[str]) -> Json:
    """The `_source` selection to send; none where OpenSearch's own default is right.

    With `stored_fields`, which may name `_source`, or `script_fields` that default is none at all.
    """
    stored = body.get("stored_fields")
    named = stored == "_source" or (isinstance(stored, list) and "_source" in stored)
    if "_source" not in body and not named and (stored is not None or body.get("script_fields")):
        return {}
    source = source_without(body.get("_source", True), hidden)
    return {} if source is True else {"_source": source}


def source_without(source: object, hidden: Sequence[str]) -> object:
    """A `_source` selection that leaves the hidden fields out, unless the client named them itself."""
    if source is False or not hidden:
        return source
    if source is True:
        return {"excludes": list(hidden)}
    includes, excludes = _selected(source)
    left_out = [name for name in hidden if name not in includes]
    if not left_out or not (includes == [] or any("*" in name for name in includes)):
        return source
    return ({"includes": includes} if includes else {}) | {"excludes": [*excludes, *left_out]}


def _selected(source: object) -> tuple[list[str], list[str]]:
    """The included and the excluded names or patterns of a `_source` selection."""
    if not isinstance(source, dict):
        return _listed(source), []
    return (
        _listed(source.get("includes") or source.get("include")),
        _listed(source.get("excludes") or source.get("exclude")),
    )


def _listed(names: object) -> list[str]:
    return [names] if isinstance(names, str) else list(names) if isinstance(names, list) else []


def _ids(index: str, ids: Sequence[str], target: str) -> Json:
    found: Json = {"ids": {"values": list(ids)}}
    return found if index == target else {"bool": {"filter": [{"term": {"_index": index}}, found]}}
