"""The one rule for `hits.total` (docs/paging.md): the original query's total and the hits that it does not match. Pure.

Its bound (`track_total_hits`) stays its bound, and a total that was not asked for stays away.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ltrr_opensearch.types import DocKey, Json

DEFAULT_BOUND = 10_000
"""OpenSearch counts so far where `track_total_hits` says nothing."""
_EXACTLY = 2**31 - 1


def bound_of(body: Json) -> int:
    asked: Any = body.get("track_total_hits", DEFAULT_BOUND)
    return _EXACTLY if asked is True else int(asked)


def with_more(total: Json, hits: int, bound: int) -> Json:
    """A total with `hits` that the original query does not count; one that reached its bound stays there."""
    if total["relation"] != "eq":
        return total
    value = total["value"] + hits
    return {"value": bound, "relation": "gte"} if value > bound else {"value": value, "relation": "eq"}


def uncertain(page: Json, own: Collection[DocKey], union: Collection[DocKey]) -> list[DocKey]:
    """Hits of the union of which the original query's page does not tell whether it matches them; none where its
    total does not depend on it.
    """
    total = page["hits"].get("total")
    if total is None or total["relation"] != "eq" or total["value"] <= len(own):
        return []
    return [key for key in union if key not in own]


def unmatched(page: Json, own: Collection[DocKey], union: Collection[DocKey]) -> int:
    """How many hits of the union the original query does not match, where its page holds all that it matches."""
    return sum(key not in own for key in union) if complete(page, own) else 0


def complete(page: Json, own: Collection[DocKey]) -> bool:
    """Whether these are known to be all that the original query matches."""
    total = page["hits"].get("total")
    return total is not None and total["relation"] == "eq" and total["value"] <= len(own)
