"""Looked at again and again, over many seeds: how often there is an alarm, where nothing is and where something is."""

from __future__ import annotations

from collections.abc import Callable
from math import exp, inf, isinf

import numpy as np
import pytest

from ltrr_opensearch.evaluate.bounded import bounded_sequence
from ltrr_opensearch.evaluate.power import any_time, fixed_horizon
from ltrr_opensearch.evaluate.sequential import (
    LEAST,
    Estimate,
    Look,
    difference,
    mean_of,
    mean_sequence,
    ratio_of,
    sequence,
    two_sample_sequence,
)
from ltrr_opensearch.evaluate.table import Floats

SEEDS = 300
LOOKS = np.unique(np.geomspace(20, 5000, 30).astype(int))

Draw = Callable[[np.random.Generator], Floats]


def alarms(draw: Draw, look: Callable[[Floats], Look], truth: float = 0.0, seeds: int = SEEDS) -> float:
    """The share of runs in which some look leaves the truth out."""
    missed = 0
    for seed in range(seeds):
        values = draw(np.random.default_rng(seed))
        shown = (look(values[..., :n]) for n in LOOKS)
        missed += any(not one.low <= truth <= one.high for one in shown)
    return missed / seeds


def at_one_look(values: Floats) -> Look:
    """What would be right for one look alone."""
    value, error, n = mean_of(values)
    return Look(value, value - 1.96 * error, value + 1.96 * error, 1.0, n)


def normal(shift: float) -> Draw:
    return lambda rng: rng.normal(shift, 1.0, 5000)


def rare(rate: float) -> Draw:
    return lambda rng: (rng.random(5000) < rate).astype(float)


def two(rate: float, other: float) -> Draw:
    return lambda rng: (rng.random((2, 5000)) < [[rate], [other]]).astype(float)


def test_an_interval_for_one_look_fails_whoever_looks_often() -> None:
    assert alarms(normal(0.0), at_one_look) > 0.25


@pytest.mark.parametrize("draw", [normal(0.0), lambda rng: rng.laplace(0.0, 1.0, 5000)], ids=["normal", "laplace"])
def test_looking_often_raises_no_more_alarms_than_promised(draw: Draw) -> None:
    assert alarms(draw, mean_sequence) <= 0.05


def test_of_known_scale_it_holds_from_the_first_value_on() -> None:
    assert alarms(normal(0.0), lambda values: mean_sequence(values, scale=1.0)) <= 0.05
    assert not isinf(mean_sequence(np.array([1.0]), scale=1.0).high)


@pytest.mark.parametrize("rate", [0.3, 0.05, 0.01])
def test_two_samples_of_the_same_rate(rate: float) -> None:
    assert alarms(two(rate, rate), lambda pair: two_sample_sequence(pair[0], pair[1])) <= 0.05


@pytest.mark.parametrize("rate", [0.5, 0.1, 0.02])
def test_bounded_values_of_any_rate(rate: float) -> None:
    assert alarms(rare(rate), lambda values: bounded_sequence(values, 0, 1), rate, seeds=100) <= 0.05


def test_what_is_there_is_found() -> None:
    found = {
        "mean 0.1 of standard deviation 1": alarms(normal(0.1), mean_sequence),
        "30 % against 36 %": alarms(two(0.36, 0.30), lambda pair: two_sample_sequence(pair[0], pair[1])),
        "bounded, 0.1 of rate 0.5": alarms(lambda rng: rare(0.6)(rng) - 0.5, lambda v: bounded_sequence(v, -0.5, 0.5)),
    }
    assert all(share > 0.95 for share in found.values()), found


def test_the_p_value_and_the_interval_say_the_same() -> None:
    for seed in range(40):
        values = np.random.default_rng(seed).normal(0.12, 1.0, 600)
        look, strict = mean_sequence(values), mean_sequence(values, 0.01)
        assert look.clear == (look.p <= 0.05)
        assert strict.high - strict.low > look.high - look.low
        bounded = bounded_sequence(np.clip(values, -2, 2), -2, 2)
        assert bounded.clear == (bounded.p <= 0.05)


def test_the_margin_is_that_of_the_paper() -> None:
    """Theorem 2.2 by hand, at n = 1000 tuned for 1000, alpha 0.05: rho^2 = (5.991 + ln 6.991) / 1000."""
    r = 5.991465 + np.log(6.991465)
    expected = 2 * np.sqrt(2 * (1 + 1 / r) * np.log(np.sqrt(1 + r) / 0.05))
    look = sequence(Estimate(0.0, 2.0, 1000))
    assert look.high == pytest.approx(expected, rel=1e-6)
    assert look.p == 1.0
    p = sequence(Estimate(8.0, 2.0, 1000)).p
    assert p == pytest.approx(np.sqrt(1 + r) * exp(-16 * r / (2 * (1 + r))), rel=1e-6)


def test_too_little_says_nothing() -> None:
    few = np.random.default_rng(0).normal(5.0, 1.0, LEAST - 1)
    many = np.random.default_rng(1).normal(0.0, 1.0, 10 * LEAST)
    nothing = (-inf, inf, 1.0)
    assert mean_sequence(few)[1:4] == nothing
    assert two_sample_sequence(few, many)[1:4] == nothing
    assert mean_sequence(np.ones(500))[1:4] == nothing
    assert mean_sequence(np.array([]))[1:4] == nothing
    assert bounded_sequence(np.array([]), -1, 1) == Look(0.0, -1, 1, 1.0, 0)


def test_a_bounded_interval_never_leaves_the_bounds() -> None:
    look = bounded_sequence(np.ones(30), 0, 1)
    assert 0 < look.low < look.high == 1.0
    assert look.clear


def test_people_who_come_back_are_one_observation_each() -> None:
    """Searches of the same people agree: counted singly they raise false alarms, by person they do not."""

    def run(seed: int, by_person: bool) -> bool:
        rng = np.random.default_rng(seed)
        taste, arm = rng.beta(0.3, 0.7, 500), rng.integers(0, 2, 500)
        who = (500 * rng.random(6000) ** 2).astype(int)
        found = (rng.random(6000) < taste[who]).astype(float)
        for n in np.unique(np.geomspace(400, 6000, 15).astype(int)):
            sides = []
            for side in (0, 1):
                of = np.flatnonzero(arm[who[:n]] == side)
                sums, counts = (np.bincount(who[of], w[of], 500).astype(float) for w in (found, np.ones(6000)))
                seen = counts > 0
                sides.append(ratio_of(sums[seen], counts[seen]) if by_person else mean_of(found[of]))
            if sequence(difference(sides[1], sides[0])).clear:
                return True
        return False

    assert np.mean([run(seed, by_person=True) for seed in range(200)]) <= 0.05
    assert np.mean([run(seed, by_person=False) for seed in range(200)]) > 0.2


def test_a_ratio_of_clusters_of_one_is_a_mean() -> None:
    values = np.random.default_rng(3).random(400)
    assert ratio_of(values, np.ones(400)) == pytest.approx(mean_of(values))
    assert ratio_of(np.array([]), np.array([])) == Estimate(0.0, 0.0, 0)


def test_power_is_what_a_simulation_finds() -> None:
    effect, spread = 0.1, 1.0
    once, always = fixed_horizon(effect, spread), any_time(effect, spread)
    assert once == 785  # (1.95996 + 0.84162)^2 / 0.01
    assert always is not None
    assert once < always < 3 * once
    rng = np.random.default_rng(0)
    found = [mean_sequence(rng.normal(effect, spread, always)).clear for _ in range(400)]
    assert 0.74 < np.mean(found) < 0.86


def test_power_of_nothing() -> None:
    assert fixed_horizon(0.0, 1.0) is any_time(0.0, 1.0) is None
    assert any_time(1e-9, 1.0) is None
    assert any_time(0.5, 0.0) == LEAST
