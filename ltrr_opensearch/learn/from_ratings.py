"""A ranker from people's ratings, judged, and published where it holds; everything else of the release stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from ltrr_opensearch.errors import DataError, MissingExtra
from ltrr_opensearch.learn.candidates import Trained
from ltrr_opensearch.learn.compare import compare_on_queries
from ltrr_opensearch.learn.dataset import Dataset
from ltrr_opensearch.learn.gate import Verdict, judge
from ltrr_opensearch.learn.job import Job, Learned, brought, serving_parts, with_verdict
from ltrr_opensearch.learn.publishable import servable
from ltrr_opensearch.learn.ranker import FOLDS, train_on
from ltrr_opensearch.learn.rated import Listed, dataset_from_ratings
from ltrr_opensearch.logged import Part, Round
from ltrr_opensearch.rank.load import load_ranker
from ltrr_opensearch.rank.rows import memory_names, whole_names

LEAST_QUERIES = 2 * FOLDS
RATED = "rated"
"""Key of a part's meta: digests of the queries whose ratings it has learned."""


@dataclass(frozen=True, slots=True)
class Rated:
    """`lists`: the unions of the rated queries; `rounds`: the same searches as they would be logged."""

    lists: Sequence[Listed]
    grades: Mapping[str, Mapping[str, float]]
    rounds: Sequence[Round]
    sure: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Weights of the grades that are not wholly sure."""


def learn_ratings(rated: Rated, job: Job, *, dry_run: bool = False) -> Learned:
    """Publishes as `ltrr learn` does. The part says of no search that it was learned, so clicks go on as before."""
    pinned = job.store.pinned(job.index)
    dry_run = dry_run or pinned is not None
    serving, damaged = serving_parts(job)
    counts = Counter({"queries rated": len(rated.grades), "ratings": sum(map(len, rated.grades.values()))})
    job.progress("training the ranker", 0, None)
    trained = train_rated(rated, job, serving.get("ranker"))
    if not dry_run:
        trained = brought(trained, rated.rounds, job)
    verdicts = (trained.verdict,)
    if dry_run or trained.part is None:
        return Learned(job.index, job.now, counts, verdicts, pinned=pinned)
    parts = {"ranker": with_verdict(trained.part, trained.verdict)}
    release = job.store.publish(job.index, parts, "learn ranker from ratings", damaged & {"ranker"}, unless_pinned=True)
    return Learned(job.index, job.now, counts, verdicts, release)


def train_rated(rated: Rated, job: Job, serving: Part | None) -> Trained:
    """The ranker of all ratings, where one trained on four fifths of the queries does well enough on the others."""
    index, settings = job.index_settings, job.settings
    data = dataset_from_ratings(rated.lists, rated.grades, whole_names(index), memory_names(index), sure=rated.sure)
    queries = sorted(set(data.query))
    if len(queries) < LEAST_QUERIES:
        found = f"{len(queries)} of {len(rated.grades)} rated queries found documents of different grades"
        return Trained(Verdict("ranker", False, f"{found}, fewer than {LEAST_QUERIES}; rate more"))

    def train(some: Dataset) -> Part:
        return train_on(some, settings, index, job.index, job.now)

    try:
        compared = compare_on_queries(data, lambda some: load_ranker(train(some)), _fair(serving, data), FOLDS)
        verdict = judge("ranker", compared, settings.learn)
        if not verdict.passed:
            return Trained(verdict)
        part = train(data)
        part = part.dated(job.now, {RATED: [_digest(q) for q in queries]})
        return servable(Trained(verdict, part), index)
    except (DataError, MissingExtra) as cause:
        return Trained(Verdict("ranker", False, str(cause)))


def _fair(serving: Part | None, data: Dataset) -> tuple[Part | None, frozenset[str]]:
    """What serves, and the queries whose ratings it has not learned: it would remember the others."""
    known = set(serving.meta.get(RATED, ())) if serving else set()
    return serving, frozenset(q for q in data.query if _digest(q) not in known)


def _digest(query: str) -> str:
    return sha256(query.encode()).hexdigest()[:12]
