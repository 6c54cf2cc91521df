"""The probability of being the largest, against sampling."""

import numpy as np
import pytest

from ltrr_opensearch.choose.best import best_probabilities


@pytest.mark.parametrize(
    ("means", "deviations"),
    [
        ((0.5, 0.52, 0.4, 0.3), (0.05, 0.03, 0.2, 0.1)),
        ((0.5, 0.5001, 0.4, 0.0), (1e-4, 1e-4, 0.2, 0.5)),
        ((0.5, 0.4, 0.3, 0.2), (0.3, 0.001, 0.001, 0.001)),
        ((0.5, 0.45), (0.02, 0.2)),
        ((0.5,), (0.1,)),
    ],
)
def test_they_are_the_frequencies_of_thompson_sampling(means: tuple[float, ...], deviations: tuple[float, ...]) -> None:
    samples = np.random.default_rng(0).normal(means, deviations, (200_000, len(means)))
    frequencies = np.bincount(samples.argmax(axis=1), minlength=len(means)) / len(samples)
    assert best_probabilities(means, deviations) == pytest.approx(frequencies, abs=0.005)


def test_certain_beliefs_decide() -> None:
    assert best_probabilities((0.1, 0.3, 0.2), (0, 0, 0)) == pytest.approx([0, 1, 0])
