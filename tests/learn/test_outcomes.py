"""What is remembered of queries fades with their searches; what nobody has any more is forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ltrr_opensearch.knowledge.outcomes import Outcomes
from ltrr_opensearch.learn.outcomes import OWN_HALF_LIFE, updated
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import Round
from tests.learn.synthetic import LADDER, START, decision, decisions, wanted

LEARN = LearnSettings()
QUERY = "query 0"


def asked(count: int, *, acted: bool = True, gone: bool = False, since: int = 0) -> list[Round]:
    """Searches of one query, all strategies deep enough; `gone`: what was wanted is nowhere any more."""
    rounds = []
    for n in range(since, since + count):
        one = replace(decision(0, seed=1), query_id=f"q{n}", at=START + timedelta(seconds=n))
        slots = tuple(replace(slot, depth=LADDER[-1]) for slot in one.slots)
        there = decision(0, seed=3).candidates if gone else one.candidates
        kept = tuple(c for c in there if not gone or c.key.id != wanted(QUERY))
        one = replace(one, slots=slots, candidates=kept, shown=0)
        rounds.append(Round(one, {wanted(QUERY): 1.0} if acted else {}))
    return rounds


def test_older_searches_of_a_query_count_half() -> None:
    outcomes = updated(Outcomes(), asked(1), LADDER, LEARN)
    later = updated(outcomes, asked(OWN_HALF_LIFE, acted=False, since=1), LADDER, LEARN)
    was, now = (o.queries[QUERY].entities[wanted(QUERY)].weight for o in (outcomes, later))
    assert now == pytest.approx(was / 2, rel=0.01)


def test_a_query_in_which_nobody_acts_any_more_is_forgotten() -> None:
    outcomes = updated(Outcomes(), asked(2), LADDER, LEARN)
    assert QUERY in outcomes.queries
    assert QUERY not in updated(outcomes, asked(200, acted=False, since=2), LADDER, LEARN).queries


def test_what_left_the_index_goes_faster() -> None:
    outcomes = updated(Outcomes(), asked(10), LADDER, LEARN)
    still, gone = (
        updated(outcomes, asked(4, acted=False, gone=gone, since=10), LADDER, LEARN) for gone in (False, True)
    )
    weight = still.queries[QUERY].entities[wanted(QUERY)].weight
    left = gone.queries[QUERY].entities.get(wanted(QUERY)) if QUERY in gone.queries else None
    assert left is None or left.weight < weight / 4


def test_a_batch_that_cannot_tell_chance_from_liking_keeps_what_was_known() -> None:
    known = replace(Outcomes(), noise=0.03)
    quiet = [Round(one, {}) for one in decisions(5)]
    assert updated(known, quiet, LADDER, LEARN).noise == 0.03
