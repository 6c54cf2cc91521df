"""Both ways of feature logging: the bodies they send and what they read."""

import copy

import numpy as np
import pytest

from ltrr_opensearch.cluster.feature_logging import FeatureLogging, LtrPlugin, NamedScores
from ltrr_opensearch.index_settings import FeatureSettings, IndexSettings, PopularitySettings, VectorSettings
from ltrr_opensearch.rank.feature_sets import Feature, FeatureSet, derive
from ltrr_opensearch.types import Json, Vector
from tests.cluster.exchanges import assert_golden, exchange

SHOP = derive(
    IndexSettings(
        text_fields={"title": 2, "body": 1},
        popularity=PopularitySettings(field="sales"),
        date_field="released",
        vector=VectorSettings(dimension=2),
    )
)
BODY: Json = {"size": 5, "_source": False, "query": {"match": {"title": {"query": "red shoes", "_name": "mine"}}}}
VECTOR = np.array([0.6, 0.8], dtype=np.float32)
WAYS: dict[str, FeatureLogging] = {"named_scores": NamedScores(), "ltr_plugin": LtrPlugin()}
RECORDED = FeatureSet("shop_v1", "1", tuple(Feature(n, {}) for n in ("title_bm25", "body_bm25", "sales", "knn_ann")))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("vector", [VECTOR, None], ids=["vector", "no_vector"])
def test_the_instrumented_search(way: str, vector: Vector | None) -> None:
    before = copy.deepcopy(BODY)
    body, params = WAYS[way].instrument(BODY, {"preference": "p"}, SHOP, 'red "shoes"', vector)
    assert_golden(f"instrumented_{way}_{'text' if vector is None else 'vector'}", {"body": body, "params": params})
    assert before == BODY


@pytest.mark.parametrize("way", WAYS)
def test_rescoring_and_extensions_of_the_client_are_kept(way: str) -> None:
    theirs = {"window_size": 7, "query": {"rescore_query": {"match_all": {}}}}
    body, _ = WAYS[way].instrument({**BODY, "rescore": theirs, "ext": {"a": 1}}, {}, SHOP, "x", None)
    assert body["rescore"][0] == theirs
    assert len(body["rescore"]) == 2
    assert body["ext"]["a"] == 1


@pytest.mark.parametrize("way", WAYS)
def test_an_empty_feature_set_changes_nothing(way: str) -> None:
    assert WAYS[way].instrument(BODY, {"a": "b"}, FeatureSet("none", "0", ()), "x", None) == (BODY, {"a": "b"})


def test_the_plugins_search_has_the_shape_that_was_recorded() -> None:
    request, _ = exchange("29_log_rescore_missing_absent")
    recorded = request["body"]
    ours, _ = LtrPlugin().instrument({"size": 5, "_source": False, "query": recorded["query"]}, {}, SHOP, "x", VECTOR)
    assert ours.keys() == recorded.keys()
    ours_rescore, theirs = ours["rescore"][0]["query"], recorded["rescore"][0]["query"]
    assert ours_rescore.keys() == theirs.keys()
    assert ours_rescore["rescore_query"]["sltr"].keys() == theirs["rescore_query"]["sltr"].keys()
    assert ours["ext"]["ltr_log"]["log_specs"][0].keys() == recorded["ext"]["ltr_log"]["log_specs"][0].keys()


def test_reading_a_recorded_log() -> None:
    _, response = exchange("29_log_rescore_missing_absent")
    hits = response["body"]["hits"]["hits"]
    renamed = [{**h, "fields": {"_ltrlog": [{"ltrr": h["fields"]["_ltrlog"][0]["main"]}]}} for h in hits]
    assert LtrPlugin().read(renamed[0], RECORDED) == {
        "title_bm25": 0.4760852,
        "body_bm25": 0.7520281,
        "sales": 3.5,
        "knn_ann": 2.0,
    }
    assert any("knn_ann" not in LtrPlugin().read(h, RECORDED) for h in renamed), "absent, not 0"


def test_only_our_named_queries_are_features() -> None:
    hit = {"_id": "1", "matched_queries": {"sales": 1.5, "ltrr:sales": 3.5}}
    assert NamedScores().read(hit, RECORDED) == {"sales": 3.5}


@pytest.mark.parametrize("way", WAYS)
def test_a_hit_that_no_feature_matched_has_none(way: str) -> None:
    assert WAYS[way].read({"_id": "1", "fields": {"brand": ["acme"]}}, RECORDED) == {}


def test_features_may_be_spelled_in_the_settings() -> None:
    query = {"match": {"title": {"query": "new {{text}}"}}}
    own = derive(IndexSettings(text_fields={"title": 1}, features=(FeatureSettings(name="new", query=query),)))
    body, _ = NamedScores().instrument(BODY, {}, own, "shoes", None)
    named = body["rescore"][0]["query"]["rescore_query"]["bool"]["should"]
    asked = {"match": {"title": {"query": "new shoes"}}}
    assert named == [{"bool": {"must": [asked], "_name": "ltrr:new"}}]


def test_the_version_follows_the_content() -> None:
    plain = IndexSettings(text_fields={"title": 1})
    assert derive(plain).version == derive(IndexSettings(text_fields={"title": 1})).version
    assert derive(plain).version != derive(IndexSettings(text_fields={"title": 2})).version
