from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ltrr_opensearch.hypotheses.calibrate import (
    ISOTONIC,
    METHODS,
    NONE,
    PLATT,
    TEMPERATURE,
    Calibration,
    choose,
    isotonic,
    log_loss,
    sigmoid,
)
from ltrr_opensearch.types import Doubles

COUNT = 4000
FOLDS = np.arange(COUNT) % 3


def sample(true: Calibration | None = None, seed: int = 0) -> tuple[Doubles, NDArray[np.bool_]]:
    chance = np.random.default_rng(seed)
    z = chance.normal(size=COUNT) * 3
    return z, chance.random(COUNT) < (true or Calibration())(z)


@pytest.mark.parametrize(
    ("true", "methods"),
    [
        (Calibration(TEMPERATURE, slope=0.3), {TEMPERATURE, PLATT}),
        (Calibration(PLATT, slope=0.5, offset=-2.0), {PLATT}),
        (Calibration(ISOTONIC, knots=((-9.0, 0.1), (-0.1, 0.1), (0.1, 0.9), (9.0, 0.9))), {ISOTONIC}),
    ],
)
def test_the_method_that_predicts_best_is_chosen_and_finds_the_truth(true: Calibration, methods: set[str]) -> None:
    z, right = sample(true)
    found = choose(z, right, FOLDS)
    assert found.method in methods
    other, _ = sample(seed=1)
    assert np.abs(found(other) - true(other)).mean() < 0.03


def test_what_is_calibrated_stays_as_it_is_within_the_noise() -> None:
    z, right = sample()
    found = choose(z, right, FOLDS)
    assert found.method != ISOTONIC
    assert log_loss(found(z), right) == pytest.approx(log_loss(Calibration()(z), right), abs=2e-3)


@given(st.lists(st.tuples(st.floats(-50, 50), st.booleans()), min_size=1, max_size=40))
def test_every_method_is_non_decreasing_and_never_certain(pairs: list[tuple[float, bool]]) -> None:
    z, right = np.array([a for a, _ in pairs]), np.array([b for _, b in pairs])
    grid = np.linspace(-60, 60, 50)
    for fit in METHODS.values():
        found = fit(z, right)(grid)
        assert (np.diff(found) >= -1e-12).all()
        assert 0 < found.min() <= found.max() < 1


def test_isotonic_pools_neighbours_that_fall() -> None:
    found = isotonic(np.array([1.0, 2.0, 3.0, 4.0]), np.array([False, True, False, True]))
    assert found.knots == ((1.0, 0.0), (2.5, 0.5), (4.0, 1.0))


def test_uncalibrated_is_score_over_1_plus_score() -> None:
    assert METHODS[NONE](np.zeros(1), np.array([True]))(np.array([np.log(3)])) == pytest.approx(0.75)
    assert sigmoid(np.array([-800.0]))[0] == 0
