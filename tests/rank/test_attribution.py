"""How much each feature moved a score: beside brute force, beside LightGBM, and the sums that must hold."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import lightgbm
import numpy as np
import pytest

from ltrr_opensearch.protocols import Attributing
from ltrr_opensearch.rank.in_cluster import ClusterRanker
from ltrr_opensearch.rank.linear import LinearRanker
from ltrr_opensearch.rank.tree import Tree
from ltrr_opensearch.rank.trees import TreeRanker, from_lightgbm
from ltrr_opensearch.types import Doubles, Matrix

NAMES = tuple(f"f{i}" for i in range(5))


def table(count: int, seed: int, unknown: float = 0.2) -> Matrix:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, len(NAMES))).astype(np.float32)
    values[rng.random(values.shape) < unknown] = np.nan
    return values


def trained(leaves: int, trees: int = 12) -> tuple[lightgbm.Booster, TreeRanker]:
    rows = table(800, 1)
    known = np.nan_to_num(rows)
    wanted = known[:, 0] + known[:, 1] * known[:, 2] - np.isnan(rows[:, 3])
    parameters = {"objective": "regression", "num_leaves": leaves, "verbose": -1, "num_threads": 1, "seed": 1}
    booster = lightgbm.train(parameters, lightgbm.Dataset(rows, wanted), trees)
    return booster, from_lightgbm([booster.dump_model()], NAMES)


def by_definition(ranker: TreeRanker, row: Matrix, beside: Matrix) -> list[float]:
    """Shapley's own formula, over every coalition."""
    count = len(NAMES)

    def worth(coalition: tuple[int, ...]) -> float:
        mixed = beside.copy()
        mixed[:, list(coalition)] = row[list(coalition)]
        return float(ranker.score(mixed).astype(np.float64).mean())

    values = []
    for feature in range(count):
        others = [f for f in range(count) if f != feature]
        value = 0.0
        for size in range(count):
            weight = factorial(size) * factorial(count - size - 1) / factorial(count)
            for coalition in combinations(others, size):
                value += weight * (worth((*coalition, feature)) - worth(coalition))
        values.append(value)
    return values


@pytest.mark.parametrize("leaves", [2, 4, 15])
def test_the_values_are_shapleys(leaves: int) -> None:
    _, ranker = trained(leaves)
    rows, beside = table(4, 2), table(7, 3)
    found = ranker.contributions(rows, beside)
    for row, values in zip(rows, found, strict=True):
        np.testing.assert_allclose(values, by_definition(ranker, row, beside), atol=1e-5)


def test_trees_of_one_split_are_attributed_as_by_lightgbm() -> None:
    """Its values go by the rows of training; where no tree has two features, that is the same game beside these."""
    booster, ranker = trained(2)
    rows, beside = table(50, 2), table(800, 1)
    theirs = np.asarray(booster.predict(rows, pred_contrib=True))
    np.testing.assert_allclose(ranker.contributions(rows, beside), theirs[:, :-1], atol=1e-4)


def weighted() -> LinearRanker:
    return LinearRanker(NAMES, np.array([1.0, -2.0, 0.0, 0.5, 3.0]))


RANKERS: list[TreeRanker | LinearRanker] = [
    trained(31)[1],
    weighted(),
    TreeRanker(NAMES, (Tree((), (), (), (), (), (0.5,)),)),
]


@pytest.mark.parametrize("ranker", RANKERS)
def test_they_add_up_to_the_score_less_the_mean(ranker: TreeRanker | LinearRanker) -> None:
    rows, beside = table(20, 4), table(30, 5)
    assert isinstance(ranker, Attributing)
    found = ranker.contributions(rows, beside)
    apart = ranker.score(rows).astype(np.float64) - ranker.score(beside).astype(np.float64).mean()
    np.testing.assert_allclose(found.sum(axis=1), apart, atol=1e-5)


def test_a_linear_model_moves_by_weight_times_deviation() -> None:
    rows: Doubles = np.array([[1.0, 1.0, 1.0, np.nan, 1.0]])
    found = weighted().contributions(rows.astype(np.float32), np.zeros((2, 5), dtype=np.float32))
    assert found.tolist() == [[1.0, -2.0, 0.0, 0.0, 3.0]]


def test_a_ranker_of_the_cluster_tells_the_features_that_it_was_made_of() -> None:
    ranker = ClusterRanker(weighted(), ["f0"])
    rows, beside = (np.hstack([np.zeros((len(t), 1), dtype=np.float32), t]) for t in (table(3, 6), table(4, 7)))
    np.testing.assert_allclose(
        ranker.contributions(rows, beside)[:, 1:], weighted().contributions(rows[:, 1:], beside[:, 1:])
    )
