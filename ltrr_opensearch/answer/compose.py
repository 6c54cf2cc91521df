"""Which hits make the page, and the response around them. Pure.

The rule for scores: the hit at rank r of the whole list has `_score` 1/r and `max_score` is that of rank 1, so scores
fall in our order, on every page, whatever the plans' own scales were. What really moved a hit is in its explanation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ltrr_opensearch.answer.totals import bound_of, with_more
from ltrr_opensearch.answer.why import Why, to_explanation
from ltrr_opensearch.types import DocKey, Json, SearchRequest


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


def with_explanations(hits: Sequence[Json], whys: Sequence[Why]) -> list[Json]:
    """What no plan had brought, and no rule moved, keeps the cluster's own explanation."""
    return [
        hit | {"_explanation": to_explanation(why)} if why.found or why.ruled else hit
        for hit, why in zip(hits, whys, strict=True)
    ]


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
