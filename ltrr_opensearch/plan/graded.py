"""Clauses for what belongs to something to a degree: one for each tenth, so that a clause stays small."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ltrr_opensearch.knowledge.degrees import Belonging
from ltrr_opensearch.types import Json

LEAST_DEGREE = 0.05
"""Who belongs to something by less is not asked for."""


class Grade(NamedTuple):
    clause: Json
    degree: float


def grades(belonging: Iterable[Belonging], field: str, filters: Sequence[Json]) -> list[Grade]:
    """Documents whose field holds a member's key, the sure ones first; `filters` hold for each."""
    tenths: dict[float, list[str]] = {}
    for one in belonging:
        if one.degree >= LEAST_DEGREE:
            tenths.setdefault(max(round(one.degree, 1), 0.1), []).append(one.key)
    return [
        Grade({"bool": {"filter": [*filters, {"terms": {field: keys}}]}}, degree)
        for degree, keys in sorted(tenths.items(), reverse=True)
    ]
