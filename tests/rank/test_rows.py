"""The matrix of a search's candidates: what each column says, and what it does not know."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from ltrr_opensearch.fuse.rrf import Rrf
from ltrr_opensearch.index_settings import IndexSettings, VectorSettings
from ltrr_opensearch.knowledge.words import Words
from ltrr_opensearch.rank.feature_sets import derive
from ltrr_opensearch.rank.rows import dense, feature_names, memory_names, rows, sparse, whole_names
from ltrr_opensearch.types import (
    AnalyzedQuery,
    Asker,
    DocKey,
    EntityScore,
    Hit,
    Outcome,
    PlanResult,
    QueryPlan,
    Reading,
    Remembered,
    SearchRequest,
    SlotValue,
)

INDEX = IndexSettings(text_fields={"title": 2, "body": 1}, vector=VectorSettings())
NAMES = feature_names(INDEX)
SLOT = SlotValue("brand", "acme", 0, 1, 0.9)


def query(*remembered: Remembered) -> AnalyzedQuery:
    request = SearchRequest(
        "1", "shop", "acme shoes", {}, (), (), (), 10, 0, Asker(), None, datetime(2026, 1, 1, tzinfo=UTC)
    )
    readings = (Reading((), "acme shoes", 0.3), Reading((SLOT,), "shoes", 0.6))
    return AnalyzedQuery(request, "acme shoes", ("acme", "shoes"), "en", readings, remembered)


def result(
    strategy: str, scores: dict[str, float], *, outcome: Outcome = Outcome.OK, depth: int = 10, source: str = "lexical"
) -> PlanResult:
    plan = QueryPlan(strategy, strategy, source, lambda depth, vector: None)
    ranked = enumerate(scores.items(), 1)
    hits = tuple(Hit(DocKey("shop", id_), rank, score, {}) for rank, (id_, score) in ranked)
    return PlanResult(plan, depth, outcome, hits)


def cell(results: list[PlanResult], id_: str, column: str, *remembered: Remembered) -> float:
    candidates = [replace(c, features={"bm25_title": c.found[0].score}) for c in Rrf().fuse(results)]
    row = [c.key.id for c in candidates].index(id_)
    return float(rows(candidates, query(*remembered), results, NAMES)[row, NAMES.index(column)])


def test_ranks_and_scores_of_each_strategy() -> None:
    results = [result("lexical", {"a": 8.0, "b": 2.0}), result("knn", {"b": 0.5})]
    assert cell(results, "b", "lexical.reciprocal_rank") == 0.5
    assert cell(results, "b", "lexical.score") == 2.0
    assert cell(results, "b", "lexical.share") == 0.25
    assert cell(results, "b", "plans.agree") == 2
    assert cell(results, "b", "plans.fused") == pytest.approx(1 / 62 + 1 / 61)


def test_not_asked_is_unknown_but_asked_and_not_found_is_zero() -> None:
    results = [result("lexical", {"a": 8.0}), result("knn", {"b": 0.5})]
    assert cell(results, "a", "knn.reciprocal_rank") == 0
    assert np.isnan(cell(results, "a", "structured.reciprocal_rank"))


@pytest.mark.parametrize("outcome", [Outcome.TIMED_OUT, Outcome.FAILED, Outcome.NOTHING_TO_ASK])
def test_a_plan_that_did_not_answer_says_nothing(outcome: Outcome) -> None:
    results = [result("lexical", {"a": 8.0}), result("knn", {}, outcome=outcome)]
    assert np.isnan(cell(results, "a", "knn.score"))


def test_several_plans_of_a_strategy_give_the_best_of_them() -> None:
    results = [result("lexical", {"a": 8.0, "b": 4.0}), result("lexical", {"b": 4.0})]
    renamed = PlanResult(
        QueryPlan("lexical_2", "lexical", "lexical", lambda d, v: None), 10, Outcome.OK, results[1].hits
    )
    assert cell([results[0], renamed], "b", "lexical.reciprocal_rank") == 1


def test_a_feature_that_did_not_match_is_unknown() -> None:
    results = [result("lexical", {"a": 8.0})]
    assert cell(results, "a", "bm25_title") == 8
    assert np.isnan(cell(results, "a", "bm25_body"))


def test_what_is_known_of_the_query() -> None:
    results = [result("lexical", {"a": 8.0})]
    assert cell(results, "a", "query.tokens") == 2
    assert cell(results, "a", "query.slots") == 1, "of the likeliest reading"
    assert cell(results, "a", "query.memory") == 0


def test_the_memory_of_a_candidate_tells_this_query_from_its_neighbours() -> None:
    near = Remembered("acme shoe", 0.8, (EntityScore("a", 0.5), EntityScore("z", 1.0)), weight=0.3)
    nearer = Remembered("acme shoes", 1.0, (EntityScore("a", 0.45),))
    results = [result("lexical", {"a": 8.0, "b": 2.0})]
    assert cell(results, "a", "memory.score", near, nearer) == pytest.approx(0.45)
    assert cell(results, "a", "memory.near", near, nearer) == pytest.approx(0.15)
    assert cell(results, "b", "memory.near", near) == 0
    assert np.isnan(cell(results, "b", "memory.score", near))
    assert np.isnan(cell(results, "b", "memory.score"))


def test_what_worked_for_the_words_of_the_query() -> None:
    known = Words.of([("shoes", (EntityScore("a", 0.8),)), ("hats", (EntityScore("b", 0.8),))])
    found = Rrf().fuse([result("lexical", {"a": 8.0, "b": 2.0})])
    matrix = rows(found, query(), [], ("memory.words",), words=known)
    assert matrix[0, 0] > 0
    assert matrix[1, 0] == 0
    assert np.isnan(rows(found, query(), [], ("memory.words",))).all()
    assert np.isnan(rows(found, query(), [], ("memory.words",), words=known, by_id=False)).all()


def test_a_memory_that_names_objects_says_nothing_of_documents_whose_name_was_not_read() -> None:
    same = Remembered("acme shoes", 1.0, (EntityScore("sku-1", 0.9),))
    near = Remembered("acme shoe", 0.8, (EntityScore("sku-1", 0.9),))
    results = [result("lexical", {"a": 8.0})]
    columns = ("memory.score", "memory.near", "query.memory")
    matrix = rows(Rrf().fuse(results), query(same, near), results, columns, by_id=False)
    np.testing.assert_array_equal(matrix, [[np.nan, np.nan, 1.0]])
    known = [replace(c, object_id=name) for c in Rrf().fuse(results) for name in ("sku-1", "sku-2")]
    matrix = rows(known, query(same, near), results, columns, by_id=False)
    np.testing.assert_allclose(matrix, [[0.9, 0.9, 1.0], [0.0, 0.0, 1.0]])


def test_the_memorys_own_plan_does_not_count_among_the_plans() -> None:
    results = [result("lexical", {"a": 8.0}), result("q2e", {"a": 1.0}, source="memory")]
    assert cell(results, "a", "plans.agree") == 1
    assert cell(results, "a", "q2e.reciprocal_rank") == 1
    assert set(memory_names(INDEX)) <= set(NAMES)


def test_a_row_survives_the_log() -> None:
    results = [result("lexical", {"a": 8.0}), result("knn", {"b": 0.5})]
    matrix = rows(Rrf().fuse(results), query(), results, NAMES)
    np.testing.assert_array_equal(dense([sparse(row, NAMES) for row in matrix], NAMES), matrix)
    assert dense([], NAMES).shape == (0, len(NAMES))


def test_a_feature_beside_the_best_of_its_list_compares_over_queries() -> None:
    results = [result("lexical", {"a": 8.0, "b": 2.0, "c": 1.0})]
    candidates = [replace(c, features={"bm25_title": c.found[0].score}) for c in Rrf().fuse(results)]
    candidates[2] = replace(candidates[2], features={})
    names = ("bm25_title.of_best", "bm25_title", "bm25_body.of_best")
    found = rows(candidates, query(), results, names)
    assert found[:2, :2].tolist() == [[1.0, 8.0], [0.25, 2.0]]
    assert np.isnan(found[2, :2]).all()
    assert np.isnan(found[:, 2]).all(), "matched nowhere"
    assert whole_names(INDEX)[: len(NAMES)] == NAMES
    assert derive(INDEX).only(["bm25_title.of_best"]).names == ("bm25_title",)
