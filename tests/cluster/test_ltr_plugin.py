"""What we send to the LTR plugin, against recorded exchanges, and its scoring rules replayed on our models."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ltrr_opensearch.cluster import ltr_plugin
from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.index_settings import IndexSettings, VectorSettings
from ltrr_opensearch.rank.feature_sets import Feature, FeatureSet, derive, plugin_body
from ltrr_opensearch.rank.linear import LinearRanker
from ltrr_opensearch.rank.tree import Tree
from ltrr_opensearch.rank.trees import TreeRanker
from tests.cluster.exchanges import assert_golden, exchange

SHOP = derive(IndexSettings(text_fields={"title": 2}, vector=VectorSettings(dimension=2)))
TWO = FeatureSet("two", "1", (Feature("f", {}), Feature("g", {})))
STUMPS = TreeRanker(
    ("f", "g"),
    (
        Tree((0,), (0.5,), (True,), (~0,), (~1,), (-1.0, 1.0)),
        Tree((1, 0), (2.0, -1.0), (False, True), (1, ~0), (~2, ~1), (0.25, 0.5, 4.0)),
    ),
)


def plugin_score(node: dict[str, Any], row: dict[str, float]) -> float:
    """As the plugin of 3.6.0 walks a tree: `value < condition` to the left, an unknown value to the right."""
    if "leaf" in node:
        return float(node["leaf"])
    taken = node["yes"] if np.float32(row[node["split"]]) < np.float32(node["split_condition"]) else node["no"]
    return plugin_score(next(c for c in node["children"] if c["nodeid"] == taken), row)


def test_feature_set_has_the_recorded_shape() -> None:
    request, _ = exchange("09_create_featureset")
    recorded = request["body"]["featureset"]["features"][0]
    for feature in plugin_body(SHOP)["featureset"]["features"]:
        assert feature.keys() == recorded.keys()
    assert_golden("plugin_feature_set", plugin_body(SHOP))


def test_a_vector_is_a_parameter_of_a_string_template_as_recorded() -> None:
    request, _ = exchange("09_create_featureset")
    recorded = next(f for f in request["body"]["featureset"]["features"] if f["name"] == "knn_exact")
    ours = next(f for f in plugin_body(SHOP)["featureset"]["features"] if f["name"] == "dense")
    assert ours["params"] == recorded["params"] == ["vector"]
    for template in (ours["template"], recorded["template"]):
        filled = json.loads(template.replace("{{#toJson}}vector{{/toJson}}", "[1, 0]"))
        assert filled["script_score"]["script"]["params"]["query_value"] == [1, 0]


def test_the_set_without_vector_has_a_name_of_its_own() -> None:
    assert SHOP.without_vector().name == f"{SHOP.name}_text"
    assert "dense" not in SHOP.without_vector().names
    assert TWO.without_vector() is TWO


def test_a_linear_model_scores_in_the_plugin_as_it_does_here() -> None:
    request, _ = exchange("45_create_model_linear")
    weights: dict[str, float] = json.loads(request["body"]["model"]["model"]["definition"])
    features = FeatureSet("shop_v1", "1", tuple(Feature(n, {}) for n in weights))
    ranker = LinearRanker(tuple(weights), np.array(list(weights.values())))
    assert ltr_plugin.create_model("lin_v1", features, ranker).body == request["body"]
    for hit in exchange("61_rescore_lin_v1")[1]["body"]["hits"]["hits"]:
        logged = {f["name"]: f.get("value", np.nan) for f in hit["fields"]["_ltrlog"][0]["main"]}
        row = np.array([[logged[n] for n in weights]], dtype=np.float32)
        assert ranker.score(row)[0] == pytest.approx(hit["_score"], rel=1e-6)


def test_a_tree_model_has_the_recorded_shape() -> None:
    recorded = json.loads(exchange("43_create_model_xgboost")[0]["body"]["model"]["model"]["definition"])
    body = ltr_plugin.create_model("m", TWO, STUMPS).body
    assert body is not None
    assert body["model"]["model"]["type"] == "model/xgboost+json"
    for tree in json.loads(body["model"]["model"]["definition"]):
        assert tree.keys() == recorded[0].keys()
    assert_golden("plugin_tree_model", body)


@pytest.mark.parametrize("f", [-2.0, -1.0, 0.5, 0.5000001, 3.0, np.nan])
@pytest.mark.parametrize("g", [1.0, 2.0, 2.5, np.nan])
def test_trees_score_in_the_plugin_as_they_do_here_unknown_values_too(f: float, g: float) -> None:
    body = ltr_plugin.create_model("m", TWO, STUMPS).body
    assert body is not None
    trees = json.loads(body["model"]["model"]["definition"])
    theirs = sum(plugin_score(tree, {"f": f, "g": g}) for tree in trees)
    assert STUMPS.score(np.array([[f, g]], dtype=np.float32))[0] == theirs


@pytest.mark.parametrize("threshold", [1e300, -1e300, 3.4e38, 0.1])
@pytest.mark.parametrize("nan_left", [True, False])
def test_a_split_on_whether_a_value_is_known_at_all(threshold: float, nan_left: bool) -> None:
    ranker = TreeRanker(("f",), (Tree((0,), (threshold,), (nan_left,), (~0,), (~1,), (-1.0, 1.0)),))
    body = ltr_plugin.create_model("m", FeatureSet("one", "1", (Feature("f", {}),)), ranker).body
    assert body is not None
    (tree,) = json.loads(body["model"]["model"]["definition"])
    for value in (0.0, -3.0, 1e30, np.nan):
        assert plugin_score(tree, {"f": value}) == ranker.score(np.array([[value]], dtype=np.float32))[0]


def test_the_walk_of_these_tests_is_the_plugins() -> None:
    definition = json.loads(exchange("43_create_model_xgboost")[0]["body"]["model"]["model"]["definition"])
    assert [plugin_score(t, {"title_bm25": np.nan, "sales": 1.0, "knn_exact": 2.0}) for t in definition] == [0.5, 0.75]
    unknown = exchange("73_rescore_xgb_missing")[1]["body"]["hits"]["hits"][1]
    assert unknown["_score"] == 1.0, "an unknown title_bm25 took the no branch of the recorded stump"


def test_a_model_over_what_the_plugin_cannot_compute_is_refused() -> None:
    with pytest.raises(ModelError, match=r"knn\.reciprocal_rank"):
        ltr_plugin.create_model("m", TWO, LinearRanker(("knn.reciprocal_rank",), np.ones(1)))


def test_a_search_re_ranked_in_the_cluster_has_the_recorded_shape() -> None:
    recorded = exchange("63_rescore_active_features")[0]["body"]
    vector = np.array([1, 0, 0, 0], dtype=np.float32)
    ours = ltr_plugin.rescore({}, "lin_v1", "running shoes", vector, 10, ("title_bm25", "sales"))
    params = {"text": "running shoes", "vector": [1, 0, 0, 0]}
    recorded["rescore"][0]["query"]["rescore_query"]["sltr"]["params"] = params
    assert ours["rescore"] == recorded["rescore"]


@pytest.mark.parametrize("name", ["04_put_feature_store_again", "48_create_model_duplicate"])
def test_what_is_there_already_is_told_from_a_refusal(name: str) -> None:
    _, response = exchange(name)
    assert ltr_plugin.exists(response["status"], response["body"])
    _, refused = exchange("49_create_model_unknown_feature")
    assert not ltr_plugin.exists(refused["status"], refused["body"])


def test_a_stored_model_is_compared_with_the_one_to_be_created() -> None:
    request, _ = exchange("45_create_model_linear")
    sent = ltr_plugin.Exchange(request["method"], request["path"], request["body"])
    stored = exchange("56_get_model")[1]["body"]
    assert ltr_plugin.same_model(stored, sent)
    model = {**request["body"]["model"]["model"], "definition": "{}"}
    assert not ltr_plugin.same_model(stored, replace(sent, body={"model": {"name": "lin_v1", "model": model}}))
    assert not ltr_plugin.same_model(stored, replace(sent, path="/_ltr/_featureset/other/_createmodel"))
