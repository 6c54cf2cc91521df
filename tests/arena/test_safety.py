"""Bad clicks: what they are, and that the gate keeps pages from falling below the untouched query's."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from ltrr_opensearch.arena.clicks import Aimless, ClickModel, Hostile, PositionBased
from ltrr_opensearch.arena.safety import withstand
from ltrr_opensearch.arena.simulate import Plan
from ltrr_opensearch.arena.world import World
from tests.arena.shop import QUERIES, world

MODEL = PositionBased(eta=0.0, noise=0.0, satisfied=0.0)
PAGE = ("good", "bad")


def clicked(model: ClickModel, times: int = 400) -> Counter[int]:
    return Counter(rank for n in range(times) for rank in model.clicks(PAGE, {"good": 1.0}, Random(n)))


def test_hostile_people_click_what_is_worst() -> None:
    assert clicked(Hostile(MODEL, 1.0)) == {2: 400}
    some = clicked(Hostile(MODEL, 0.2))
    assert some[1] + some[2] == 400
    assert some[2] == pytest.approx(80, abs=25)


def test_aimless_people_click_anything_that_they_look_at() -> None:
    some = clicked(Aimless(MODEL, 0.5))
    assert some[1] == pytest.approx(200, abs=40)
    assert some[2] == pytest.approx(200, abs=40)


def perfect() -> World:
    """Everybody wants what the application's own query has first: whatever changes the page makes it worse."""
    wanted = {query: {"d0": 0.6, "d1": 0.4} for query in QUERIES}
    return replace(world(), attraction={query: {"d0": 1.0, "d1": 0.6} for query in QUERIES}, wanted=wanted)


@pytest.mark.parametrize(("share", "spoiled", "searches"), [(0.2, False, 2400), (1.0, True, 400)])
def test_a_fifth_of_hostile_people_spoils_nothing_and_all_of_them_do(
    share: float, spoiled: bool, searches: int
) -> None:
    # with half as many it goes by the seed whether the first ranker is proven, which makes the fused order good again
    plan = Plan(searches=searches, batch=400, users=20, seed=1, model=Hostile(PositionBased(), share))
    withstood = withstand(perfect(), QUERIES[:22], QUERIES[22:], plan)
    assert withstood.seen.untouched == withstood.unseen.untouched == withstood.every.untouched == 1.0
    assert (min(withstood.seen.ahead, withstood.unseen.ahead) < -0.01) is spoiled


def test_clicks_that_say_nothing_leave_all_as_it_was() -> None:
    plan = Plan(searches=400, batch=200, users=20, seed=1, model=Aimless(PositionBased()))
    withstood = withstand(perfect(), QUERIES[:22], QUERIES[22:], plan)
    assert "ranker" not in withstood.published
    assert min(withstood.seen.gained, withstood.unseen.gained) > -0.01


@pytest.mark.parametrize("model", [Hostile(PositionBased(), 0.2), Aimless(PositionBased())], ids=["hostile", "aimless"])
def test_pages_do_not_fall_below_the_untouched_query(model: ClickModel) -> None:
    plan = Plan(searches=400, batch=200, users=20, seed=1, model=model)
    withstood = withstand(world(), QUERIES[:22], QUERIES[22:], plan)
    assert withstood.seen.untouched > 0
    assert min(withstood.seen.ahead, withstood.unseen.ahead) > -0.01
    parts = 22 * withstood.seen.ours + (len(QUERIES) - 22) * withstood.unseen.ours
    assert withstood.every.ours == pytest.approx(parts / len(QUERIES))
