from __future__ import annotations

from ltrr_opensearch.retrieve.collapse import group_of, one_each
from ltrr_opensearch.types import DocKey, Hit, Json, Outcome, PlanResult, QueryPlan


def hit(id: str, rank: int, brand: str | None) -> Hit:
    raw: Json = {"_index": "shop", "_id": id} | ({"fields": {"brand": [brand]}} if brand else {})
    return Hit(DocKey("shop", id), rank, 1.0, raw)


def result(name: str, *hits: Hit) -> PlanResult:
    return PlanResult(QueryPlan(name, name, "lexical", lambda _depth, _vector: None), 10, Outcome.OK, hits, len(hits))


def left(results: list[PlanResult]) -> list[list[str]]:
    return [[h.key.id for h in r.hits] for r in results]


def test_the_clients_own_hit_stands_for_its_value() -> None:
    own = [hit("a1", 1, "acme"), hit("g1", 2, "globex")]
    found = [result("own", own[0]), result("knn", hit("g2", 1, "globex"), hit("a1", 2, "acme"), hit("h1", 3, "hooli"))]
    assert left(one_each(found, own, "brand")) == [["a1"], ["a1", "h1"]]


def test_elsewhere_the_hit_that_ranks_highest_does() -> None:
    found = [result("one", hit("x", 1, None), hit("h2", 2, "hooli")), result("two", hit("h1", 1, "hooli"))]
    assert left(one_each(found, [], "brand")) == [["x"], ["h1"]]


def test_hits_without_a_value_are_one_group() -> None:
    found = [result("one", hit("x", 1, None)), result("two", hit("y", 2, None))]
    assert left(one_each(found, [], "brand")) == [["x"], []]


def test_a_number_is_not_its_text() -> None:
    assert group_of({"fields": {"n": [1]}}, "n") != group_of({"fields": {"n": ["1"]}}, "n")
