"""Whether things said to be 70 % likely are true 7 times in 10.

Expected calibration error over bins of equal count (Naeini et al., AAAI 2015; equal counts after Nguyen & O'Connor,
EMNLP 2015): the mean over bins of |mean likelihood - share that was right|, weighted by size. It is never 0 in a
sample: what a perfect predictor would show, whose outcomes are drawn by the very likelihoods, stands beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.types import Doubles

BINS = 10
SIMULATED = 400


@dataclass(frozen=True, slots=True)
class Bin:
    likelihood: float
    """Mean of what was said."""
    right: float
    """Share that was right."""
    count: int


def bins(likelihood: Doubles, right: NDArray[np.bool_], count: int = BINS) -> tuple[Bin, ...]:
    """Of equal count, but for the remainder; fewer where there are fewer claims."""
    parts = np.array_split(np.argsort(likelihood, kind="stable"), min(count, max(len(likelihood), 1)))
    return tuple(Bin(float(likelihood[p].mean()), float(right[p].mean()), len(p)) for p in parts if len(p))


def calibration_error(likelihood: Doubles, right: NDArray[np.bool_], count: int = BINS) -> float:
    found = bins(likelihood, right, count)
    return sum(abs(b.likelihood - b.right) * b.count for b in found) / max(len(likelihood), 1)


def of_a_perfect_predictor(
    likelihood: Doubles, groups: Sequence[str] | None = None, count: int = BINS, seed: int = 0
) -> float:
    """The mean calibration error where each claim is right with its own likelihood.

    `groups`: claims of one group are right or wrong together (one draw a group), which is the other extreme beside
    being independent: recordings of one sentence lie between.
    """
    chance = np.random.default_rng(seed)
    places = np.arange(len(likelihood)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    drawn = (chance.random(int(places.max(initial=-1)) + 1)[places] < likelihood for _ in range(SIMULATED))
    return float(np.mean([calibration_error(likelihood, right, count) for right in drawn]))
