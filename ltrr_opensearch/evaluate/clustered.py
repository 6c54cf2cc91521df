"""Means of searches by bucket of people, and how sure they are at any look. Sums that grow; nobody is named.

Searches of one person go together, so errors are summed by buckets of people, of which a hash makes enough. The
sequences of `sequential.py` stay valid so: a process whose increments go together crosses a boundary no more often than
one of the same variances whose increments are independent (Slepian 1962), so its variance may stand for theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt

import numpy as np

from ltrr_opensearch.evaluate.intervals import Interval
from ltrr_opensearch.evaluate.sequential import margins
from ltrr_opensearch.evaluate.table import Floats

BUCKETS = 256
"""The standard error is itself known to about 1 in sqrt(2 * 256)."""


@dataclass(frozen=True, eq=False)
class Cells:
    """Numbers and sums of some value of searches, by bucket of people."""

    counts: Floats = field(default_factory=lambda: np.zeros(BUCKETS))
    sums: Floats = field(default_factory=lambda: np.zeros(BUCKETS))

    def plus(self, buckets: Sequence[int], values: Sequence[float] | Floats) -> Cells:
        at = np.asarray(buckets, dtype=np.int64)
        counted = np.bincount(at, minlength=BUCKETS)
        return Cells(self.counts + counted, self.sums + np.bincount(at, np.asarray(values, float), minlength=BUCKETS))

    @property
    def count(self) -> int:
        return int(self.counts.sum())

    @property
    def people(self) -> int:
        """At least so many."""
        return int((self.counts > 0).sum())

    @property
    def mean(self) -> float:
        return float(self.sums.sum() / self.counts.sum()) if self.count else 0.0

    @property
    def spread(self) -> float:
        """Variance of one search's value, with what searches of one person have in common."""
        if self.people < 2:
            return 0.0
        off = self.sums - self.counts * self.mean
        return float(np.square(off).sum()) / self.count * self.people / (self.people - 1)

    def interval(self, alpha: float) -> Interval:
        """Of the mean, valid at any look; there must be a search."""
        half = sqrt(self.spread / self.count) * margins(self.count, alpha)
        return Interval(self.mean - half, self.mean + half)


def difference(ours: Cells, theirs: Cells, alpha: float) -> Interval:
    """Of the means of two groups, valid at any look; both must have a search.

    A group in which hardly anything happened yet seems to vary less than it does: each is taken to vary at least as
    much as both together.
    """
    n, m = ours.count, theirs.count
    pooled = (ours.spread * n + theirs.spread * m) / (n + m)
    error = sqrt(max(ours.spread, pooled) / n + max(theirs.spread, pooled) / m)
    half, gap = error * margins(4 * n * m / (n + m), alpha), ours.mean - theirs.mean
    return Interval(gap - half, gap + half)
