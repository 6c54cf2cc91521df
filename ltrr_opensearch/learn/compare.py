"""Candidates beside what serves, each search judged by a candidate that was not trained on it.

A policy is judged as it learns: what it has learned before a part of the searches draws for these, and only then are
they learned (progressive validation: Blum, Kalai & Langford 1999). So every search counts in the judgment, which a log
with little exploration needs, training is paid once, and what is published is what was judged, one part further.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Protocol

import numpy as np

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.evaluate.constant import safe_plan
from ltrr_opensearch.evaluate.direct import DirectModel
from ltrr_opensearch.evaluate.intervals import Interval, Sample, student
from ltrr_opensearch.evaluate.measures import mean, ndcg, paired_difference
from ltrr_opensearch.evaluate.off_policy import How, Row, drawn_by, estimated, logged
from ltrr_opensearch.evaluate.table import Floats, Rungs, Table
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.learn.clicks.models import DEFAULT
from ltrr_opensearch.learn.dataset import Dataset, dataset_from_rounds
from ltrr_opensearch.learn.gate import Compared
from ltrr_opensearch.logged import Part, Round
from ltrr_opensearch.protocols import Policy, Ranker
from ltrr_opensearch.rank.feature_sets import OF_BEST
from ltrr_opensearch.rank.load import load_ranker
from ltrr_opensearch.rank.rows import feature_names
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Matrix

FUSED = "plans.fused"
CANDIDATE, SERVING, SAFE = "candidate", "serving", "safe plan"
CUT = How("drs")
"""Every run has to be judged, also by a thin log: weights are cut."""
UNCUT = How()
"""Of the safe plan, which an apprentice's log shows ever more seldom: where weights of it are cut the direct model is
left, which takes strategies for independent and so promises too much of asking them all.
"""
FIRST_CONFIDENCE, CONFIDENCE = 0.99, 0.95
"""Of the interval of a first ranker's gain, which must be proven and is asked for at every run, and of the others'."""
TAUGHT_BY_RATINGS = (
    "what serves was taught by ratings and reads features over the best of the list, which logs hold in part; "
    "teach it anew by `ltrr learn ranker --qrels`, or go back by `ltrr models rollback` to learn from clicks"
)
PARTS = 10
"""In which searches are learned and judged: more cost a model each, fewer judge a candidate that has learned less."""


class Learning(Protocol):
    """A policy in training."""

    def policy(self) -> Policy:
        """What draws with all that was learned so far."""

    def learn(self, rounds: Sequence[Round]) -> None: ...


def compare_policies(
    candidate: Learning, serving: Policy, rounds: Sequence[Round], settings: Settings, *, known: bool = False
) -> Compared:
    """Reward a search, estimated off-policy, while the candidate learns `rounds`, part after part.

    Where the log does not support what serves (it may have changed since), what was logged stands in for it. The safe
    plan is told where the log supports that. `known`: every strategy was asked at the deepest rung, so nothing need be
    estimated.
    """
    table = Table.of(rounds, settings)
    drawn = np.zeros_like(table.drawn)
    for part in parts(len(rounds)):
        own = (table.places >= part.start) & (table.places < part.stop)
        drawn += drawn_by(candidate.policy(), table, settings, own)
        candidate.learn(rounds[part])
    if known:
        return _known(drawn, serving, table, settings)
    return _judged(drawn, serving, table, settings)


def parts(searches: int) -> list[slice]:
    """Places of searches, one part after another."""
    ends = [searches * part // PARTS for part in range(PARTS + 1)]
    return [slice(start, end) for start, end in pairwise(ends)]


def _judged(drawn: Rungs, serving: Policy, table: Table, settings: Settings) -> Compared:
    if not len(table):
        return _unknown("reward", "no search was explored with this ladder")
    model = DirectModel.fitted(table)
    ours = estimated(CANDIDATE, drawn, table, model, settings, CUT)
    least = settings.learn.min_effective
    if (weighs := _weighs(ours)) < least:
        reason = f"{len(table)} searches weigh as {weighs:.0f}, fewer than learn.min_effective {least:g}"
        return _unknown("reward", f"{reason}; log more searches or raise choose.floor")
    served, safe = _drawn_now(serving, table, settings), safe_plan(table, settings.choose.safe_depth)
    theirs = estimated(SERVING, served, table, model, settings, CUT)
    if _weighs(theirs) < least:
        theirs = logged(table, settings)
    gap = student(ours.sample.less(theirs.sample))
    compared = Compared("reward", ours.sample.mean, theirs.sample.mean, gap.low, gap.high, len(table))
    if np.array_equal(served, safe):
        return compared
    begun = estimated(SAFE, safe, table, model, settings, UNCUT)
    if (weighs := _weighs(begun)) < least:
        return replace(compared, safe_untold=f"{len(table)} searches weigh as {weighs:.0f} of it")
    return replace(compared, safe=begun.sample.mean, safe_high=student(ours.sample.less(begun.sample)).high)


def _known(drawn: Rungs, serving: Policy, table: Table, settings: Settings) -> Compared:
    if not len(table):
        return _unknown("reward", "no search was asked again with this ladder")
    served, safe = _drawn_now(serving, table, settings), safe_plan(table, settings.choose.safe_depth)
    ours, theirs, begun = (table.rewards(rungs) for rungs in (drawn, served, safe))
    gap = _gap(ours, theirs, table)
    compared = Compared("reward", float(ours.mean()), float(theirs.mean()), gap.low, gap.high, len(table))
    if np.array_equal(served, safe):
        return compared
    return replace(compared, safe=float(begun.mean()), safe_high=_gap(ours, begun, table).high)


def _gap(ours: Floats, theirs: Floats, table: Table) -> Interval:
    return student(Sample(ours - theirs, table.people, float(np.abs(ours - theirs).max())))


def _drawn_now(serving: Policy, table: Table, settings: Settings) -> Rungs:
    return drawn_by(serving, table, settings, np.ones(len(table), np.bool_))


def _weighs(row: Row) -> float:
    """Effective sample by the weights that occurred or by those that were to be expected, whichever is larger.

    Both are rough on a small log, and with cut weights neither can do much harm.
    """
    return max(row.support.seen, row.support.effective)


def compare_rankers(
    candidate: Ranker, serving: Ranker | None, rounds: Sequence[Round], index: IndexSettings, click_model: str = DEFAULT
) -> Compared:
    """nDCG@10 over click grades of what was shown, mean over queries; without a serving ranker, beside the fused.

    A log holds a part of each list: a ranker that reads columns over a list's best cannot be replayed from it.
    """
    if serving and any(name.endswith(OF_BEST) for name in getattr(serving, "used", serving.features)):
        return _unknown("nDCG@10", TAUGHT_BY_RATINGS)
    data = dataset_from_rounds(rounds, feature_names(index), (), click_model).judging_all()
    if not data.query:
        return _unknown("nDCG@10", "no later search was acted upon with other candidates beside")
    ours = _by_query(data, _scores(data, candidate))
    theirs = _by_query(data, _scores(data, serving))
    confidence = CONFIDENCE if serving else FIRST_CONFIDENCE
    gap = paired_difference(ours, theirs, confidence=confidence)
    return Compared("nDCG@10", mean(ours), mean(theirs), gap.low, gap.high, len(data.query), first=serving is None)


def compare_on_queries(
    data: Dataset, train: Callable[[Dataset], Ranker], serving: tuple[Part | None, Collection[str]], folds: int
) -> Compared:
    """nDCG@10 by ratings, mean over queries, each ordered by a candidate that has not seen it.

    `serving`: what serves, and the queries that may judge it, since it has not learned their ratings. Where hardly any
    are left, the fused order stands in its place.
    """
    part, fair = serving
    queries = sorted(set(data.query))
    judging = [q for q in queries if q in fair]
    alone = len(judging) < folds
    serves = None if part is None or alone else _loaded(part)
    measure = "nDCG@10 by ratings"
    if part is not None and alone:
        measure += " (the fused order in place of what serves, which has learned these ratings)"
    ours: dict[str, float] = {}
    theirs: dict[str, float] = {}
    for fold in range(folds):
        held = set(queries[fold::folds])
        ranker = train(data.only(set(queries) - held))
        test = data.only(held if alone else held & set(judging)).judging(new=True)
        ours |= _by_query(test, _scores(test, ranker))
        theirs |= _by_query(test, _scores(test, serves))
    gap = paired_difference(ours, theirs)
    return Compared(measure, mean(ours), mean(theirs), gap.low, gap.high, len(ours), first=part is None)


def _loaded(part: Part) -> Ranker | None:
    try:
        return load_ranker(part)
    except ModelError:
        return None


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
