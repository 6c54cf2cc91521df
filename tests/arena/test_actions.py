import numpy as np
import pytest

from ltrr_opensearch.arena.actions import Actions, Prices, best_constant, ranks, wanted_by_grade
from tests.arena.shop import QUERIES, recording

PLANS = ("original", "lexical")
PRICES = Prices(0.01, 0.1, frozenset({"original"}))


def test_every_depth_vector_within_the_budget() -> None:
    actions = Actions.all(PLANS, (0, 5, 20), 25, PRICES)
    assert {tuple(row) for row in actions.depths.tolist()} == {
        (a, b) for a in (0, 5, 20) for b in (0, 5, 20) if a + b <= 25
    }


def test_an_action_is_worth_what_it_finds_less_its_price() -> None:
    actions = Actions.all(PLANS, (0, 5, 20), 40, PRICES)
    wanted = {"d2": 0.75, "d40": 0.25}
    values = actions.values(wanted, ranks(recording(), QUERIES[0], wanted, PLANS))
    assert values[actions.number({})] == pytest.approx(0.0)
    assert values[actions.number({"original": 5})] == pytest.approx(0.75 - 0.05)
    assert values[actions.number({"original": 5, "lexical": 20})] == pytest.approx(1.0 - 0.25 - 0.1)
    assert values[actions.number({"lexical": 5})] == pytest.approx(0.0 - 0.05 - 0.1)


def test_what_was_asked_costs_as_an_action_does() -> None:
    assert PRICES.cost([("original", 5), ("lexical", 20), ("knn", 0)]) == pytest.approx(0.25 + 0.1)
    assert PRICES.cost([]) == 0


def test_where_nothing_is_wanted_the_cheapest_is_best() -> None:
    actions = Actions.all(PLANS, (0, 5), 10, PRICES)
    values = actions.values({}, np.zeros((0, 2)))
    assert actions.named(int(values.argmax())) == {}


def test_shares_follow_the_grades() -> None:
    assert wanted_by_grade({"a": 3, "b": 1, "c": 0}) == pytest.approx({"a": 7 / 8, "b": 1 / 8})


def test_the_best_constant_is_best_on_the_average() -> None:
    assert best_constant(np.array([[1.0, 0.6], [0.0, 0.6]])) == 1
