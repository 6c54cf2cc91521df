"""Intervals and p-values that may be looked at after every observation, and acted upon at any look.

A confidence sequence holds at all sample sizes at once: the chance that it ever leaves the truth out is at most
`alpha`, however often and for whatever reason somebody looks or stops. The normal mixture of Robbins (1970), also
Howard et al. (2021), "Time-uniform, nonparametric, nonasymptotic confidence sequences", eq. 14: exact for sub-Gaussian
values of known scale; with an estimated one it is asymptotic (Waudby-Smith et al. 2024, "Time-uniform central limit
theory and asymptotic confidence sequences", theorem 2.2). For bounded values of any distribution see `bounded.py`.
"""

from __future__ import annotations

from math import exp, inf, log, sqrt
from typing import NamedTuple

import numpy as np

from ltrr_opensearch.evaluate.table import Floats

ALPHA = 0.05
TUNED_AT = 1000.0
"""Independent observations at which the sequence is narrowest. It holds at any number; chosen before looking."""
LEAST = 100
"""Fewer observations than this (in each sample) say nothing: the central limit theorem is not yet to be leant on."""


class Estimate(NamedTuple):
    """Something asymptotically normal: its standard error, and how many independent observations it rests on.

    An error of 0 or NaN: nothing is known of how it varies.
    """

    value: float
    error: float
    observations: int


class Look(NamedTuple):
    """What one look shows: an interval that holds at all looks together, and an always-valid p-value against 0."""

    mean: float
    low: float
    high: float
    p: float
    observations: int

    @property
    def clear(self) -> bool:
        """Whether 0 is left out."""
        return self.low > 0 or self.high < 0


def mean_sequence(
    values: Floats, alpha: float = ALPHA, *, tuned_at: float = TUNED_AT, scale: float | None = None
) -> Look:
    """Of the mean of independent values, or of paired differences. `scale`: of sub-Gaussian values, where it is known
    (half the range of bounded ones); then the sequence is exact from the first value on.
    """
    if scale is None:
        return sequence(mean_of(values), alpha, tuned_at)
    n = len(values)
    known = Estimate(float(np.mean(values)) if n else 0.0, scale / sqrt(max(n, 1)), n)
    return sequence(known, alpha, tuned_at, least=1)


def two_sample_sequence(ours: Floats, theirs: Floats, alpha: float = ALPHA, *, tuned_at: float = TUNED_AT) -> Look:
    """Of mean(ours) - mean(theirs), samples independent of each other; the mixture sequential test of A/B experiments
    (Johari, Koomen, Pekelis & Walsh 2022, "Always valid inference").
    """
    return sequence(difference(mean_of(ours), mean_of(theirs)), alpha, tuned_at)


def sequence(estimate: Estimate, alpha: float = ALPHA, tuned_at: float = TUNED_AT, least: int = LEAST) -> Look:
    value, error, n = estimate
    if n < least or not error > 0:
        return Look(value, -inf, inf, 1.0, n)
    margin = error * margins(n, alpha, tuned_at)
    r = _mixture(n, alpha, tuned_at)
    evidence = (value / error) ** 2 * r / (2 * (1 + r)) - log(1 + r) / 2
    return Look(value, value - margin, value + margin, min(1.0, exp(-evidence)) if evidence > 0 else 1.0, n)


def margins(n: float, alpha: float = ALPHA, tuned_at: float = TUNED_AT) -> float:
    """Half the width of the sequence at `n` observations, in standard errors; a fixed-horizon interval has 1.96."""
    r = _mixture(n, alpha, tuned_at)
    return sqrt(2 * (1 + 1 / r) * (log(1 + r) / 2 - log(alpha)))


def mean_of(values: Floats) -> Estimate:
    n = len(values)
    if n < 2:
        return Estimate(float(values[0]) if n else 0.0, 0.0, n)
    return Estimate(float(np.mean(values)), float(np.std(values, ddof=1)) / sqrt(n), n)


def ratio_of(sums: Floats, counts: Floats) -> Estimate:
    """sum(sums) / sum(counts) over clusters, like searches of people: these are independent, their searches are not.

    The delta method (Deng, Knoblich & Lu 2018, "Applying the delta method in metric analytics", eq. 3).
    """
    clusters, total = len(counts), float(np.sum(counts))
    if total <= 0:
        return Estimate(0.0, 0.0, clusters)
    value = float(np.sum(sums)) / total
    spread = (sums - value * counts) * (clusters / total)
    return Estimate(value, mean_of(spread).error, clusters)


def difference(ours: Estimate, theirs: Estimate) -> Estimate:
    """Of independent estimates. It rests on both samples: where either is too small, so is this."""
    enough = min(ours.observations, theirs.observations) >= LEAST
    observations = ours.observations + theirs.observations if enough else 0
    error = sqrt(ours.error**2 + theirs.error**2)
    return Estimate(ours.value - theirs.value, error, observations)


def _mixture(n: float, alpha: float, tuned_at: float) -> float:
    """n times the variance of the mixing normal: its best choice for `tuned_at` (Waudby-Smith et al., appendix)."""
    return n * (log(1 - 2 * log(alpha)) - 2 * log(alpha)) / tuned_at
