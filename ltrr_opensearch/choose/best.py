"""Which of some normal beliefs is the best: the probabilities with which Thompson sampling would take each.

Sampling from the beliefs and taking the largest (Thompson 1933) draws each with the probability that it is the largest,
an integral that is computed here, so that a policy can say it exactly and the same everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ltrr_opensearch.types import Doubles

_STEPS = np.linspace(-5, 5, 41)
"""In standard deviations. Between two steps a distribution function is taken as straight."""
_LEAST = 1e-9
"""Smallest standard deviation, so that a certain belief is a belief."""


def best_probabilities(means: Sequence[float] | Doubles, deviations: Sequence[float] | Doubles) -> list[float]:
    """P(each is the largest) of independent normals, summing to 1.

    The integral of a density times the others' distribution functions, on the steps of all of them together: beliefs of
    very different width, which fixed quadrature nodes miss, cost nothing more.
    """
    mean, spread = np.asarray(means, float), np.maximum(np.asarray(deviations, float), _LEAST)
    grid = np.sort((mean[:, None] + spread[:, None] * _STEPS).ravel())
    below = _distribution((grid - mean[:, None]) / spread[:, None])
    mass, middle = np.diff(below, axis=1), (below[:, 1:] + below[:, :-1]) / 2
    others = np.where(np.eye(len(mean), dtype=bool)[:, :, None], 1.0, middle).prod(axis=1)
    chances = (mass * others).sum(axis=1)
    return [float(c) for c in chances / chances.sum()]


def _distribution(x: Doubles) -> Doubles:
    """Of the standard normal, within 1e-7 (Abramowitz & Stegun 1964, 26.2.17); numpy has none."""
    t = 1 / (1 + 0.2316419 * np.abs(x))
    series = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    above = np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * series
    return np.asarray(np.where(x < 0, above, 1 - above))
