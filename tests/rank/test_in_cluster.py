"""Scores that came from the cluster, what the proxy adds to them, and ours where none came."""

import numpy as np
import pytest

from ltrr_opensearch.rank.in_cluster import SCORE, ClusterRanker, split
from ltrr_opensearch.rank.linear import LinearRanker
from ltrr_opensearch.rank.load import Packed
from ltrr_opensearch.rank.tree import Tree
from ltrr_opensearch.rank.trees import TreeRanker

NAMES = ("bm25", "dense", "plans.fused")
LOGGED = ("bm25", "dense")
LINEAR = LinearRanker(NAMES, np.array([2.0, 0.0, 0.5]))
TREES = TreeRanker(
    NAMES,
    (
        Tree((0, 1), (0.5, 0.1), (True, False), (~0, ~1), (1, ~2), (-1.0, 1.0, 3.0)),
        Tree((2,), (0.2,), (False,), (~0,), (~1,), (-0.5, 0.5)),
        Tree((0, 2), (1.0, 0.3), (True, True), (~0, ~1), (1, ~2), (0.1, 0.2, 0.3)),
        Tree((), (), (), (), (), (0.25,)),
    ),
)
ROWS = np.array([[0.2, 0.4, 0.1], [3.0, np.nan, 0.9], [np.nan, 0.0, 0.25]], dtype=np.float32)


@pytest.mark.parametrize("whole", [LINEAR, TREES], ids=["linear", "trees"])
def test_both_parts_add_up_and_the_clusters_reads_logged_features_alone(whole: Packed) -> None:
    there, here = split(whole, LOGGED)
    assert there.used <= set(LOGGED)
    assert there.used
    np.testing.assert_allclose(there.score(ROWS) + here.score(ROWS), whole.score(ROWS), atol=1e-6)


@pytest.mark.parametrize("whole", [LINEAR, TREES], ids=["linear", "trees"])
def test_ours_adds_the_rest_and_fills_in(whole: Packed) -> None:
    ranker = ClusterRanker(whole, LOGGED)
    assert ranker.features == (SCORE, *NAMES)
    there, _ = split(whole, LOGGED)
    theirs = there.score(ROWS)
    theirs[1] = np.nan
    scores = ranker.score(np.column_stack([theirs, ROWS]))
    np.testing.assert_allclose(scores, whole.score(ROWS), atol=1e-6)
    assert ranker.score(np.zeros((0, 4), dtype=np.float32)).tolist() == []


def test_it_has_the_name_of_its_model_and_reads_what_that_reads() -> None:
    assert ClusterRanker(LINEAR, LOGGED).name == LINEAR.name
    assert ClusterRanker(LINEAR, LOGGED).used == {SCORE, "bm25", "plans.fused"}
