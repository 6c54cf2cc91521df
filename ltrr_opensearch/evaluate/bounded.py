"""A confidence sequence for the mean of bounded values, of whatever distribution: exact, and narrow where they vary
little. For rare events and few observations, where the normal mixture of `sequential.py` may not be leant on.

The predictable plug-in empirical Bernstein of Waudby-Smith & Ramdas 2023, "Estimating means of bounded random variables
by betting", theorem 2: each value is weighed by what was known before it.
"""

from __future__ import annotations

from math import exp, log

import numpy as np

from ltrr_opensearch.evaluate.sequential import ALPHA, Look
from ltrr_opensearch.evaluate.table import Floats

BOLDEST = 0.5
"""Largest weight of a value; theirs."""


def bounded_sequence(values: Floats, low: float, high: float, alpha: float = ALPHA) -> Look:
    """Of the mean of values in [low, high], in the order in which they came; p is against 0."""
    n = len(values)
    if n == 0:
        return Look(0.0, low, high, 1.0, 0)
    unit = (np.asarray(values, dtype=np.float64) - low) / (high - low)
    weights, costs = _weights(unit, alpha)
    total, cost = float(weights.sum()), float(costs.sum())
    centre, margin = float(weights @ unit) / total, (log(2 / alpha) + cost) / total
    least, most = max(0.0, centre - margin), min(1.0, centre + margin)
    nothing = -low / (high - low)
    evidence = abs(total * (centre - nothing)) - cost - log(2)
    p = 1.0 if evidence <= 0 else exp(-evidence)
    return Look(float(np.mean(values)), low + (high - low) * least, low + (high - low) * most, p, n)


def _weights(unit: Floats, alpha: float) -> tuple[Floats, Floats]:
    """The weight of each value, and what its spread costs; both from the values before it."""
    n = np.arange(1, len(unit) + 1)
    means = (0.5 + np.cumsum(unit)) / (n + 1)
    variances = (0.25 + np.cumsum((unit - means) ** 2)) / (n + 1)
    mean_before, variance_before = np.r_[0.5, means[:-1]], np.r_[0.25, variances[:-1]]
    weights = np.minimum(BOLDEST, np.sqrt(2 * log(2 / alpha) / (variance_before * n * np.log1p(n))))
    costs = (unit - mean_before) ** 2 * (-np.log1p(-weights) - weights)
    return weights, costs
