from dataclasses import replace
from datetime import timedelta

import pytest

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.popularity import RECENT, Popularity
from ltrr_opensearch.logged import Round
from tests.learn.synthetic import START, decision


def acted(number: int, id: str, days: float = 0.0) -> Round:
    return Round(replace(decision(number), at=START + timedelta(days=days)), {id: 1.0})


def test_what_is_acted_upon_more_is_more_popular() -> None:
    popularity = Popularity().updated([acted(0, "a"), acted(1, "a"), acted(2, "b")])
    assert [id for id, _ in popularity.ranking] == ["a", "b"]
    assert popularity.recent("a") > popularity.recent("b") > popularity.recent("c") == 0.0


def test_fashion_passes_sooner_than_habit() -> None:
    habit = [acted(number, "old") for number in range(8)]
    popularity = Popularity().updated([*habit, acted(9, "new", days=5 * RECENT.days)])
    assert popularity.recent("new") > popularity.recent("old")
    assert popularity.lasting("old") > popularity.lasting("new")


def test_in_two_runs_as_in_one() -> None:
    rounds = [acted(n, "ab"[n % 2], days=n) for n in range(6)]
    at_once = Popularity().updated(rounds)
    twice = Popularity().updated(rounds[:3]).updated(rounds[3:])
    assert twice.as_of == at_once.as_of
    for id in "ab":
        assert twice.gains[id] == pytest.approx(at_once.gains[id])


def test_objects_go_by_the_name_that_events_use() -> None:
    one = decision(0)
    named = tuple(c._replace(object_id=f"sku-{c.key.id}") for c in one.candidates)
    first = one.candidates[0].key.id
    popularity = Popularity().updated([Round(replace(one, candidates=named), {first: 1.0})])
    assert set(popularity.gains) == {f"sku-{first}"}


def test_bytes_and_back() -> None:
    popularity = Popularity().updated([acted(0, "a"), acted(1, "b", days=2)])
    assert Popularity.from_bytes(popularity.to_bytes()) == popularity
    with pytest.raises(ModelError, match="damaged"):
        Popularity.from_bytes(b"no")
