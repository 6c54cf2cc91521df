"""Scores that came from the cluster, and ours where none came."""

import numpy as np

from ltrr_opensearch.rank.in_cluster import SCORE, ClusterRanker
from ltrr_opensearch.rank.linear import LinearRanker

OWN = LinearRanker(("f", "g"), np.array([2.0, 0.0]))


def test_the_clusters_score_stands_and_ours_fills_in() -> None:
    ranker = ClusterRanker(OWN)
    assert ranker.features == (SCORE, "f", "g")
    rows = np.array([[7.0, 1.0, 0.0], [np.nan, 3.0, 0.0]], dtype=np.float32)
    assert ranker.score(rows).tolist() == [7.0, 6.0]
    assert ranker.score(rows[:1]).tolist() == [7.0]
    assert ranker.score(rows[:0]).tolist() == []


def test_it_has_the_name_of_its_model_and_reads_what_that_reads() -> None:
    assert ClusterRanker(OWN).name == OWN.name
    assert ClusterRanker(OWN).used == {SCORE, "f"}
