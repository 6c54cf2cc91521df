"""Which clauses may be repeated as a filter in every plan: those known to say only yes or no about a document.

What is not listed may score by script, bring hits of its own (`knn`, `hybrid`) or change the shape of a hit
(`inner_hits`), so a search that filters by it passes through.
"""

from __future__ import annotations

from typing import Any

from ltrr_opensearch.proxy.foreign import Foreign
from ltrr_opensearch.types import Json

DEEPEST = 20
"""Nesting of compound clauses that we follow."""

_LEAVES = frozenset(
    (
        *("term", "terms", "terms_set", "range", "exists", "ids", "prefix", "wildcard", "regexp", "fuzzy"),
        *("match_all", "match_none", "match", "match_phrase", "match_phrase_prefix", "match_bool_prefix"),
        *("multi_match", "combined_fields", "query_string", "simple_query_string", "intervals"),
        *("geo_distance", "geo_bounding_box", "geo_polygon", "geo_shape", "xy_shape"),
    )
)
_INSIDE = {
    "nested": "query",
    "has_child": "query",
    "has_parent": "query",
    "constant_score": "filter",
    "dis_max": "queries",
}
"""Compound clauses and where they keep their own."""

BOOL_KEYS = frozenset(
    ("must", "should", "filter", "must_not", "minimum_should_match", "boost", "_name", "adjust_pure_negative")
)


def named(clause: Any) -> tuple[str, Any]:
    """A clause as its name and what it says."""
    if not isinstance(clause, dict) or len(clause) != 1:
        raise Foreign("malformed_query")
    ((name, spec),) = clause.items()
    return name, spec


def listed(clauses: Any) -> list[Any]:
    """The clauses of a place that takes one or a list."""
    if clauses is None:
        return []
    return clauses if isinstance(clauses, list) else [clauses]


def bool_spec(spec: Any) -> Json:
    if not isinstance(spec, dict):
        raise Foreign("malformed_query")
    if not spec.keys() <= BOOL_KEYS:
        raise Foreign("unknown_option")
    return spec


def is_filter(name: str) -> bool:
    return name in _LEAVES or name in _INSIDE


def checked(clause: Any, depth: int = 0) -> Json:
    """The clause itself, once it and all that is in it are known to be fit for a filter."""
    if depth > DEEPEST:
        raise Foreign("too_deep")
    name, spec = named(clause)
    if name == "bool":
        inner = [c for place in ("must", "should", "filter", "must_not") for c in listed(bool_spec(spec).get(place))]
    elif name in _INSIDE:
        inner = _inside(spec, _INSIDE[name])
    elif name in _LEAVES:
        inner = []
    else:
        raise Foreign("unknown_clause")
    for each in inner:
        checked(each, depth + 1)
    whole: Json = clause
    return whole


def _inside(spec: Any, place: str) -> list[Any]:
    if not isinstance(spec, dict):
        raise Foreign("malformed_query")
    if "inner_hits" in spec:
        raise Foreign("inner_hits")
    return listed(spec.get(place))
