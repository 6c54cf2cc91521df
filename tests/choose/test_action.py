"""What a policy is told about a plan: facts of the strategy, and its history in the log."""

import gc
import weakref

import pytest

from ltrr_opensearch.choose.action import action_features
from ltrr_opensearch.choose.features import GROUPS
from ltrr_opensearch.knowledge.aggregates import Aggregates
from tests.choose.histories import KNOWN, VALUES, aggregates, analyzed, plan

QUERY = analyzed("acme", VALUES)


def test_history_overall_of_the_kind_and_of_the_query() -> None:
    (told,) = action_features([plan("knn")], QUERY, KNOWN)
    assert (told["found"], told["kind_found"], told["query_found"]) == (6 / 8, 1 / 4, 1)
    assert (told["reciprocal_rank"], told["query_reciprocal_rank"]) == (0.375, 1)
    assert (told["took"], told["candidates"]) == (0.012, 0.2)
    assert (told["rare"], told["popular"], told["personal"], told["agreement"]) == (0.5, 0.2, 0.2, 0.25)
    assert (told["kind_agreement"], told["query_agreement"]) == (0.5, 1)


def test_scores_are_told_beside_the_usual_one_of_the_strategy() -> None:
    (told,) = action_features([plan("knn")], QUERY, KNOWN)
    assert told["kind_level"] == pytest.approx(6 / (6 + 2))
    assert told["query_level"] == pytest.approx(1 / (1 + 2), abs=1e-4)
    assert told["query_last_level"] == pytest.approx(2 / (2 + 2))


def test_history_of_the_person_who_is_named() -> None:
    (told,) = action_features([plan("knn")], QUERY, KNOWN, "u1")
    assert told["user_found"] == 0.5
    assert "user_found" not in action_features([plan("knn")], QUERY, KNOWN)[0]
    assert "user_found" not in action_features([plan("knn")], QUERY, KNOWN, "u2")[0]


def test_a_strategy_that_was_never_asked_has_no_history() -> None:
    told = action_features([plan("new", similarity=0.5, odd=float("nan")), plan("knn")], QUERY, KNOWN)
    assert told[0] == {"fact_similarity": 0.5, "likelihood": 1, "needs_vector": 1}
    assert told == action_features([plan("new", similarity=0.5), plan("knn")], QUERY, KNOWN)


def test_groups_can_be_left_out() -> None:
    (told,) = action_features([plan("knn")], QUERY, KNOWN, "u1", ("by_user",))
    assert told.keys() == {"user_found", "user_rewarded"}
    (told,) = action_features([plan("knn")], QUERY, KNOWN, "u1", tuple(g for g in GROUPS if g != "entities"))
    assert "agreement" not in told
    assert "kind_agreement" not in told
    assert action_features([plan("knn")], QUERY, KNOWN, "u1", ()) == [{}]


def test_a_search_changes_nothing_that_another_one_is_told() -> None:
    first = [dict(t) for t in action_features([plan("knn")], QUERY, KNOWN, "u1")]
    action_features([plan("knn", more=1.0)], analyzed("other"), KNOWN)
    assert action_features([plan("knn")], QUERY, KNOWN, "u1") == first


def test_old_snapshots_are_let_go() -> None:
    known: Aggregates | None = aggregates({}, {})
    action_features([plan("knn")], QUERY, KNOWN)
    gone = weakref.ref(known)
    action_features([plan("knn")], QUERY, known or KNOWN)
    known = None
    gc.collect()
    assert gone() is None
