import numpy as np
import pytest

from ltrr_opensearch.evaluate.measures import mean, ndcg, paired_difference, per_query
from ltrr_opensearch.logged import Judgment

QRELS = [Judgment("q1", "a", 3), Judgment("q1", "b", 1), Judgment("q1", "c", 0), Judgment("q2", "a", 2)]


def test_measures_by_query() -> None:
    values = per_query(QRELS, {"q1": ["b", "a", "x"], "q2": ["x", "y"]})
    ideal = 3 + 1 / np.log2(3)
    assert values["nDCG@10"]["q1"] == pytest.approx((1 + 3 / np.log2(3)) / ideal)
    assert values["RR"] == {"q1": 1.0, "q2": 0.0}
    assert values["Judged@10"]["q1"] == pytest.approx(2 / 3)


def test_an_empty_ranking_counts_zero_and_a_query_without_judgments_not_at_all() -> None:
    values = per_query(QRELS, {"q1": [], "unknown": ["a"]})
    assert values["nDCG@10"] == {"q1": 0.0}


def test_the_order_of_the_list_is_the_ranking_however_long_it_is() -> None:
    ids = [f"x{i}" for i in range(8)] + ["a"]
    assert per_query(QRELS, {"q2": ids})["RR"]["q2"] == pytest.approx(1 / 9)


def test_our_ndcg_of_one_list_is_that_of_ir_measures() -> None:
    chance = np.random.default_rng(0)
    grades, scores = chance.integers(0, 4, 30).astype(float), chance.random(30).astype(np.float32)
    judged = [Judgment("q", str(n), grade) for n, grade in enumerate(grades)]
    ranking = [str(n) for n in np.argsort(-scores)]
    expected = per_query(judged, {"q": ranking}, ["nDCG@10"])["nDCG@10"]["q"]
    assert ndcg(grades, scores) == pytest.approx(expected)
    assert ndcg(np.zeros(3), scores[:3]) == 0.0


def test_mean_of_nothing_is_not_a_number() -> None:
    assert mean({"a": 1.0, "b": 0.0}) == 0.5
    assert np.isnan(mean({}))


def test_the_interval_of_a_difference_is_seeded_and_paired() -> None:
    theirs = {str(i): i / 100 for i in range(100)}
    ours = {q: v + 0.01 for q, v in theirs.items()}
    first = paired_difference(ours, theirs)
    assert first == paired_difference(ours, theirs)
    assert first.low == pytest.approx(0.01)
    assert first.high == pytest.approx(0.01)
    assert first.clear
    assert first.queries == 100


def test_the_interval_covers_the_true_difference_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    covered = 0
    for trial in range(200):
        gaps = rng.exponential(0.1, size=60)
        ours = {str(i): float(g) for i, g in enumerate(gaps)}
        found = paired_difference(ours, dict.fromkeys(ours, 0.0), resamples=300, seed=trial)
        covered += found.low <= 0.1 <= found.high
    assert 0.88 <= covered / 200 <= 0.98


def test_no_query_in_common() -> None:
    nothing = paired_difference({"a": 1.0}, {"b": 1.0})
    assert nothing.queries == 0
    assert not nothing.clear
