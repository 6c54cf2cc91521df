"""Intervals that may be looked at after every observation, and acted upon at any look.

A confidence sequence holds at all sample sizes at once: the chance that it ever leaves the truth out is at most
`alpha`, however often and for whatever reason somebody looks or stops. The normal mixture of Robbins (1970), also
Howard et al. (2021), "Time-uniform, nonparametric, nonasymptotic confidence sequences", eq. 14; with an estimated
scale it is asymptotic (Waudby-Smith et al. 2024, "Time-uniform central limit theory and asymptotic confidence
sequences", theorem 2.2).
"""

from __future__ import annotations

from math import log, sqrt

TUNED_AT = 1000.0
"""Independent observations at which the sequence is narrowest. It holds at any number; chosen before looking."""


def margins(n: float, alpha: float, tuned_at: float = TUNED_AT) -> float:
    """Half the width of the sequence at `n` observations, in standard errors; a fixed-horizon interval has 1.96."""
    r = _mixture(n, alpha, tuned_at)
    return sqrt(2 * (1 + 1 / r) * (log(1 + r) / 2 - log(alpha)))


def _mixture(n: float, alpha: float, tuned_at: float) -> float:
    """n times the variance of the mixing normal: its best choice for `tuned_at` (Waudby-Smith et al., appendix)."""
    return n * (log(1 - 2 * log(alpha)) - 2 * log(alpha)) / tuned_at
