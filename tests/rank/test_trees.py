"""Our tree scorer beside LightGBM's own, and what it refuses."""

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.rank.tree import Tree
from ltrr_opensearch.rank.trees import TreeRanker, from_json, from_lightgbm
from ltrr_opensearch.types import Json

NAMES = tuple(f"f{i}" for i in range(12))
STUMP = Tree((0,), (0.5,), (True,), (~0,), (~1,), (-1.0, 1.0))


def table(count: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, len(NAMES))).astype(np.float32)
    values[rng.random(values.shape) < 0.2] = np.nan
    values[:, 3] = np.nan_to_num(values[:, 3])
    return values


def booster(leaves: int) -> lightgbm.Booster:
    rows = table(1200, 1)
    grades = (np.nan_to_num(rows[:, 0]) + rows[:, 3] > 0).astype(int) + (np.nan_to_num(rows[:, 1]) > 1)
    parameters = {
        "objective": "lambdarank",
        "num_leaves": leaves,
        "min_data_in_leaf": 3,
        "verbose": -1,
        "num_threads": 1,
    }
    return lightgbm.train(parameters, lightgbm.Dataset(rows, grades, group=[20] * 60), 40)


@pytest.mark.parametrize("leaves", [2, 6, 15, 31, 64])
def test_scores_are_lightgbms_unknown_values_too(leaves: int) -> None:
    trained = booster(leaves)
    ours = from_json(from_lightgbm([trained.dump_model()], NAMES).to_json())
    rows = table(300, 2)
    rows[:50, 3] = np.nan  # a column that had no unknown value in training: LightGBM then takes NaN for 0
    np.testing.assert_allclose(ours.score(rows), trained.predict(rows), atol=1e-5)


@given(st.floats(width=32) | st.just(float("nan")))
@settings(max_examples=50)
def test_a_stump(value: float) -> None:
    expected = -1.0 if np.isnan(value) or value <= 0.5 else 1.0
    assert TreeRanker(("a",), (STUMP,)).score(np.array([[value]], dtype=np.float32))[0] == expected


def test_no_rows_no_trees_and_trees_that_are_one_leaf() -> None:
    assert TreeRanker(("a",), (STUMP,)).score(np.zeros((0, 1), dtype=np.float32)).shape == (0,)
    assert TreeRanker(("a",), ()).score(np.zeros((2, 1), dtype=np.float32)).tolist() == [0, 0]
    leaf = Tree((), (), (), (), (), (0.25,))
    assert TreeRanker(("a",), (leaf, STUMP)).score(np.zeros((1, 1), dtype=np.float32)).tolist() == [-0.75]


def test_a_long_list_is_scored_in_parts() -> None:
    many = TreeRanker(("a",), (STUMP,) * 300)
    rows = np.linspace(0, 1, 9000, dtype=np.float32)[:, None]
    np.testing.assert_array_equal(many.score(rows), np.where(rows[:, 0] <= 0.5, -300, 300))


@pytest.mark.parametrize(
    ("tree", "complaint"),
    [
        ({"feature": [5]}, "outside"),
        ({"leaf": [1.0]}, "leaves"),
    ],
)
def test_a_damaged_model_is_refused(tree: Json, complaint: str) -> None:
    good = TreeRanker(("a",), (STUMP,)).to_json()
    with pytest.raises(ModelError, match=complaint):
        from_json({**good, "trees": [{**good["trees"][0], **tree}]})


def test_categorical_splits_are_refused() -> None:
    node = {"decision_type": "==", "left_child": {"leaf_value": 0.0}, "right_child": {"leaf_value": 0.0}}
    with pytest.raises(ModelError, match="categorical"):
        from_lightgbm([{"tree_info": [{"tree_structure": node}]}], ("a",))
