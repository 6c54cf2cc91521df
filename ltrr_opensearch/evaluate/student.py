"""The quantile of Student's t distribution, so that an interval needs no statistics package."""

from __future__ import annotations

from math import exp, pi, sqrt
from statistics import NormalDist


def quantile(p: float, freedom: float) -> float:
    """For `p` above a half; Hill 1970 (algorithm 396), good to three digits from 2 degrees of freedom on.

    Below 2, where nothing should be concluded anyway, it is that of 2.
    """
    two_sided, n = 2 * (1 - p), max(freedom, 2.0)
    if n == 2:
        return sqrt(2 / (two_sided * (2 - two_sided)) - 2)
    a = 1 / (n - 0.5)
    b = 48 / a**2
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * sqrt(a * pi / 2) * n
    y = (d * two_sided) ** (2 / n)
    if y > 0.05 + a:
        x = -NormalDist().inv_cdf(two_sided / 2)
        y = x**2
        if n < 5:
            c += 0.3 * (n - 4.5) * (x + 0.6)
        c += (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b
        y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
        y = a * y**2
        y = exp(y) - 1 if y > 0.002 else 0.5 * y**2 + y
    else:
        y = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1) * (n + 1) / (
            n + 2
        ) + 1 / y
    return sqrt(n * y)
