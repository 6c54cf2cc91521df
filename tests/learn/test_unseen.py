"""A search as if its query were new: without what the memory brought and without what was known of the query."""

from dataclasses import replace

from ltrr_opensearch.learn.unseen import as_new
from ltrr_opensearch.logged import CandidateRecord, Round
from ltrr_opensearch.types import DocKey, Found
from tests.learn.synthetic import decision

BASE = replace(decision(1), context={"length": 2.0})
ACTION = {"strategy=q2e": 1.0, "query_found": 0.9, "found": 0.5}
REMEMBERING = BASE.slots[0]._replace(plan="q2e", strategy="q2e", source="memory", action=ACTION)
BOTH = CandidateRecord(DocKey("shop-1", "a"), (Found("q2e", 1, 1.0), Found("lexical", 7, 0.2)))
ALONE = CandidateRecord(DocKey("shop-1", "b"), (Found("q2e", 2, 0.5),))
KNOWN = Round(
    replace(
        BASE,
        context={"length": 2.0, "memory_exact": 1.0, "query_asked": 0.3},
        slots=(*BASE.slots, REMEMBERING),
        candidates=(BOTH, ALONE),
    ),
    {"a": 0.5},
)


def test_neither_the_plan_nor_what_it_found_is_there() -> None:
    new = as_new(KNOWN)
    assert new
    assert [s.plan for s in new.decision.slots] == [s.plan for s in BASE.slots]
    assert [c.found for c in new.decision.candidates] == [(Found("lexical", 7, 0.2),)]


def test_no_feature_tells_of_earlier_searches_for_it() -> None:
    slots = tuple(s._replace(action={**s.action, "query_found": 0.9, "found": 0.5}) for s in BASE.slots)
    new = as_new(Round(replace(KNOWN.decision, slots=(*slots, REMEMBERING)), {}))
    assert new
    assert new.decision.context == {"length": 2.0}
    assert all("query_found" not in s.action and s.action["found"] == 0.5 for s in new.decision.slots)


def test_the_rest_of_the_search_stays() -> None:
    new = as_new(KNOWN)
    assert new
    assert new.gains == KNOWN.gains
    assert replace(new.decision, context={}, slots=(), candidates=()) == replace(
        KNOWN.decision, context={}, slots=(), candidates=()
    )


def test_a_search_that_was_new_is_not_seen_twice() -> None:
    assert as_new(Round(BASE, {})) is None
