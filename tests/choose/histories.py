"""A query, plans and a log about them: what features are made of."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from ltrr_opensearch.knowledge.aggregates import Aggregates
from ltrr_opensearch.knowledge.cells import COLUMNS, KIND, OVERALL, QUERY, USER, Cell, Key, Whole
from ltrr_opensearch.types import (
    AnalyzedQuery,
    Asker,
    EntityScore,
    QueryPlan,
    Reading,
    Remembered,
    SearchRequest,
    SlotValue,
    VectorUse,
)

AT = datetime(2026, 3, 7, 14, tzinfo=UTC)
BRAND = SlotValue("brand", "acme", 0, 1, 0.9)
ASKER = Asker(user="u1", device="tv", locale="de-DE", segment="a|b c:d")
VALUES = Reading((BRAND,), "", 0.8)


def analyzed(text: str, *readings: Reading, asker: Asker = ASKER, at: datetime = AT) -> AnalyzedQuery:
    request = SearchRequest("q", "shop", text, {}, (), (), (), 10, 20, asker, None, at)
    remembered = (Remembered(text, 1.0, (EntityScore("1", 0.7), EntityScore("2", 0.2))),)
    return AnalyzedQuery(request, text, tuple(text.split()), "en", readings, remembered)


def plan(name: str, source: str = "dense", **facts: float) -> QueryPlan:
    return QueryPlan(name, name, source, lambda _depth, _vector: None, VectorUse.NEEDED, facts=facts)


def aggregates(wholes: dict[Key, Whole], cells: dict[tuple[Key, str], Cell]) -> Aggregates:
    keys = sorted({*wholes, *(key for key, _ in cells)})
    strategies = sorted({strategy for _, strategy in cells})
    sums = np.zeros((len(keys), 1 + len(strategies), COLUMNS), np.float32)
    for key, whole in wholes.items():
        sums[keys.index(key), 0, : len(whole)] = whole
    for (key, strategy), cell in cells.items():
        sums[keys.index(key), 1 + strategies.index(strategy)] = cell
    return Aggregates({key: i for i, key in enumerate(keys)}, tuple(strategies), sums, {}, AT)


KNOWN = aggregates(
    {
        (QUERY, "acme"): Whole(asked=4, rewarded=2, found=2, failed=1, compared=4, repeated=3, values=3),
        (USER, "u1"): Whole(asked=8, rewarded=4, failed=2, values=6, words=2),
    },
    {
        (OVERALL, "knn"): Cell(
            *(10, 8, 6, 3, 500, 120, 200, 10, 20, 5, 2, 5, 1, 4, 1),
        ),
        ((KIND, "values"), "knn"): Cell(*(4, 4, 1, 0.5, 40, 40, 80, 4, 24, 2, 1, 0, 0, 2, 1)),
        ((QUERY, "acme"), "knn"): Cell(*(2, 2, 2, 2, 9, 20, 40, 2, 2, 1, 1, 0, 0, 2, 2), last_score=2, last_results=7),
        ((USER, "u1"), "knn"): Cell(asked=3, rewarded=2, found=1),
    },
)
