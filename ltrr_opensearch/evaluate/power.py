"""How many observations until a difference of a given size is proved, for somebody who looks once or at any time."""

from __future__ import annotations

from math import ceil
from statistics import NormalDist

from ltrr_opensearch.evaluate.sequential import ALPHA, LEAST, TUNED_AT, margins

POWER = 0.8
"""The chance of finding a difference that is there."""
MOST = 1e12
"""More observations than anybody has."""


def fixed_horizon(effect: float, spread: float, alpha: float = ALPHA, power: float = POWER) -> int | None:
    """Observations for one look at a number fixed beforehand, two-sided; None where no number is enough.

    `spread`: the standard error at one observation. Of a paired difference that is its standard deviation, of two
    halves of the people twice that of one person's value.
    """
    normal = NormalDist()
    errors = normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(power)
    return _number((errors * spread / effect) ** 2) if effect > 0 else None


def any_time(
    effect: float, spread: float, alpha: float = ALPHA, power: float = POWER, tuned_at: float = TUNED_AT
) -> int | None:
    """Observations after which the confidence sequence leaves 0 out with this probability, at the latest. Found by
    bisection, since the sequence's width depends on the number itself.
    """
    if not effect > 0:
        return None
    beyond = NormalDist().inv_cdf(power)

    def enough(n: float) -> bool:
        return effect * n**0.5 / spread >= margins(n, alpha, tuned_at) + beyond if spread > 0 else True

    low, high = 1.0, MOST
    if not enough(high):
        return None
    while high / low > 1.0001:
        middle = (low * high) ** 0.5
        low, high = (low, middle) if enough(middle) else (middle, high)
    return _number(high)


def _number(n: float) -> int | None:
    return max(LEAST, ceil(n)) if n < MOST else None
