"""The draw: masks before drawing, floor, exact probabilities, and a seed that only the secret's owner can repeat."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.chance import pick, seed_of, uniform
from ltrr_opensearch.choose.draw import Offer, draw, draw_offers
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.uniform import Uniform
from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.protocols import Policy
from ltrr_opensearch.types import EXPLORATION, Draw, QueryPlan, Slot
from tests.worlds import searches

SEARCH = searches(1, 1)[0]
CHOOSE = ChooseSettings()


def drawn(policy: Policy, choose: ChooseSettings = CHOOSE, seed: int = 7, explore: bool = True) -> Draw:
    return draw_offers(policy, SEARCH.offers, SEARCH.context, choose, seed, explore)


@dataclass
class Constant:
    values: tuple[float, ...]
    name: str = "constant"

    def pmf(self, slot: Slot) -> tuple[float, ...]:
        return self.values


@given(seed=st.integers(0, 2**64 - 1), budget=st.integers(1, 600), floor=st.floats(0, 1))
def test_every_draw_keeps_the_budget_and_records_what_was_sampled(seed: int, budget: int, floor: float) -> None:
    choose = CHOOSE.model_copy(update={"budget": budget, "floor": floor})
    action = drawn(Constant((0.1, 0.2, 0.3, 0.4)), choose, seed)
    assert sum(s.depth for s in action.slots) <= budget
    left = budget
    before: tuple[tuple[str, int], ...] = ()
    for s in action.slots:
        assert s.slot.feasible == tuple(d <= left for d in choose.ladder)
        assert s.slot.drawn == before
        assert sum(s.pmf) == pytest.approx(1)
        assert s.probability == s.pmf[choose.ladder.index(s.depth)] > 0
        least = floor / sum(s.slot.feasible)
        assert all((p >= least * 0.999) if ok else p == 0 for p, ok in zip(s.pmf, s.slot.feasible, strict=True))
        left, before = left - s.depth, (*before, (s.slot.plan, s.depth))


def test_the_seed_alone_decides() -> None:
    assert drawn(Uniform(), seed=3) == drawn(Uniform(), seed=3)
    assert len({drawn(Uniform(), seed=s).slots[0].depth for s in range(50)}) == 4


def test_frequencies_are_the_recorded_probabilities() -> None:
    counts = np.zeros(4)
    for seed in range(8000):
        slot = drawn(Constant((0.5, 0.1, 0.3, 0.1)), seed=seed).slots[1]
        if all(slot.slot.feasible):
            counts[CHOOSE.ladder.index(slot.depth)] += 1
    expected = 0.95 * np.array([0.5, 0.1, 0.3, 0.1]) + 0.05 / 4
    assert counts / counts.sum() == pytest.approx(expected, abs=0.02)


def test_without_exploration_the_most_likely_depth_is_certain() -> None:
    action = drawn(Constant((0.2, 0.3, 0.1, 0.4)), CHOOSE.model_copy(update={"budget": 250}), explore=False)
    assert [s.depth for s in action.slots] == [200, 10, 10, 10]
    assert [s.probability for s in action.slots] == [1, 1, 1, 1]
    assert [s.depth for s in drawn(Uniform(), explore=False).slots] == [50, 50, 50, 50]


@pytest.mark.parametrize("values", [(0, 0, 0, 0), (float("nan"), 1, 1, 1), (-1, 1, 1, 1), (float("inf"), 0, 0, 1)])
def test_nonsense_from_a_policy_is_refused(values: tuple[float, ...]) -> None:
    with pytest.raises(ModelError, match="constant gave no probabilities for slot original"):
        drawn(Constant(values))


def test_a_draw_of_plans_names_them() -> None:
    plans = [QueryPlan("a", "lexical", "lexical", lambda depth, vector: None)]
    action = draw(Fixed(50), plans, {}, [{"likelihood": 1.0}], CHOOSE.model_copy(update={"floor": 0.0}), 1, True)
    assert (action.policy, action.depth("a"), action.depth("b")) == ("fixed", 50, 0)


def test_pages_of_a_search_share_their_seed() -> None:
    body = {"query": {"match": {"title": "tv"}}}
    seed = seed_of("secret", "q1", body)
    assert seed == seed_of("secret", "q1", body | {"from": 10, "size": 5})
    assert 0 <= seed < 2**64
    others = [
        seed_of("other", "q1", body),
        seed_of("secret", "q2", body),
        seed_of("secret", None, body),
        seed_of("secret", "q1", body | {"aggs": {}}),
        seed_of("secret", "q1", body, "shop"),
    ]
    assert len({seed, *others}) == 6


def test_uniform_numbers_are_even_and_unrelated_between_slots() -> None:
    numbers = np.array([[uniform(seed, position) for position in range(5)] for seed in range(4000)])
    assert numbers.min() >= 0
    assert numbers.max() < 1
    assert numbers.mean(axis=0) == pytest.approx(0.5, abs=0.02)
    assert np.abs(np.corrcoef(numbers.T) - np.eye(5)).max() < 0.05


def test_rounding_never_picks_an_impossible_rung() -> None:
    assert pick((0.0, 0.6, 0.4 - 1e-9, 0.0), 1 - 1e-12) == 2
    assert pick((0.0, 1.0), 0.0) == 1


def test_fixed_falls_to_what_the_budget_allows() -> None:
    policy = Fixed(50, {"original": 200})
    slots = [s.slot for s in drawn(policy, CHOOSE.model_copy(update={"floor": 0.0})).slots]
    assert policy.pmf(slots[0]) == (0, 0, 0, 1)
    assert policy.pmf(slots[1]) == (0, 0, 1, 0)
    assert policy.pmf(slots[1]._replace(feasible=(True, True, False, False))) == (0, 1, 0, 0)


FRESH = Offer("fresh", "fresh", EXPLORATION, {})


def test_exploration_is_drawn_by_its_budget_and_by_no_policy() -> None:
    choose = CHOOSE.model_copy(update={"fresh_share": 0.25, "floor": 0.0})
    deep = Constant((0.0, 0.0, 0.0, 1.0))
    slots = [draw_offers(deep, [FRESH], {}, choose, seed * 7919, explore=True).slots[0] for seed in range(2000)]
    assert {s.pmf for s in slots} == {(0.75, 0.25, 0.0, 0.0)}
    assert all(s.probability == (0.25 if s.depth else 0.75) for s in slots)
    assert sum(s.depth == 10 for s in slots) == pytest.approx(500, abs=4 * (2000 * 0.25 * 0.75) ** 0.5)


def test_who_does_not_explore_is_shown_nothing_to_learn_from() -> None:
    choose = CHOOSE.model_copy(update={"fresh_share": 1.0})
    assert draw_offers(Uniform(), [FRESH], {}, choose, 1, explore=False).slots[0].pmf == (1.0, 0.0, 0.0, 0.0)
    some = choose.model_copy(update={"explore_share": 0.25})
    assert draw_offers(Uniform(), [FRESH], {}, some, 1, explore=True).slots[0].pmf == (0.75, 0.25, 0.0, 0.0)


def test_exploration_keeps_to_the_candidates_that_are_left() -> None:
    choose = CHOOSE.model_copy(update={"fresh_share": 1.0, "budget": 200, "floor": 0.0})
    deep = draw_offers(Constant((0.0, 0.0, 0.0, 1.0)), [*SEARCH.offers[:1], FRESH], {}, choose, 1, explore=True)
    assert deep.slots[1].pmf == (1.0, 0.0, 0.0, 0.0)
