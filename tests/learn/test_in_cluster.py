"""When a ranker may not go into the cluster: without the plugin, or where both places do not agree."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.learn.in_cluster import check_parity
from ltrr_opensearch.learn.run import learn
from ltrr_opensearch.rank.in_cluster import SCORE
from ltrr_opensearch.rank.linear import LinearRanker
from tests.learn.shop import Shop
from tests.learn.synthetic import START, clicks, decisions

RANKER = LinearRanker(("bm25", "dense"), np.array([2.0, 1.0]))


def test_scores_that_agree_are_counted_with_their_largest_difference() -> None:
    parity = check_parity(RANKER, [{"bm25": 1.5, SCORE: 3.0}, {"dense": 0.5, SCORE: 0.500001}, {SCORE: 0.0}])
    assert parity["documents"] == 3
    assert parity["largest_difference"] == pytest.approx(1e-6, rel=0.1)


def test_large_scores_are_compared_by_their_own_size() -> None:
    assert check_parity(RANKER, [{"bm25": 500.0, SCORE: 1000.001}])["documents"] == 1


@pytest.mark.parametrize("theirs", [0.0, 3.0001, float("nan")])
def test_a_difference_is_refused_with_both_scores(theirs: float) -> None:
    with pytest.raises(ModelError, match=rf"scores a document {theirs:.7g} that scores 3 here, 2 compared"):
        check_parity(RANKER, [{"dense": 0.5, SCORE: 0.5}, {"bm25": 1.5, SCORE: theirs}])


def test_a_sample_of_nothing_shows_nothing() -> None:
    with pytest.raises(ModelError, match="found none of the documents"):
        check_parity(RANKER, [])


def test_without_the_plugin_the_ranker_is_refused_and_the_rest_is_published(
    client: OpenSearch, index_name: str
) -> None:
    shop = Shop.create(client, index_name)
    searches = decisions(240)
    shop.put(searches, clicks(searches))
    done = learn(("policy", "ranker"), shop.job(START + timedelta(days=1), rank_in="cluster"))
    verdicts = {v.kind: v for v in done.verdicts}
    assert verdicts["policy"].passed
    assert not verdicts["ranker"].passed
    assert "not in the cluster: learn.rank_in is cluster but the cluster has no LTR plugin" in verdicts["ranker"].reason
    release = shop.store.current("shop")
    assert release
    assert set(release.parts) == {"policy", "aggregates", "exposure", "popularity"}
