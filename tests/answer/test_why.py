"""Why a hit stands where it does, in the cluster's shape and in our own."""

from __future__ import annotations

from dataclasses import replace

import orjson

from ltrr_opensearch.answer.compose import with_explanations
from ltrr_opensearch.answer.why import Moved, Why, to_explanation, to_json
from ltrr_opensearch.logged import BURY, PIN, Ruled
from ltrr_opensearch.types import DocKey, Found

KEY = DocKey("products", "a")
WHY = Why(
    key=KEY,
    rank=2,
    found=(Found("knn", 1, 0.5),),
    ranker="lambdamart",
    score=9.0,
    mean=1.0,
    features=(Moved("bm25_title", 2.5, 1.0), Moved("dense", None, -7.0), Moved("popularity", 3.0, 0.0)),
)


def test_an_explanation_names_plans_and_features_in_the_clusters_shape() -> None:
    told = to_explanation(WHY)
    assert told["value"] == 9.0
    assert told["description"] == "score of lambdamart at rank 2; the answer's _score is 1/rank"
    assert [d["description"] for d in told["details"]] == [
        "plan knn had it at rank 1 with this score",
        "mean score of the candidates, from which features move it",
        "feature dense, which is unknown here",
        "feature bm25_title",
        "feature popularity",
    ]
    assert told["details"][3]["value"] == 2.5
    assert told["details"][3]["details"][0]["value"] == 1.0


def test_what_moved_the_score_most_comes_first() -> None:
    told = to_json(WHY)
    assert [f["name"] for f in told["features"]] == ["dense", "bm25_title", "popularity"]
    assert told["features"][0] == {"name": "dense", "value": None, "by": -7.0}
    assert orjson.loads(orjson.dumps(told)) == told


def test_a_ranker_that_cannot_tell_leaves_the_features_as_they_are() -> None:
    told = to_json(replace(WHY, mean=None, features=(Moved("b", 1.0, None), Moved("a", 2.0, None))))
    assert told["features"] == [{"name": "a", "value": 2.0}, {"name": "b", "value": 1.0}]
    assert "mean_score" not in told


def test_rules_and_stages_are_told() -> None:
    pinned = replace(WHY, found=(), score=None, ruled=Ruled("sale", PIN, KEY, 2, 0))
    told = to_explanation(pinned)
    assert told["description"] == "at rank 2, not scored; the answer's _score is 1/rank"
    assert told["details"][0]["description"] == "rule sale pins it to this rank; no plan had found it"
    moved = replace(WHY, stages=(("ranker", 5), ("diversity", 1)), ruled=Ruled("old", BURY, KEY, 2, 1))
    assert [d["description"] for d in to_explanation(moved)["details"]][:3] == [
        "rule old buries it; without rules it stood at rank 1",
        "rank after ranker",
        "rank after diversity",
    ]
    assert to_json(moved)["ranks"] == {"ranker": 5, "diversity": 1}
    assert to_json(moved)["rule"] == {"id": "old", "action": "bury", "was": 1}


def test_what_no_plan_brought_keeps_the_clusters_own_explanation() -> None:
    hit = {"_id": "a", "_explanation": {"value": 3.0}}
    assert with_explanations([hit], [replace(WHY, found=(), score=None)]) == [hit]
