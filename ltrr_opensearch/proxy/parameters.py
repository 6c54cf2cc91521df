"""URL parameters of a search. Those that say what the body can say too are folded into the body, as OpenSearch does;
those that shape the answer (`shape.py`) are left out; the others reach every request made for this search.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from ltrr_opensearch.proxy.foreign import Foreign
from ltrr_opensearch.types import Json

Parameters = tuple[tuple[str, str], ...]

SHAPING = frozenset(("pretty", "rest_total_hits_as_int", "filter_path"))
"""Said of the answer as a whole, and done by us when it is composed."""

_KEPT = frozenset(
    (
        *("preference", "routing", "ignore_unavailable", "allow_no_indices", "expand_wildcards", "ignore_throttled"),
        *("search_type", "request_cache", "typed_keys", "batched_reduce_size", "max_concurrent_shard_requests"),
        *("pre_filter_shard_size", "allow_partial_search_results", "ccs_minimize_roundtrips"),
        *("cancel_after_time_interval", "phase_took", "error_trace", "human", "include_named_queries_score"),
    )
)
REASONS = {
    "scroll": "scroll",
    "search_pipeline": "search_pipeline",
    "source": "source_parameter",
    "source_content_type": "source_parameter",
    "terminate_after": "terminate_after",
}
_WITH_Q = {
    "df": "default_field",
    "default_operator": "default_operator",
    "analyzer": "analyzer",
    "analyze_wildcard": "analyze_wildcard",
    "lenient": "lenient",
}


def parse_query_string(raw: str) -> Parameters:
    return tuple(parse_qsl(raw, keep_blank_values=True))


def truth(value: str) -> bool:
    """OpenSearch's reading of a boolean parameter; a bare name means true."""
    if value in ("", "true"):
        return True
    if value == "false":
        return False
    raise Foreign("malformed_parameter")


def fold(params: Parameters, body: Json) -> tuple[Parameters, Json]:
    """The parameters that stay in the URL, and the body that says the rest."""
    said = dict(params)
    if len(said) != len(params):
        raise Foreign("repeated_parameter")
    folded = dict(body)
    for name, value in params:
        if name in _FOLDED:
            key, read = _FOLDED[name]
            if key in _ADDED and key in body:
                raise Foreign("repeated_parameter")
            folded[key] = read(value)
        elif name not in _KEPT | SHAPING | _SOURCE | _WITH_Q.keys() | {"q"}:
            raise Foreign(REASONS.get(name, "unknown_parameter"))
    _fold_source(said, folded)
    _fold_q(said, folded)
    if truth(said.get("rest_total_hits_as_int", "false")):
        _count_exactly(folded)
    return tuple((name, value) for name, value in params if name in _KEPT), folded


def _number(value: str) -> int:
    if not value.isascii() or not value.isdigit():
        raise Foreign("malformed_parameter")
    return int(value)


def _bool_or_number(value: str) -> bool | int:
    return _number(value) if value.isdigit() else truth(value)


def _names(value: str) -> list[str]:
    return value.split(",")


def _sort(value: str) -> list[Any]:
    """`field` or `field:direction`, several with commas."""
    return [{field: way} if way else field for field, _, way in (part.partition(":") for part in _names(value))]


_FOLDED: dict[str, tuple[str, Callable[[str], Any]]] = {
    "size": ("size", _number),
    "from": ("from", _number),
    "track_total_hits": ("track_total_hits", _bool_or_number),
    "track_scores": ("track_scores", truth),
    "explain": ("explain", truth),
    "version": ("version", truth),
    "seq_no_primary_term": ("seq_no_primary_term", truth),
    "timeout": ("timeout", str),
    "sort": ("sort", _sort),
    "stored_fields": ("stored_fields", _names),
    "docvalue_fields": ("docvalue_fields", _names),
}
_ADDED = frozenset(("docvalue_fields", "sort"))
"""Of these the URL's are added to the body's, where others replace them."""
_SOURCE = frozenset(("_source", "_source_includes", "_source_excludes"))


def _fold_source(said: dict[str, str], body: Json) -> None:
    given = _SOURCE & said.keys()
    if not given:
        return
    if given == {"_source"}:
        value = said["_source"]
        body["_source"] = value == "true" if value in ("true", "false") else _names(value)
        return
    if "_source" in given:
        raise Foreign("repeated_parameter")
    body["_source"] = {name.removeprefix("_source_"): _names(said[name]) for name in sorted(given, reverse=True)}


def _fold_q(said: dict[str, str], body: Json) -> None:
    if "q" not in said:
        if _WITH_Q.keys() & said.keys():
            raise Foreign("unknown_parameter")
        return
    if "query" in body:
        raise Foreign("two_queries")
    options: Json = {_WITH_Q[name]: said[name] for name in _WITH_Q if name in said}
    for switch in ("analyze_wildcard", "lenient"):
        if switch in options:
            options[switch] = truth(options[switch])
    body["query"] = {"query_string": {"query": said["q"], **options}}


def _count_exactly(body: Json) -> None:
    """OpenSearch counts all hits when the total is wanted as a number, and refuses a bound."""
    asked = body.setdefault("track_total_hits", True)
    if not isinstance(asked, bool):
        raise Foreign("bounded_total")
