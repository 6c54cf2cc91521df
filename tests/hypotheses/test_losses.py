"""Analytic gradients against finite differences, and what each loss asks for."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import check_grad

from ltrr_opensearch.hypotheses.losses import LOSSES, R1, R2, Outcomes, cross_entropy, expected_error

OUTCOMES = Outcomes(
    right=np.array([True, False, False, False, True, False]),
    error=np.array([0.0, 0.5, 1.5, 1.0, 0.0, 0.25]),
    starts=np.array([0, 3, 4]),
    elsewhere=np.array([False, True, False]),
)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("scale", [0.1, 3.0, 30.0])
def test_the_gradient_is_that_of_finite_differences(name: str, scale: float) -> None:
    loss = LOSSES[name]
    z = np.random.default_rng(3).normal(size=6) * scale
    assert check_grad(lambda x: loss(x, OUTCOMES)[0], lambda x: loss(x, OUTCOMES)[1], z) < 1e-6


def test_expected_error_is_of_drawing_with_the_others_as_one_option_of_score_1() -> None:
    found, _ = expected_error(np.zeros(6), OUTCOMES)
    first, second, third = (0 + 0.5 + 1.5 + 1) / 4, (1.0 + 0) / 2, (0 + 0.25 + 1) / 3
    assert found == pytest.approx((first + second + third) / 3)


def test_scores_without_bound_reach_the_least_error_without_overflow() -> None:
    z = np.array([900.0, -900, -900, -900, 900, -900])
    assert expected_error(z, OUTCOMES)[0] == pytest.approx(0)
    assert cross_entropy(z, OUTCOMES)[0] == pytest.approx(0)


def test_only_cross_entropy_makes_a_confident_mistake_ever_dearer() -> None:
    def cost(name: str, z: float) -> float:
        return LOSSES[name](np.array([0.0, z, 0, 0, 0, 0]), OUTCOMES)[0]

    assert cost(R2, 40) - cost(R2, 20) > 3
    assert cost(R1, 40) - cost(R1, 20) < 1e-6
