"""Which hits make the page, and the response around them. Pure.

The rule for scores: the hit at rank r of the whole list has `_score` 1/r and `max_score` is that of rank 1, so scores
fall in our order, on every page, whatever the plans' own scales were. What really moved a hit is in its explanation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan

from ltrr_opensearch.answer.totals import bound_of, with_more
from ltrr_opensearch.types import DocKey, Found, Json, Ranked, SearchRequest


def page_hits(keys: Sequence[DocKey], offset: int, size: int, raws: Mapping[DocKey, Json]) -> list[Json]:
    return scored([raws[k] for k in keys[offset : offset + size] if k in raws], offset)


def scored(hits: Sequence[Json], offset: int) -> list[Json]:
    return [hit | {"_score": 1.0 / rank} for rank, hit in enumerate(hits, start=offset + 1)]


def missing(keys: Sequence[DocKey], offset: int, size: int, raws: Mapping[DocKey, Json]) -> tuple[DocKey, ...]:
    return tuple(k for k in keys[offset : offset + size] if k not in raws)


def response(page: Json, request: SearchRequest, hits: Sequence[Json], more: int, took_ms: float, ext: Json) -> Json:
    """The original response with our hits: its aggregations, shards and suggestions, its total and `more`."""
    body = page["hits"] | {"hits": list(hits)}
    body["max_score"] = 1.0 if hits else None
    if "total" in body:
        body["total"] = with_more(body["total"], more, bound_of(request.body))
    whole = page | {"took": round(took_ms), "hits": body}
    return whole | {"ext": page.get("ext", {}) | ext} if ext else whole


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


def with_places(hits: Sequence[Json], offset: int, query_id: str) -> list[Json]:
    """For an explanation of a later page: its order was settled with the first, whose decision tells the rest."""
    return [
        hit
        | {
            "_explanation": {
                "value": 1.0 / rank,
                "description": f"at rank {rank} of the order of search {query_id}; the answer's _score is 1/rank",
                "details": [hit["_explanation"]] if "_explanation" in hit else [],
            }
        }
        for rank, hit in enumerate(hits, start=offset + 1)
    ]


def _found(found: Found) -> Json:
    return _detail(found.score, f"plan {found.plan} had it at rank {found.rank} with this score")


def _detail(value: float, description: str) -> Json:
    return {"value": value, "description": description, "details": []}
