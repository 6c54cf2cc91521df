"""Candidates beside what serves, on searches that the candidate was not trained on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.evaluate.measures import mean, paired_difference
from ltrr_opensearch.learn.dataset import Dataset, dataset_from_rounds
from ltrr_opensearch.learn.gate import Compared
from ltrr_opensearch.protocols import Ranker
from ltrr_opensearch.rank.rows import feature_names
from ltrr_opensearch.settings import IndexSettings
from ltrr_opensearch.types import Matrix, Round

DEPTH = 10
FUSED = "plans.fused"


def compare_rankers(
    candidate: Ranker, serving: Ranker | None, rounds: Sequence[Round], index: IndexSettings
) -> Compared:
    """nDCG@10 over click grades, mean over queries; where no ranker serves yet, beside the fused order."""
    data = dataset_from_rounds(rounds, feature_names(index), ())
    if not data.query:
        return Compared("nDCG@10", 0.0, 0.0, 0.0, 0.0, 0, "no later search was acted upon with other candidates beside")
    ours = _by_query(data, _scores(data, candidate))
    theirs = _by_query(data, _scores(data, serving))
    gap = paired_difference(ours, theirs)
    return Compared("nDCG@10", mean(ours), mean(theirs), gap.low, gap.high, len(data.query))


def _scores(data: Dataset, ranker: Ranker | None) -> Matrix:
    """NaN for the columns of a ranker that this configuration no longer has."""
    if ranker is None:
        return np.nan_to_num(data.rows[:, data.names.index(FUSED)])
    columns = [data.names.index(n) if n in data.names else -1 for n in ranker.features]
    rows = np.hstack([data.rows, np.full((len(data.rows), 1), np.nan, dtype=np.float32)])
    return ranker.score(rows[:, columns])


def _by_query(data: Dataset, scores: Matrix) -> dict[str, float]:
    values: defaultdict[str, list[float]] = defaultdict(list)
    for number, query in enumerate(data.query):
        rows = data.group == number
        grades = data.grades[rows]
        order = np.argsort(-scores[rows], kind="stable")
        values[query].append(_dcg(grades[order]) / _dcg(np.sort(grades)[::-1]))
    return {query: float(np.mean(each)) for query, each in values.items()}


def _dcg(grades: NDArray[np.float64]) -> float:
    top = grades[:DEPTH]
    return float((top / np.log2(np.arange(2, len(top) + 2))).sum())
