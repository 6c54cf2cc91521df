"""Rankers from people's ratings: what is learned from what nobody rated, what judges, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.learn.from_ratings import RATED, Rated, learn_ratings, train_rated
from ltrr_opensearch.learn.job import Job
from ltrr_opensearch.learn.publishable import refuse_unservable
from ltrr_opensearch.learn.ranker import train_on
from ltrr_opensearch.learn.rated import Listed, by_query, dataset_from_ratings, weights_by_query
from ltrr_opensearch.learn.watermarks import through
from ltrr_opensearch.logged import Judgment, Part
from ltrr_opensearch.rank.rows import whole_names
from tests.learn.shop import Shop

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def rated(job: Job, queries: int = 30, candidates: int = 20, *, liked: int = 1, first: int = 0) -> Rated:
    """What plan `original` scores high is good, what `knn` does is not; every third candidate was rated by nobody."""
    names, rng = whole_names(job.index_settings), np.random.default_rng(first)
    lists, grades = [], {}
    for n in range(first, first + queries):
        rows = np.full((candidates, len(names)), np.nan, dtype=np.float32)
        score = rng.random(candidates, dtype=np.float32)
        rows[:, names.index("original.score")] = score[:: liked or 1]
        rows[:, names.index("knn.score")] = rng.random(candidates)
        rows[:, names.index("plans.fused")] = rng.random(candidates)
        ids = tuple(f"d{i}" for i in range(candidates))
        lists.append(Listed(f"q{n}", ids, rows))
        grades[f"q{n}"] = {id: float(np.floor(score[i] * 3.99)) for i, id in enumerate(ids) if i % 3}
    return Rated(lists, grades, ())


@pytest.fixture
def job(client: OpenSearch, index_name: str) -> Job:
    return Shop.create(client, index_name).job(NOW)


@pytest.fixture
def apart() -> Job:
    """Training needs no cluster."""
    return Shop(OpenSearch("http://localhost:9"), "apart").job(NOW)


def test_ratings_of_one_query_in_two_spellings_are_one() -> None:
    found = by_query(
        [Judgment("Red  Shoes", "a", 1.0), Judgment("red shoes", "a", 3.0), Judgment("red shoes", "b", 0.0)]
    )
    assert found == {"red shoes": {"a": 3.0, "b": 0.0}}


def test_what_nobody_rated_is_learned_from_at_a_weight_of_its_own() -> None:
    rows = np.zeros((3, 1), dtype=np.float32)
    lists = [Listed("q", ("a", "b", "c"), rows), Listed("all alike", ("a", "b", "c"), rows)]
    grades: Mapping[str, Mapping[str, float]] = {"q": {"a": 2.0, "b": 0.0}, "all alike": {"a": 0.0}}
    data = dataset_from_ratings(lists, grades, ("x",), (), unrated=0.2)
    assert data.query == ("q",)
    assert data.grades.tolist() == [2.0, 0.0, 0.0]
    assert data.weights.tolist() == pytest.approx([1.0, 1.0, 0.2])
    assert data.judging(new=True).grades.tolist() == [2.0, 0.0, 0.0]


def test_a_grade_that_is_less_sure_weighs_less() -> None:
    judged = [Judgment("Q", "a", 2.0, 0.7), Judgment("q", "a", 1.0, 0.9), Judgment("q", "b", 0.0, 0.4)]
    sure = weights_by_query(judged)
    assert sure == {"q": {"a": 0.7, "b": 0.4}}
    lists = [Listed("q", ("a", "b", "c"), np.zeros((3, 1), dtype=np.float32))]
    data = dataset_from_ratings(lists, by_query(judged), ("x",), (), sure=sure)
    assert data.weights.tolist() == pytest.approx([0.7, 0.4, 1.0])


def test_several_searches_of_a_query_share_its_weight_and_a_memory_is_forgotten_half_the_time() -> None:
    rows = np.ones((2, 2), dtype=np.float32)
    data = dataset_from_ratings([Listed("q", ("a", "b"), rows)] * 2, {"q": {"a": 1.0}}, ("x", "memory"), ("memory",))
    assert data.new == (False, True) * 2
    assert data.weights.tolist() == [0.25] * 8
    assert np.isnan(data.rows[:, 1]).tolist() == [False, False, True, True] * 2


def test_a_ranker_of_ratings_is_published_and_the_rest_of_the_release_stays(job: Job) -> None:
    first = job.store.publish("shop", {"memory": Part("memory", "shop", "v1", "memory", b"x", _sha(b"x"), NOW)})
    done = learn_ratings(rated(job), job)
    assert done.verdicts[0].passed, done.verdicts
    assert done.verdicts[0].reason.startswith("nDCG@10 by ratings ")
    assert done.release not in (None, first)
    current = job.store.current("shop")
    assert current
    assert set(current.parts) == {"memory", "ranker"}
    part = current.parts["ranker"]
    assert len(part.meta[RATED]) == 30
    assert through(part) is None, "it has learned no search: the next run of `ltrr learn` goes on as before"
    refuse_unservable(part, job.index_settings)


def test_a_dry_run_publishes_nothing_and_neither_does_one_of_a_pinned_index(job: Job) -> None:
    assert learn_ratings(rated(job), job, dry_run=True).release is None
    assert job.store.current("shop") is None


def test_a_worse_ranker_is_refused_and_what_serves_stays(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    serving = learn_ratings(rated(job), job).release
    monkeypatch.setattr("ltrr_opensearch.learn.from_ratings.train_on", _backwards)
    refused = learn_ratings(rated(job, first=100), job)
    assert refused.release is None
    assert "worse by more than learn.gate_margin" in refused.verdicts[0].reason
    assert job.store.current_id("shop") == serving


def test_queries_whose_ratings_what_serves_has_learned_do_not_judge_it(apart: Job) -> None:
    part = train_rated(rated(apart), apart, None).part
    assert part
    again = train_rated(rated(apart), apart, part)
    assert again.verdict.passed, "or the same ratings could never be learned anew"
    assert "the fused order in place of what serves" in again.verdict.reason
    judged = train_rated(rated(apart, 40), apart, part).verdict.compared
    assert judged
    assert judged.rounds == 10


def test_too_few_queries_are_refused(job: Job) -> None:
    refused = learn_ratings(rated(job, 9), job)
    assert refused.release is None
    assert (
        "9 of 9 rated queries found documents of different grades, fewer than 10; rate more"
        in refused.verdicts[0].reason
    )


def test_what_cannot_be_read_or_was_trained_on_other_features_is_refused_with_the_reason(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = learn_ratings(rated(job), job).release
    real = train_on
    for spoil, told in (
        (lambda part: replace(part, payload=b"{"), "cannot be read"),
        (lambda part: replace(part, checks={**part.checks, "scores": [9.0] * 16}), "does not give its stored scores"),
        (_renamed, "it reads price, which index 'shop' does not have; train it on the index's features"),
    ):
        made: list[Part] = []

        def train(*args: object, spoil: object = spoil, made: list[Part] = made) -> Part:
            part = real(*args)  # type: ignore[arg-type]
            made.append(part)
            return spoil(part) if len(made) > 5 else part  # type: ignore[operator]

        monkeypatch.setattr("ltrr_opensearch.learn.from_ratings.train_on", train)
        refused = learn_ratings(rated(job, first=200), job)
        assert not refused.verdicts[0].passed
        assert told in refused.verdicts[0].reason
        assert job.store.current_id("shop") == serving


def test_a_feature_of_the_same_name_and_another_query_is_another_feature(apart: Job) -> None:
    part = train_rated(rated(apart), apart, None).part
    assert part
    reading = replace(part, payload=part.payload.replace(b'"original.score"', b'"bm25_title"'))
    refuse_unservable(reading, apart.index_settings)
    other = replace(reading, meta={**part.meta, "feature_set": "0123456789ab"})
    with pytest.raises(ModelError, match="trained on feature set 0123456789ab, index 'shop' has"):
        refuse_unservable(other, apart.index_settings)


def _backwards(*args: object) -> Part:
    part = train_on(*args)  # type: ignore[arg-type]
    model = json.loads(part.payload)
    return replace(part, payload=json.dumps({**model, "weights": [-w for w in model["weights"]]}).encode())


def _renamed(part: Part) -> Part:
    return replace(part, payload=part.payload.replace(b'"original.score"', b'"price"'))


def _sha(content: bytes) -> str:
    from hashlib import sha256

    return sha256(content).hexdigest()
