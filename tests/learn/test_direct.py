"""Outcomes that are kept from one part of the searches to the next, and those that were stored in between."""

from __future__ import annotations

from ltrr_opensearch.choose.uniform import Uniform
from ltrr_opensearch.knowledge.outcomes import Outcomes
from ltrr_opensearch.learn.direct import Learned, learned
from ltrr_opensearch.learn.policy import train_policy
from ltrr_opensearch.logged import Part
from ltrr_opensearch.settings import Settings
from tests.worlds import searches, serve

SETTINGS = Settings()
ROUNDS = [serve(s, Uniform(), SETTINGS) for s in searches(300, 1)]
PARTS = [ROUNDS[start : start + 60] for start in range(0, len(ROUNDS), 60)]


def test_what_is_kept_gives_the_part_that_is_stored_after_each_lesson() -> None:
    kept: Learned | None = None
    stored: Part | None = None
    for some in PARTS:
        kept, stored = learned(some, SETTINGS, kept), train_policy(some, SETTINGS, stored)
        assert kept.part() == stored


def test_it_is_in_the_order_in_which_its_bytes_give_it_back() -> None:
    outcomes = learned(ROUNDS, SETTINGS, None).outcomes
    back = Outcomes.from_bytes(outcomes.to_bytes())
    assert back == outcomes
    assert list(back.queries) == list(outcomes.queries)
    assert [list(one.entities) for one in back.queries.values()] == [
        list(one.entities) for one in outcomes.queries.values()
    ]
