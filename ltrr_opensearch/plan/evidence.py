"""What in a document's fields speaks for a slot, and by how much: a value belongs to a document to a degree.

A number that is only near the one asked for counts half ("15 inch" and a screen of 15.6); a document that lacks the
field neither has nor contradicts a range.
"""

from __future__ import annotations

from ltrr_opensearch.lookup import key_of
from ltrr_opensearch.propose.names import feature_name
from ltrr_opensearch.types import Json, SlotValue

NEAR = 0.05
"""Numbers are near within this share."""
MOST_PROPOSED = 16
"""Values that are looked for among proposals, the usual spellings first: each is a clause."""


def matching(slot: SlotValue) -> Json:
    """Documents that have the value, or a number or date in the range."""
    if slot.ranged:
        return _range(slot.field, slot.gte, slot.lte)
    if slot.kind == "boolean":
        return {"term": {slot.field: slot.value == "true"}}
    return {"terms": {slot.field: list(slot.spellings or (slot.value,))}}


def evidence(slot: SlotValue, weight: float) -> list[Json]:
    """Scored clauses of which one or more hold for a document that has the value; together `weight` at most."""
    if slot.kind == "number" and slot.gte == slot.lte and isinstance(slot.gte, float | int):
        give = abs(slot.gte) * NEAR
        near = _range(slot.field, slot.gte - give, slot.gte + give)
        return [scored(near, weight / 2), scored(matching(slot), weight / 2)]
    return [scored(matching(slot), weight)]


def proposed(slot: SlotValue, field: str, weight: float) -> list[Json]:
    """Documents that lack the slot's field and for which a value of it is proposed: `weight` times its confidence.

    `field` is the `rank_features` field of proposals. Of several ways in which the value is there the surest counts.
    """
    if slot.kind not in ("keyword", "boolean"):
        return []
    keys = dict.fromkeys(map(key_of, slot.spellings or (slot.value,)))
    names = [feature_name(slot.field, key) for key in list(keys)[:MOST_PROPOSED]]
    clauses = [
        {"rank_feature": {"field": f"{field}.{name}", "linear": {}, "boost": round(weight, 4)}} for name in names
    ]
    return clauses if len(clauses) == 1 else [{"dis_max": {"queries": clauses}}]


def lacking(field: str) -> Json:
    """Documents without the field, for nothing."""
    return {"bool": {"filter": [{"bool": {"must_not": [{"exists": {"field": field}}]}}]}}


def _range(field: str, gte: float | str | None, lte: float | str | None) -> Json:
    """Days are told with their format: the mapping's own may be another."""
    bounds: Json = {k: v for k, v in (("gte", gte), ("lte", lte)) if v is not None}
    dated = any(isinstance(bound, str) for bound in bounds.values())
    return {"range": {field: bounds | ({"format": "yyyy-MM-dd"} if dated else {})}}


def scored(query: Json, boost: float) -> Json:
    return {"constant_score": {"filter": query, "boost": round(boost, 4)}}
