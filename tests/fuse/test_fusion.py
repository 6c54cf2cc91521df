from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.fuse.rrf import Rrf
from ltrr_opensearch.fuse.weighted import Weighted
from ltrr_opensearch.protocols import Fusion
from ltrr_opensearch.types import Candidate, DocKey, Found, Hit, Outcome, PlanResult, QueryPlan


def result(name: str, ids: str, *, depth: int = 10, original: bool = False, step: float = 1.0) -> PlanResult:
    plan = QueryPlan(name, name, "lexical", lambda depth, vector: None, original=original)
    hits = tuple(
        Hit(DocKey("shop", id_), rank, step * (len(ids) - rank + 1), {"_id": id_}) for rank, id_ in enumerate(ids, 1)
    )
    return PlanResult(plan, depth, Outcome.OK, hits)


def ids(candidates: list[Candidate]) -> str:
    return "".join(c.key.id for c in candidates)


def test_rrf_prefers_what_several_plans_found() -> None:
    fused = Rrf().fuse([result("a", "xyz"), result("b", "zw")])
    assert ids(fused) == "zxwy"
    assert fused[0].fused == 1 / 63 + 1 / 61
    assert fused[0].found == (Found("a", 3, 1.0), Found("b", 1, 2.0))


def test_weights_are_per_strategy() -> None:
    results = [result("a", "x"), result("b", "y")]
    assert ids(Rrf(weights={"b": 2.0}).fuse(results)) == "yx"
    assert ids(Weighted(weights={"b": 2.0}).fuse(results)) == "yx"


@pytest.mark.parametrize("fusion", [Rrf(), Weighted()])
def test_a_plan_counts_as_much_as_it_is_likely(fusion: Fusion) -> None:
    doubtful = result("a", "x")
    doubtful = replace(doubtful, plan=replace(doubtful.plan, likelihood=0.25))
    scores = {c.key.id: c.fused for c in fusion.fuse([doubtful, result("b", "y")])}
    assert scores["x"] == 0.25 * scores["y"]


def test_ties_do_not_depend_on_which_plan_answered_first() -> None:
    results = [result("a", "x"), result("b", "y")]
    assert ids(Rrf().fuse(results)) == ids(Rrf().fuse(results[::-1])) == "xy"


def test_weighted_scales_each_plan_by_its_own_best_score() -> None:
    small, large = result("a", "xy"), result("b", "yz", step=1000.0)
    assert {c.key.id: c.fused for c in Weighted().fuse([small, large])} == {"x": 1.0, "y": 1.5, "z": 0.5}


def test_what_was_not_drawn_stays_out_of_the_union() -> None:
    assert ids(Rrf().fuse([result("own", "xyz", depth=0, original=True), result("b", "yz", depth=1)])) == "y"


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), unique=True), max_size=4))
def test_the_union_holds_every_hit_once_and_is_sorted(lists: list[list[str]]) -> None:
    fused = Rrf().fuse([result(str(i), "".join(found)) for i, found in enumerate(lists)])
    assert sorted(ids(fused)) == sorted({id_ for found in lists for id_ in found})
    assert [c.fused for c in fused] == sorted((c.fused for c in fused), reverse=True)
