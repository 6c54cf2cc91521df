"""Shares and losses: the logged probabilities are those of the search as a whole."""

from collections import Counter
from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.choose.draw import draw_offers
from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.types import Draw, Slot
from tests.worlds import searches

SEARCH = searches(1, 1)[0]
VALUES = (0.0, 0.2, 0.5, 0.3)


@dataclass
class Same:
    name: str = "same"

    def pmf(self, slot: Slot) -> tuple[float, ...]:
        return (0.1, 0.2, 0.6, 0.1)


class Valuing(Same):
    def values(self, slot: Slot) -> tuple[float, ...] | None:
        return None if slot.plan == "q2e" else VALUES


def drawn(choose: ChooseSettings, seed: int = 7, explore: bool = True, policy: Same | None = None) -> Draw:
    return draw_offers(policy or Same(), SEARCH.offers, SEARCH.context, choose, seed, explore)


def probability(draw: Draw) -> float:
    return float(np.prod([s.probability for s in draw.slots]))


def depths(draw: Draw) -> tuple[int, ...]:
    return tuple(s.depth for s in draw.slots)


def test_a_share_of_the_searches_explores_and_the_log_says_so_exactly() -> None:
    """The probability of an action is share x exploring + (1 - share) x the mode, whatever the slots."""
    some, wide = ChooseSettings(explore_share=0.3, budget=800), ChooseSettings(budget=800)
    for seed in range(300):
        action = drawn(some, seed)
        each = [0.95 * p + 0.05 / 4 for p in Same().pmf(action.slots[0].slot)]
        exploring = float(np.prod([each[wide.ladder.index(d)] for d in depths(action)]))
        settled = float(depths(action) == (50, 50, 50, 50))
        assert probability(action) == pytest.approx(0.3 * exploring + 0.7 * settled)


def test_searches_that_do_not_explore_are_as_frequent_as_said() -> None:
    choose = ChooseSettings(explore_share=0.25)
    actions = Counter(depths(drawn(choose, seed)) for seed in range(4000))
    settled = 0.75 + 0.25 * (0.95 * 0.6 + 0.05 / 4) ** 4
    assert actions[(50, 50, 50, 50)] / 4000 == pytest.approx(settled, abs=0.03)


@pytest.mark.parametrize(("share", "explore"), [(0.0, True), (0.5, False), (1.0, False)])
def test_who_must_not_explore_gets_the_most_likely_depths(share: float, explore: bool) -> None:
    for seed in range(20):
        action = drawn(ChooseSettings(explore_share=share), seed, explore)
        assert depths(action) == (50, 50, 50, 50)
        assert probability(action) == 1


@given(limit=st.floats(0.001, 0.5), seed=st.integers(0, 2**32))
def test_a_search_loses_no_more_than_allowed(limit: float, seed: int) -> None:
    action = drawn(ChooseSettings(explore_loss=limit, budget=800), seed, policy=Valuing())
    valued = [s for s in action.slots if s.slot.plan != "q2e"]
    loss = sum(max(VALUES) - float(np.dot(s.pmf, VALUES)) for s in valued)
    assert loss <= limit + 1e-9
    assert all(min(s.pmf) > 0 for s in action.slots), "every depth stays possible"
    spread = next(s for s in action.slots if s.slot.plan == "q2e")
    assert spread.pmf[2] == pytest.approx(0.95 * 0.6 + 0.05 / 4), "what cannot be valued is not held back"


def test_what_is_not_used_is_left_for_later_slots() -> None:
    action = drawn(ChooseSettings(explore_loss=0.3, budget=800, floor=0.0), policy=Valuing())
    losses = [max(VALUES) - float(np.dot(s.pmf, VALUES)) for s in action.slots]
    assert losses[0] == pytest.approx(0.3 / 4)
    assert sum(losses[:2]) == pytest.approx(0.3 / 2)
    assert losses[3] == pytest.approx(0.13), "the slot without values used nothing, so the last may explore in full"


def test_probabilities_of_all_actions_sum_to_one() -> None:
    choose = ChooseSettings(explore_share=0.4, ladder=(0, 50), budget=100)

    @dataclass
    class Two:
        name: str = "two"

        def pmf(self, slot: Slot) -> tuple[float, ...]:
            return (0.3, 0.7)

    seen = {}
    for seed in range(2000):
        action = draw_offers(Two(), SEARCH.offers, SEARCH.context, choose, seed, explore=True)
        seen[depths(action)] = probability(action)
    assert set(seen) <= set(product((0, 50), repeat=4))
    assert sum(seen.values()) == pytest.approx(1)
