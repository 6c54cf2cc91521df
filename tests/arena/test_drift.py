"""A policy follows when the shop changes under it, from what it had learned before the change."""

from dataclasses import replace

import pytest

from ltrr_opensearch.arena.clicks import PositionBased
from ltrr_opensearch.arena.drift import Drifted, broken, closed, drift, replaced
from ltrr_opensearch.arena.simulate import Plan
from ltrr_opensearch.choose.fixed import Fixed
from tests.arena.shop import QUERIES, world

PLAN = Plan(searches=600, batch=200, users=20, seed=1, kinds=("policy",), model=PositionBased(noise=0.0))


def test_tastes_that_flip_are_followed() -> None:
    """Cables are wanted where shoes were, and the other way round: the strategies swap their parts."""
    old = world()
    flipped = {query: {"d31" if "d2" in liked else "d2": 1.0} for query, liked in old.attraction.items()}
    drifted = drift(old, replace(old, attraction=flipped, wanted=flipped), QUERIES, PLAN, 600)
    assert drifted.before > drifted.frozen + 0.2
    assert closed([drifted]) > 0.8
    assert list(drifted.curve) == [0, 200, 400, 600]


def test_a_policy_that_does_not_learn_closes_nothing() -> None:
    old = world()
    new = broken(old, "lexical")
    drifted = drift(old, new, QUERIES, PLAN, 200, policy=Fixed(5))
    assert drifted.curve[200] == drifted.frozen < drifted.before
    assert drifted.constant > drifted.frozen, "without its candidates it would be cheaper"
    assert closed([drifted]) == 0


def test_a_broken_strategy_finds_nothing() -> None:
    recording = broken(world(), "lexical").recording
    assert recording.hits(QUERIES[0], "lexical") == ()
    assert recording.queries[QUERIES[0]].lists["lexical"].total == 0
    assert recording.hits(QUERIES[0], "original")


def test_half_of_the_catalogue_is_replaced_by_the_other_half() -> None:
    before, after = replaced(world(), seed=3)
    first, second = ({h.key.id for h in w.recording.hits(QUERIES[0], "lexical") or ()} for w in (before, after))
    assert not first & second
    assert len(first | second) == 20
    assert before.recording.gone | after.recording.gone == set(world().recording.documents)
    assert {sum(w.wanted[QUERIES[0]].values()) for w in (before, after)} == {0.0, 1.0}


@pytest.mark.parametrize(("end", "share"), [(0.5, 0.0), (0.9, 1.0), (0.7, 0.5)])
def test_the_share_of_the_gap_that_was_closed(end: float, share: float) -> None:
    assert closed([Drifted(0.8, {0: 0.5, 100: end}, 0.9, 0.85)]) == pytest.approx(share)


@pytest.mark.parametrize(("end", "share"), [(0.9, 1.0), (0.8, 0.0)])
def test_where_there_is_no_gap_nothing_may_be_lost(end: float, share: float) -> None:
    assert closed([Drifted(0.8, {0: 0.9, 100: end}, 0.9, 0.85)]) == share


def test_runs_with_hardly_a_gap_do_not_speak_for_all() -> None:
    runs = [Drifted(0.8, {0: 0.5, 100: 0.5}, 0.51, 0.5), Drifted(0.8, {0: 0.5, 100: 0.79}, 0.7, 0.79)]
    assert closed(runs) == pytest.approx(0.29 / 0.3)
