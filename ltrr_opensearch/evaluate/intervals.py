"""How sure an estimate is. People are what is independent: the searches of one count together.

`student` is what reports show; it was chosen because it covers (docs/evaluation.md has the figures of all three).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log, sqrt
from typing import NamedTuple, Protocol

import numpy as np

from ltrr_opensearch.evaluate.student import quantile
from ltrr_opensearch.evaluate.table import Floats, Numbers

LEVEL = 0.95
RESAMPLES = 1000
_KEPT_BACK = 0.2
"""Share of the allowed misses left for what skewness and the fitted model do to small samples."""
_CHUNK = 1_000_000
"""Numbers drawn at a time."""


class Interval(NamedTuple):
    low: float
    high: float


class Sample(NamedTuple):
    """Values, one a search, whose mean is the estimate."""

    values: Floats
    people: Numbers
    bound: float
    """No value can be farther from 0 than this."""

    def less(self, other: Sample) -> Sample:
        """The difference, paired by search: what both have in common cancels out."""
        return Sample(self.values - other.values, self.people, self.bound + other.bound)

    @property
    def mean(self) -> float:
        return float(self.values.mean())

    @property
    def deviations(self) -> Floats:
        """[person]: by how much each moves the mean, times the number of searches."""
        return np.asarray(np.bincount(self.people, self.values - self.mean), np.float64)


class Bounding(Protocol):
    """`seed` is for those that draw."""

    def __call__(self, sample: Sample, /, level: float = LEVEL, *, seed: int = 0) -> Interval: ...


def student(sample: Sample, level: float = LEVEL, *, seed: int = 0) -> Interval:  # noqa: ARG001
    """Student's t over people, wider where a few of them make up the spread.

    Degrees of freedom are those of a variance estimated from values of such kurtosis (Satterthwaite 1946), at most the
    people less one (Cameron & Miller 2015). One more person as far off as the farthest is added to the spread, in the
    spirit of Agresti & Coull 1998: a weight that was not drawn yet is the usual way in which such intervals fail.
    """
    squares = np.square(sample.deviations)
    total, people = float(squares.sum()), len(squares)
    if people < 2:
        return Interval(-np.inf, np.inf)
    if not total:
        return Interval(sample.mean, sample.mean)
    variance = (total * people / (people - 1) + float(squares.max())) / len(sample.values) ** 2
    missed = (1 - level) * (1 - _KEPT_BACK)
    margin = quantile(1 - missed / 2, freedom(sample)) * sqrt(variance)
    return Interval(sample.mean - margin, sample.mean + margin)


def freedom(sample: Sample) -> float:
    """Degrees of freedom of the spread; few say that its size is made by a few people."""
    squares = np.square(sample.deviations)
    kurtosis = float(np.square(squares).mean()) / max(float(squares.mean()) ** 2, 1e-300)
    return min(len(squares) - 1.0, 2 * len(squares) / max(kurtosis - 1, 1e-9))


def bootstrap(sample: Sample, level: float = LEVEL, *, seed: int = 0, resamples: int = RESAMPLES) -> Interval:
    """Percentile bootstrap over people (Efron 1979; Field & Welsh 2007)."""
    rng = np.random.default_rng(seed)
    values, searches = np.bincount(sample.people, sample.values), np.bincount(sample.people)
    people, means = len(values), []
    for start in range(0, resamples, step := max(1, _CHUNK // people)):
        picks = rng.integers(0, people, (min(step, resamples - start), people))
        means.append(values[picks].sum(axis=1) / searches[picks].sum(axis=1))
    low, high = np.quantile(np.concatenate(means), [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def bernstein(sample: Sample, level: float = LEVEL, *, seed: int = 0) -> Interval:  # noqa: ARG001
    """Empirical Bernstein, for any sample size (Maurer & Pontil 2009, theorem 4): sure, and wide where weights are."""
    searches = np.bincount(sample.people)
    scale = len(searches) / len(sample.values)
    bound = sample.bound * float(searches.max()) * scale
    if len(searches) < 2:
        return Interval(-bound, bound)
    values, sides = np.bincount(sample.people, sample.values) * scale, log(4 / (1 - level))
    margin = sqrt(2 * float(values.var(ddof=1)) * sides / len(values)) + 14 * bound * sides / (3 * (len(values) - 1))
    return Interval(max(-bound, sample.mean - margin), min(bound, sample.mean + margin))


INTERVALS: Mapping[str, Bounding] = {"student": student, "bootstrap": bootstrap, "bernstein": bernstein}
