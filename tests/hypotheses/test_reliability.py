from __future__ import annotations

import numpy as np
import pytest

from ltrr_opensearch.hypotheses.reliability import bins, calibration_error, of_a_perfect_predictor


def test_the_error_is_the_distance_of_what_was_said_from_what_was_right() -> None:
    likelihood = np.repeat([0.2, 0.8], 50)
    right = np.concatenate([np.arange(50) < 20, np.arange(50) < 30])
    assert calibration_error(likelihood, right, 2) == pytest.approx(0.2)
    assert [(b.likelihood, b.right, b.count) for b in bins(likelihood, right, 2)] == [
        pytest.approx((0.2, 0.4, 50)),
        pytest.approx((0.8, 0.6, 50)),
    ]


def test_a_perfect_predictor_shows_what_chance_alone_does() -> None:
    chance = np.random.default_rng(0)
    likelihood = chance.random(300)
    shown = [calibration_error(likelihood, chance.random(300) < likelihood) for _ in range(200)]
    assert of_a_perfect_predictor(likelihood) == pytest.approx(np.mean(shown), rel=0.05)


def test_outcomes_that_come_together_leave_more_to_chance() -> None:
    likelihood = np.sort(np.random.default_rng(0).random(300))
    groups = [str(n // 5) for n in range(300)]
    assert of_a_perfect_predictor(likelihood, groups) > 1.2 * of_a_perfect_predictor(likelihood)


def test_fewer_claims_than_bins_are_a_bin_each() -> None:
    assert len(bins(np.array([0.1, 0.9]), np.array([False, True]))) == 2
    assert calibration_error(np.array([]), np.array([], dtype=np.bool_)) == 0
