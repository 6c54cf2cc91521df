from dataclasses import replace

import numpy as np
import pytest

from ltrr_opensearch.arena.clicks import PositionBased
from ltrr_opensearch.arena.people import START
from ltrr_opensearch.arena.replay import Replay
from ltrr_opensearch.arena.simulate import BEST_CONSTANT, LEARNED, ORACLE, UNTOUCHED, Plan, simulate
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.types import Asker
from tests.arena.shop import QUERIES, template, world

TRAFFIC, HELD_OUT = QUERIES[:22], QUERIES[22:]
PLAN = Plan(searches=600, batch=200, users=20, seed=1, kinds=("policy",), model=PositionBased(noise=0.0))


def test_a_replayed_search_is_what_the_engine_would_have_logged() -> None:
    replay = Replay(world().recording, world().learner(()).serving(Fixed(5)), template)
    made = replay.search(QUERIES[0], "q1", START, Asker("somebody"))
    assert made.page[:2] == ("d0", "d30")
    assert {slot.plan: slot.depth for slot in made.decision.slots} == {"original": 5, "lexical": 5}
    assert made.decision.shown == 10
    again = replay.search(QUERIES[0], "q1", START, Asker("somebody"))
    assert (made.decision, made.page) == (again.decision, again.page)


def test_documents_that_are_gone_are_nowhere() -> None:
    serving = world().learner(()).serving(Fixed(5))
    recording = world().recording.without({"d0", "d30"})
    made = Replay(recording, serving, template).search(QUERIES[0], "q1", START, Asker())
    assert made.page[:2] == ("d1", "d31")
    assert {f.rank for c in made.decision.candidates if c.key.id == "d1" for f in c.found} == {1}


def test_learning_beats_the_constant_where_queries_differ() -> None:
    simulated = simulate(world(), TRAFFIC, HELD_OUT, replace(PLAN, searches=1000))
    seen = {one.name: one for one in simulated.seen}
    assert seen[LEARNED].mean > seen[BEST_CONSTANT].mean > seen[UNTOUCHED].mean
    assert seen[ORACLE].mean >= seen[LEARNED].mean
    assert simulated.closed(simulated.seen) > 0.6
    assert len(simulated.curve) == 1000
    assert simulated.acted > 0.3


def test_people_of_other_tastes_click_less() -> None:
    short = replace(PLAN, searches=200)
    alike, apart = (simulate(world(), TRAFFIC, HELD_OUT, replace(short, tastes=n)).acted for n in (0, 4))
    assert apart < 0.85 * alike


def test_a_page_that_the_budget_does_not_reach_is_covered_as_deep_as_it_allows() -> None:
    small = replace(world().with_choose(safe_depth=5, budget=10), template=lambda text: {**template(text), "size": 20})
    simulated = simulate(small, TRAFFIC, HELD_OUT, replace(PLAN, searches=200))
    assert next(one.action for one in simulated.seen if one.name == UNTOUCHED) == {"original": 5}


def test_the_same_seed_plays_the_same() -> None:
    first, again = (simulate(world(), TRAFFIC, HELD_OUT, PLAN) for _ in range(2))
    assert np.array_equal(first.curve, again.curve)
    assert first.seen == again.seen


def test_a_query_that_was_not_recorded_is_named() -> None:
    whole = world()
    with pytest.raises(DataError, match="'purple cow'"):
        replace(whole, attraction={**whole.attraction, "purple cow": {}})
