"""A model's scores and the values it scored, out of one request: what is sent, and what recorded answers say."""

import numpy as np
import pytest

from ltrr_opensearch.cluster.feature_logging import LOG_NAME, LtrPlugin
from ltrr_opensearch.cluster.model_scores import ModelScores
from ltrr_opensearch.index_settings import IndexSettings, VectorSettings
from ltrr_opensearch.rank.feature_sets import Feature, FeatureSet, derive
from ltrr_opensearch.rank.in_cluster import SCORE
from ltrr_opensearch.types import Json, Vector
from tests.cluster.exchanges import assert_golden, exchange

SHOP = derive(IndexSettings(text_fields={"title": 2}, vector=VectorSettings(dimension=2)))
VECTOR = np.array([0.6, 0.8], dtype=np.float32)
BODY: Json = {"size": 5, "_source": False, "query": {"bool": {"filter": [{"ids": {"values": ["1", "2"]}}]}}}


@pytest.mark.parametrize("vector", [VECTOR, None], ids=["vector", "no_vector"])
def test_the_search_that_scores_and_logs(vector: Vector | None) -> None:
    body, params = ModelScores("shop_r1").instrument(BODY, {"preference": "p"}, SHOP, "red shoes", vector)
    name = f"model_scores_{'text' if vector is None else 'vector'}"
    assert_golden(name, {"body": body, "params": params})


def test_it_has_the_recorded_shape() -> None:
    recorded = exchange("63_rescore_active_features")[0]["body"]
    ours, _ = ModelScores("lin_v1").instrument(BODY, {}, SHOP, "running shoes", VECTOR)
    assert ours.keys() == recorded.keys()
    scored, theirs = (body["rescore"][0]["query"] for body in (ours, recorded))
    assert scored.keys() == theirs.keys()
    assert scored["rescore_query"]["sltr"].keys() == theirs["rescore_query"]["sltr"].keys()
    assert ours["ext"]["ltr_log"]["log_specs"][0].keys() == recorded["ext"]["ltr_log"]["log_specs"][0].keys()


def test_the_recorded_score_comes_with_the_values() -> None:
    features = FeatureSet("shop_v1", "1", tuple(Feature(n, {}) for n in ("title_bm25", "sales", "knn_exact")))
    hit = exchange("63_rescore_active_features")[1]["body"]["hits"]["hits"][0]
    named = {**hit, "fields": {"_ltrlog": [{LOG_NAME: hit["fields"]["_ltrlog"][0]["main"]}]}}
    values = ModelScores("lin_v1").read(named, features)
    assert values == {"title_bm25": 0.4760852, "sales": 5.0, SCORE: 1.7260852}
    assert values.keys() - LtrPlugin().read(named, features).keys() == {SCORE}
