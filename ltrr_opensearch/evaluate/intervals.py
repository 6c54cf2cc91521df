"""How sure an estimate is: the bootstrap for any estimator, empirical Bernstein where terms are bounded."""

from __future__ import annotations

from math import log, sqrt
from typing import NamedTuple

import numpy as np

from ltrr_opensearch.evaluate.estimators import Terms
from ltrr_opensearch.evaluate.table import Floats

LEVEL = 0.95
RESAMPLES = 1000
_CHUNK = 1_000_000
"""Numbers drawn at a time."""


class Interval(NamedTuple):
    low: float
    high: float


def bootstrap(terms: Terms, seed: int, level: float = LEVEL, resamples: int = RESAMPLES) -> Interval:
    """Percentile bootstrap over searches (Efron 1979)."""
    return _percentiles(_resampled(terms, seed, resamples), level)


def bootstrap_difference(a: Terms, b: Terms, seed: int, level: float = LEVEL, resamples: int = RESAMPLES) -> Interval:
    """Of value(a) - value(b), both resampled on the same searches."""
    return _percentiles(_resampled(a, seed, resamples) - _resampled(b, seed, resamples), level)


def empirical_bernstein(values: Floats, low: float, high: float, level: float = LEVEL) -> Interval:
    """Of the mean of independent values in [low, high], for any sample size (Maurer & Pontil 2009, theorem 4)."""
    n, mean = len(values), float(values.mean())
    if n < 2:
        return Interval(low, high)
    sides = log(4 / (1 - level))
    margin = sqrt(2 * float(values.var(ddof=1)) * sides / n) + 7 * (high - low) * sides / (3 * (n - 1))
    return Interval(max(low, mean - margin), min(high, mean + margin))


def _resampled(terms: Terms, seed: int, resamples: int) -> Floats:
    rng = np.random.default_rng(seed)
    n = len(terms.numerators)
    values = []
    for start in range(0, resamples, step := max(1, _CHUNK // n)):
        rows = rng.integers(0, n, (min(step, resamples - start), n))
        down = terms.denominators[rows].sum(axis=1)
        values.append(terms.numerators[rows].sum(axis=1) / np.where(down > 0, down, np.nan))
    return np.concatenate(values)


def _percentiles(values: Floats, level: float) -> Interval:
    low, high = np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))
