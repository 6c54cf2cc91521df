"""Means over clicks with intervals over the people who clicked, whose clicks are not independent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
Floats = NDArray[np.float64]


def mean(values: Floats) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def interval(values: Floats, users: NDArray[np.int64]) -> tuple[float, float]:
    """Of the mean, by a bootstrap over users (Poisson weights: Chamandy et al., 2012).

    `values`: of each click, or [replay, click], whose replays are drawn anew as well: their luck is in the interval, as
    far as so few can tell. A draw of n strays from the mean by less than those that it is drawn from, sqrt(1 - 1 / n).
    """
    whose, replays = np.unique(users, return_inverse=True)[1], np.atleast_2d(values)
    rng = np.random.default_rng(0)
    weights = rng.poisson(1.0, size=(RESAMPLES, int(whose.max()) + 1))
    picked = rng.multinomial(len(replays), np.full(len(replays), 1 / len(replays)), size=RESAMPLES) / len(replays)
    if (many := len(replays)) > 1:
        picked = 1 / many + (picked - 1 / many) * (many / (many - 1)) ** 0.5
    totals = weights @ np.stack([np.bincount(whose, one) for one in replays], axis=1)
    low, high = np.quantile((totals * picked).sum(axis=1) / (weights @ np.bincount(whose)), [0.025, 0.975])
    return float(low), float(high)


def reciprocal(ranks: Sequence[int | None]) -> Floats:
    return np.array([1 / rank if rank else 0.0 for rank in ranks])
