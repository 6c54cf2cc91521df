"""Which hits make the page, and the response around them. Pure.

The rule for scores: the hit at rank r of the whole list has `_score` 1/r and `max_score` is that of rank 1, so scores
fall in our order, on every page, whatever the plans' own scales were. What really moved a hit is in its explanation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isnan

from ltrr_opensearch.types import DocKey, Found, Json, Ranked


@dataclass(frozen=True, slots=True)
class Listing:
    """The whole order of a search: the union as ranked, then the client's own remaining hits in their order."""

    query_id: str
    keys: tuple[DocKey, ...]
    ranked: int
    """How many of `keys`, from the first, are the re-ranked union."""

    @property
    def union(self) -> tuple[DocKey, ...]:
        return self.keys[: self.ranked]

    def followed_by(self, own: Iterable[DocKey]) -> tuple[DocKey, ...]:
        """The union, then the client's own hits as a later request brought them."""
        members = set(self.union)
        return self.union + tuple(k for k in own if k not in members)


def listing(ranked: Sequence[Ranked], own: Iterable[DocKey], query_id: str) -> Listing:
    union = tuple(r.candidate.key for r in ranked)
    first = Listing(query_id, union, len(union))
    return replace(first, keys=first.followed_by(own))


def page_hits(keys: Sequence[DocKey], offset: int, size: int, raws: Mapping[DocKey, Json]) -> list[Json]:
    """The hits of the page. A key without a hit (deleted since, or not for this caller) closes up the list."""
    return scored([raws[k] for k in keys[offset:] if k in raws][:size], offset)


def scored(hits: Sequence[Json], offset: int) -> list[Json]:
    return [hit | {"_score": 1.0 / rank} for rank, hit in enumerate(hits, start=offset + 1)]


def missing(keys: Sequence[DocKey], offset: int, size: int, raws: Mapping[DocKey, Json]) -> tuple[DocKey, ...]:
    return tuple(k for k in keys[offset : offset + size] if k not in raws)


def response(page: Json, hits: Sequence[Json], union: int, took_ms: float, ext: Json) -> Json:
    """The original response with our hits: its totals (never below the union), aggregations, shards, suggestions."""
    body = page["hits"] | {"hits": list(hits)}
    body["max_score"] = 1.0 if hits else page["hits"].get("max_score")
    if "total" in body:
        body["total"] = at_least(body["total"], union)
    whole = page | {"took": round(took_ms), "hits": body}
    return whole | {"ext": page.get("ext", {}) | ext} if ext else whole


def at_least(total: object, union: int) -> object:
    if isinstance(total, dict):
        return total | {"value": max(total["value"], union)}
    return max(int(str(total)), union)


def explanation(ranked: Ranked, ranker: str, features: Mapping[str, float]) -> Json:
    """An OpenSearch-shaped `_explanation`: which plans found the hit, where, and what the ranker saw."""
    candidate = ranked.candidate
    scored = f"score of {ranker} at rank {ranked.rank}; the answer's _score is 1/rank"
    seen = [_detail(value, f"feature {name}") for name, value in sorted(features.items()) if not isnan(value)]
    return {
        "value": ranked.score,
        "description": scored,
        "details": [*(_found(f) for f in candidate.found), *seen],
    }


def with_explanations(hits: Sequence[Json], by_key: Mapping[DocKey, Json]) -> list[Json]:
    keyed = ((DocKey(h["_index"], h["_id"], h.get("_routing")), h) for h in hits)
    return [h | {"_explanation": by_key[k]} if k in by_key else h for k, h in keyed]


def _found(found: Found) -> Json:
    return _detail(found.score, f"plan {found.plan} had it at rank {found.rank} with this score")


def _detail(value: float, description: str) -> Json:
    return {"value": value, "description": description, "details": []}
