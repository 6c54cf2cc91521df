from datetime import timedelta
from itertools import pairwise

import pytest

from ltrr_opensearch.arena.clicks import PositionBased
from ltrr_opensearch.arena.people import LEAST_LIKED, START, People, Tastes, Visit, visits
from ltrr_opensearch.arena.replay import Replay
from ltrr_opensearch.choose.fixed import Fixed
from tests.arena.shop import QUERIES, template, world

TASTES = Tastes({"ann": "acme", "bob": "other"}, {"d31": "acme"})


def test_visits_repeat_with_the_seed_and_follow_the_clock() -> None:
    made = visits(QUERIES, 300, users=10, seed=3)
    assert made == visits(QUERIES, 300, users=10, seed=3)
    assert made != visits(QUERIES, 300, users=10, seed=4)
    assert made[0].at == START
    assert {b.at - a.at for a, b in pairwise(made)} == {timedelta(seconds=30)}
    assert len({one.seed for one in made}) == 300


def test_few_queries_are_asked_often() -> None:
    asked = [one.query for one in visits(QUERIES, 2000, users=10, seed=1, skew=1.0)]
    often = sorted((asked.count(query) for query in QUERIES), reverse=True)
    assert often[0] > 5 * often[-1]


def test_a_taste_leaves_its_own_documents_as_attractive_as_they_are() -> None:
    attractive = {"d31": 0.8, "d2": 0.4}
    assert TASTES.felt("ann", attractive) == attractive
    assert TASTES.felt("bob", attractive) == pytest.approx({"d31": 0.8 * LEAST_LIKED, "d2": 0.4})
    assert TASTES.felt("nobody", attractive) == attractive


def test_tastes_are_dealt_by_the_seed_and_none_means_that_all_feel_alike() -> None:
    attraction, users = {"tv": {f"d{n}": 1.0 for n in range(50)}}, [f"person-{n}" for n in range(50)]
    dealt = Tastes.dealt(3, users, attraction, 1)
    assert dealt == Tastes.dealt(3, reversed(users), attraction, 1) != Tastes.dealt(3, users, attraction, 2)
    assert {*dealt.of_user.values()} == {*dealt.of_document.values()} == {"taste 0", "taste 1", "taste 2"}
    assert Tastes.dealt(0, users, attraction, 1) == Tastes()


def test_who_does_not_care_for_it_clicks_it_less() -> None:
    played = world()
    replay = Replay(played.recording, played.learner(()).serving(Fixed(5)), template)
    people = People({QUERIES[0]: {"d31": 1.0}}, PositionBased(eta=0.0, noise=0.0), TASTES)

    def clicks(user: str) -> int:
        made = (Visit(START, user, f"s{n}", "phone", QUERIES[0], f"{n}") for n in range(200))
        return sum(bool(people.search(replay, one, explore=False)[0].gains) for one in made)

    assert clicks("ann") == 200
    assert 60 < clicks("bob") < 140
