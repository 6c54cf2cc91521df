import numpy as np
import pytest

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.rank.linear import LinearRanker, fit, from_json


def test_an_unknown_feature_counts_nothing() -> None:
    ranker = LinearRanker(("a", "b"), np.array([2.0, 1.0]))
    rows = np.array([[1, np.nan], [np.nan, 3]], dtype=np.float32)
    assert ranker.score(rows).tolist() == [2, 3]


def test_pairs_teach_direction_and_proportion_whatever_the_scale() -> None:
    rng = np.random.default_rng(0)
    rows = (rng.normal(size=(400, 3)) * [1, 1000, 1]).astype(np.float32)
    wanted = rows @ np.array([1.0, 0.002, 0.0])
    pairs = rng.integers(0, 400, size=(4000, 2))
    better = np.where(wanted[pairs[:, 0]] > wanted[pairs[:, 1]], pairs[:, 0], pairs[:, 1])
    worse = pairs.sum(axis=1) - better
    weights = fit(rows, better, worse, np.ones(4000), ridge=0.001)
    assert weights[1] / weights[0] == pytest.approx(0.002, rel=0.1)
    assert abs(weights[2]) < 0.1 * weights[0]


def test_a_constant_column_gets_no_weight() -> None:
    rows = np.array([[1, 7], [0, 7]], dtype=np.float32)
    weights = fit(rows, np.array([0]), np.array([1]), np.ones(1), ridge=0.1)
    assert weights[0] > 0
    assert weights[1] == 0


def test_payload_round_trip_and_a_damaged_one() -> None:
    ranker = LinearRanker(("a", "b"), np.array([2.0, 1.0]))
    assert from_json(ranker.to_json()).weights.tolist() == [2, 1]
    with pytest.raises(ModelError, match="2 features but weights of shape"):
        from_json({"features": ["a", "b"], "weights": [1.0]})
