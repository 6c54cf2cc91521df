"""Entities asked for by name, each with a score: what plans of the memory and of what is popular ask."""

from __future__ import annotations

from collections.abc import Iterable

from ltrr_opensearch.types import Json

MAX_ENTITIES = 1000
"""A bool query takes at most 1,024 clauses by default."""


def scored_clause(scored: Iterable[tuple[str, float]], named_by: str | None, digits: int) -> Json | None:
    """One constant_score for each distinct score, rounded; None where nothing is asked for.

    `named_by`: the field that names entities as events do, else they are documents by `_id`.
    """
    ids_by_score: dict[float, list[str]] = {}
    for entity, score in scored:
        ids_by_score.setdefault(max(round(score, digits), 0.1**digits), []).append(entity)
    if not ids_by_score:
        return None
    should = [
        {"constant_score": {"filter": _any(ids, named_by), "boost": boost}} for boost, ids in ids_by_score.items()
    ]
    return {"bool": {"should": should, "minimum_should_match": 1}}


def _any(ids: list[str], named_by: str | None) -> Json:
    return {"terms": {named_by: ids}} if named_by else {"ids": {"values": ids}}
