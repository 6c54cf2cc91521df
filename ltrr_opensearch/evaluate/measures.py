"""Retrieval measures of rankings against judgments, through ir_measures, and intervals of differences over queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import MissingExtra
from ltrr_opensearch.logged import Judgment

MEASURES = ("nDCG@10", "RR", "Judged@10")

PerQuery = dict[str, dict[str, float]]
"""measure -> query -> value"""


def per_query(
    judgments: Iterable[Judgment], rankings: Mapping[str, Sequence[str]], measures: Sequence[str] = MEASURES
) -> PerQuery:
    """Each measure of each ranking (ids, best first), by query. A query whose ranking is empty counts 0.

    Grades are rounded to whole numbers; RR takes a grade of 1 or more as relevant. Queries without a judgment are
    left out: nothing is known about them.
    """
    try:
        import ir_measures
    except ImportError as e:
        raise MissingExtra("ir_measures", "evaluate") from e
    qrels: dict[str, dict[str, int]] = {}
    for j in judgments:
        qrels.setdefault(j.query, {})[j.id] = round(j.grade)
    asked = {q: ids for q, ids in rankings.items() if q in qrels}
    run = {q: {id_: float(len(ids) - i) for i, id_ in enumerate(ids)} for q, ids in asked.items() if ids}
    values: PerQuery = {m: dict.fromkeys(asked, 0.0) for m in measures}
    parsed = [ir_measures.parse_measure(m) for m in measures]
    for metric in ir_measures.iter_calc(parsed, {q: qrels[q] for q in asked}, run):
        values[str(metric.measure)][metric.query_id] = metric.value
    return values


def ndcg(grades: NDArray[np.float64], scores: NDArray[np.float32], depth: int = 10) -> float:
    """nDCG of one list ordered by its scores, ties as they come; gains are the grades, which need not be whole."""
    best = _dcg(np.sort(grades)[::-1][:depth])
    return _dcg(grades[np.argsort(-scores, kind="stable")][:depth]) / best if best > 0 else 0.0


def _dcg(gains: NDArray[np.float64]) -> float:
    return float((gains / np.log2(np.arange(2, len(gains) + 2))).sum())


def mean(values: Mapping[str, float]) -> float:
    return float(np.mean(list(values.values()))) if values else float("nan")


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of `ours - theirs` over the queries both have, with a bootstrap interval."""

    mean: float
    low: float
    high: float
    queries: int

    @property
    def clear(self) -> bool:
        """Whether the interval leaves 0 out."""
        return self.low > 0 or self.high < 0


def paired_difference(
    ours: Mapping[str, float],
    theirs: Mapping[str, float],
    *,
    confidence: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> Difference:
    """Percentile bootstrap over queries, resampled in pairs: which queries were asked is the chance that counts."""
    both = sorted(ours.keys() & theirs.keys())
    if not both:
        nan = float("nan")
        return Difference(nan, nan, nan, 0)
    gaps = np.array([ours[q] - theirs[q] for q in both])
    picks = np.random.default_rng(seed).integers(0, len(gaps), size=(resamples, len(gaps)))
    tail = (1 - confidence) / 2
    low, high = np.quantile(gaps[picks].mean(axis=1), [tail, 1 - tail])
    return Difference(float(gaps.mean()), float(low), float(high), len(both))
