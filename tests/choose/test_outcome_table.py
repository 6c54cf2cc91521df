"""How much of what people want each remembered entity is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ltrr_opensearch.choose.worth import acted_weights
from ltrr_opensearch.knowledge.liking import Kind, Liking
from ltrr_opensearch.knowledge.outcomes import Acted, Outcome, Outcomes

KNOWN = Liking(Kind(900, 1000, 30, 600), Kind(300, 500, 250, 60))


def weights(*entities: Acted, liking: Liking = KNOWN, gain: float = 1.0) -> list[float]:
    named = {str(n): a for n, a in enumerate(entities)}
    one = Outcome((), 10.0, 5.0, datetime(2026, 3, 1, tzinfo=UTC), named)
    return [float(weight) for weight in acted_weights(one, Outcomes(liking=liking, gain=gain))]


def test_one_action_on_what_was_often_passed_over_weighs_less_than_its_rate_says() -> None:
    often, once = Acted(5.0, 10.0), Acted(1.0, 10.0)
    assert weights(often, once, liking=Liking())[1] == pytest.approx(1 / 6)
    assert weights(often, once)[1] == pytest.approx(0.0185, abs=0.001)


def test_what_was_little_likely_wanted_needs_more_actions() -> None:
    likely, unlikely = (Acted(1.0, 2.0, odds=odds) for odds in (1.0, 0.01))
    assert weights(likely, unlikely)[1] < 0.1


def test_actions_are_counted_in_what_one_is_worth() -> None:
    halves = [Acted(gain / 2, 10.0) for gain in (5.0, 1.0)]
    assert weights(*halves, gain=0.5) == pytest.approx(weights(Acted(5.0, 10.0), Acted(1.0, 10.0)))


def test_what_was_acted_upon_no_more_than_by_chance_weighs_nothing() -> None:
    assert weights(Acted(0.2, 10.0)) == [0.0]
    assert weights() == []
