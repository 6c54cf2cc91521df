"""What strategies take and what giving up is worth, by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ltrr_opensearch.learn import costs
from ltrr_opensearch.learn.shares import KEPT
from ltrr_opensearch.logged import Round
from ltrr_opensearch.types import Outcome
from tests.learn.synthetic import decision


def took(ms: float, *, outcome: Outcome = Outcome.OK, depth: int = 10, loss: float = 0.0, acted: bool = True) -> Round:
    """A search of which one strategy was asked."""
    one = decision(0, seed=1)
    slot = one.slots[0]._replace(took_ms=ms, outcome=outcome, depth=depth)
    return Round(replace(one, slots=(slot,)), {"d": 1.0} if acted else {}, loss)


def test_a_mean_follows_what_came_last() -> None:
    strategy = decision(0, seed=1).slots[0].strategy
    counted = costs.counted(costs.NOTHING, [took(10.0), took(20.0)])
    assert costs.mean(counted["took_ms"][strategy]) == pytest.approx((10 * KEPT + 20) / (KEPT + 1))
    at_once = costs.counted(costs.NOTHING, [took(10.0), took(20.0), took(30.0)])
    assert costs.counted(counted, [took(30.0)]) == at_once
    assert costs.NOTHING == {"took_ms": {}, "lost": [0.0, 0.0]}, "and nothing is counted into what was given"


@pytest.mark.parametrize("one", [took(9.0, depth=0), took(9.0, outcome=Outcome.NOTHING_TO_ASK)])
def test_what_was_not_asked_takes_no_time(one: Round) -> None:
    assert costs.counted(costs.NOTHING, [one])["took_ms"] == {}


def test_only_searches_without_an_action_are_lost() -> None:
    rounds = [took(1.0, loss=-0.4), took(1.0, loss=-0.2, acted=False)]
    assert costs.mean(costs.counted(costs.NOTHING, rounds)["lost"]) == pytest.approx(-0.2)
    assert costs.mean(costs.NOTHING["lost"]) == 0
