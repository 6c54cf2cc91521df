"""Candidates beside what serves, each search judged by a candidate that was not trained on it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ltrr_opensearch.evaluate.estimators import Terms
from ltrr_opensearch.evaluate.intervals import bootstrap_difference
from ltrr_opensearch.evaluate.measures import mean, ndcg, paired_difference
from ltrr_opensearch.evaluate.off_policy import LOGGED, Report, compare
from ltrr_opensearch.learn.dataset import Dataset, dataset_from_rounds
from ltrr_opensearch.learn.gate import Compared
from ltrr_opensearch.logged import Round
from ltrr_opensearch.protocols import Policy, Ranker
from ltrr_opensearch.rank.rows import feature_names
from ltrr_opensearch.settings import IndexSettings, Settings
from ltrr_opensearch.types import Matrix

FUSED = "plans.fused"
CANDIDATE, SERVING = "candidate", "serving"
FOLDS = 4


@dataclass(frozen=True, slots=True)
class _Pooled:
    """One policy over all folds."""

    terms: Terms
    effective: float


def compare_policies(
    train: Callable[[Sequence[Round]], Policy], serving: Policy, rounds: Sequence[Round], settings: Settings
) -> Compared:
    """Reward a search, estimated off-policy, each search by a candidate trained on the other folds.

    So every search counts in the judgment, which a log with little exploration needs. Where the log does not support
    what serves (it may have changed since), what was logged stands in for it.
    """
    folds = [(train(_without(rounds, fold)), rounds[fold::FOLDS]) for fold in range(FOLDS)]
    reports = [compare({CANDIDATE: ours, SERVING: serving}, judged, settings) for ours, judged in folds]
    reports = [report for report in reports if report.rounds]
    if not reports:
        return _unknown("reward", "no search was explored with this ladder")
    judged_on, least = sum(report.rounds for report in reports), settings.learn.min_effective
    ours, theirs = _pooled(reports, CANDIDATE), _pooled(reports, SERVING)
    if ours.effective < least:
        reason = f"{judged_on} searches weigh as {ours.effective:.0f}, fewer than learn.min_effective {least:g}"
        return _unknown("reward", f"{reason}; log more searches or raise choose.floor")
    if theirs.effective < least:
        theirs = _pooled(reports, LOGGED)
    gap = bootstrap_difference(ours.terms, theirs.terms, settings.learn.seed)
    return Compared("reward", ours.terms.value, theirs.terms.value, gap.low, gap.high, judged_on)


def _without(rounds: Sequence[Round], fold: int) -> list[Round]:
    return [one for place, one in enumerate(rounds) if place % FOLDS != fold]


def _pooled(reports: Sequence[Report], name: str) -> _Pooled:
    rows = [report.row(name) for report in reports]
    terms = Terms(
        np.concatenate([row.terms.numerators for row in rows]), np.concatenate([row.terms.denominators for row in rows])
    )
    return _Pooled(terms, sum(row.effective for row in rows))


def compare_rankers(
    candidate: Ranker, serving: Ranker | None, rounds: Sequence[Round], index: IndexSettings
) -> Compared:
    """nDCG@10 over click grades of what was shown, mean over queries; without a serving ranker, beside the fused."""
    data = dataset_from_rounds(rounds, feature_names(index), ()).judging(new=False)
    if not data.query:
        return _unknown("nDCG@10", "no later search was acted upon with other candidates beside")
    ours = _by_query(data, _scores(data, candidate))
    theirs = _by_query(data, _scores(data, serving))
    gap = paired_difference(ours, theirs)
    return Compared("nDCG@10", mean(ours), mean(theirs), gap.low, gap.high, len(data.query))


def _unknown(measure: str, refusal: str) -> Compared:
    return Compared(measure, 0.0, 0.0, 0.0, 0.0, 0, refusal)


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
        values[query].append(ndcg(data.grades[rows], scores[rows]))
    return {query: float(np.mean(each)) for query, each in values.items()}
