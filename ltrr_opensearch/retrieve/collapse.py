"""`collapse` over all plans together: one hit for each value of the client's field. Pure.

Every plan collapses its own hits; here those of one value in several plans are reduced to one. Where the client's own
query shows a value, its hit stands for it: what the client would see anyway stays. Else the one that ranks highest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ltrr_opensearch.types import DocKey, Hit, Json, PlanResult, SearchRequest

Group = tuple[str, ...]
"""The value of a hit's field as text, empty where it has none: all of these are one group, as in OpenSearch."""


def collapse_field(request: SearchRequest) -> str | None:
    collapse = request.body.get("collapse")
    return str(collapse["field"]) if collapse else None


def collapsing(request: SearchRequest) -> Json:
    """What a request of a collapsed search says so that its hits come collapsed, with their values."""
    return {"collapse": request.body["collapse"]} if "collapse" in request.body else {}


def group_of(hit: Json, field: str) -> Group:
    return tuple(map(repr, hit.get("fields", {}).get(field, ())))


def one_each(results: Sequence[PlanResult], own: Iterable[Hit], field: str) -> list[PlanResult]:
    """The results without the hits of a value for which another hit stands; `own` are the client's own."""
    stands: dict[Group, DocKey] = {}
    by_rank = sorted((hit for result in results for hit in result.hits), key=lambda hit: hit.rank)
    for hit in (*own, *by_rank):
        stands.setdefault(group_of(hit.raw, field), hit.key)
    return [
        replace(result, hits=tuple(hit for hit in result.hits if stands[group_of(hit.raw, field)] == hit.key))
        for result in results
    ]
