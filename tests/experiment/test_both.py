"""One retrieval for two systems: what each would have got, and the page of both."""

from __future__ import annotations

from ltrr_opensearch.experiment.both import as_drawn, deepest, one_page
from ltrr_opensearch.types import (
    Candidate,
    DocKey,
    Draw,
    Found,
    Hit,
    Outcome,
    PlanResult,
    QueryPlan,
    Ranked,
    Slot,
    SlotDraw,
)

PLANS = ("original", "lexical")


def drawn(policy: str, *depths: int) -> Draw:
    return Draw(policy, tuple(_slot(plan, depth) for plan, depth in zip(PLANS, depths, strict=True)))


def _slot(plan: str, depth: int) -> SlotDraw:
    slot = Slot(plan, plan, "lexical", 0, {}, {}, (), (0, 10, 50), (True, True, True))
    return SlotDraw(slot, (0.0, 1.0, 0.0), depth, 1.0)


def result(plan: str, depth: int, hits: int) -> PlanResult:
    found = tuple(Hit(DocKey("shop", f"{plan}{n}"), n, 1 / n, {}) for n in range(1, hits + 1))
    return PlanResult(QueryPlan(plan, plan, "lexical", lambda _d, _v: {}), depth, Outcome.OK, found, 90)


def test_each_plan_is_asked_as_deep_as_the_deeper_system_asks_it() -> None:
    both = deepest([drawn("fixed", 10, 50), drawn("vowpal", 50, 0)])
    assert [s.depth for s in both.slots] == [50, 50]
    assert both.policy == "fixed+vowpal"
    one = drawn("fixed", 10, 0)
    assert deepest([one]) is one
    assert deepest([one, one]).policy == "fixed"


def test_each_system_gets_what_it_would_have_got_alone() -> None:
    results = [result("original", 50, 30), result("lexical", 50, 50)]
    original, lexical = as_drawn(results, drawn("fixed", 10, 0))
    assert [h.key.id for h in original.hits] == [f"original{n}" for n in range(1, 11)]
    assert (original.depth, original.total) == (10, 90)
    assert (lexical.depth, lexical.outcome, lexical.hits) == (0, Outcome.NOT_ASKED, ())
    assert as_drawn(results, drawn("fixed", 50, 50)) == tuple(results)


def test_the_page_of_both_remembers_who_found_and_who_picked() -> None:
    a, b, c = (DocKey("shop", name) for name in "abc")
    union = [Candidate(key, (Found("lexical", 1, 1.0), Found("original", 2, 1.0))) for key in (a, b, c)]
    first = tuple(Ranked(Candidate(key, ()), rank, 10.0 - rank) for rank, key in enumerate((a, b), start=1))
    second = tuple(Ranked(Candidate(key, ()), rank, 5.0 - rank) for rank, key in enumerate((c, a), start=1))
    ranked, teams = one_page((first, second), union, seed=3)
    assert [r.rank for r in ranked] == [1, 2, 3]
    assert {r.candidate.key for r in ranked} == {a, b, c}
    assert all(len(r.candidate.found) == 2 for r in ranked)
    scores = {r.candidate.key: r.score for r in ranked}
    assert scores[b] == 8.0
    assert scores[c] == 4.0
    assert scores[a] == (9.0 if teams[a] == 0 else 3.0)
    assert teams[c] == 1
