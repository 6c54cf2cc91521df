"""Which remembered queries speak for another one: those most alike in their features, the nearer the more.

A kernel regression (Nadaraya 1964; Watson 1964), drawn towards all alike. Of those equally near the first ones speak,
on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = 40
"""Remembered queries that speak for one that is not remembered."""
PRIOR_NEIGHBOURS = 5.0
"""That speak alike, whatever their distance, beside those that are near."""
WIDTH = 1.0
"""Of the kernel, in standard deviations of the features."""

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]


class Alike:
    """`features` of all remembered queries; those that do not say anything are near to none."""

    def __init__(self, features: Floats, says: NDArray[np.bool_]) -> None:
        self._mean: Floats = features.sum(axis=0) / max(1, len(features))
        spread = np.square(features - self._mean).sum(axis=0) / max(1, len(features))
        self._scale: Floats = WIDTH * (np.sqrt(spread) + 1e-9)
        self._numbers: Numbers = np.flatnonzero(says)
        self._position = {int(number): at for at, number in enumerate(self._numbers)}
        # each place once: a product rounds differently from row to row, and what is equally near must be seen to be
        places, place = np.unique((features[says] - self._mean) / self._scale, axis=0, return_inverse=True)
        self._places, self._place = np.ascontiguousarray(places.T), place.reshape(-1)
        self._half = np.square(places).sum(axis=1) / 2

    def near(self, features: Sequence[float], own: int | None) -> tuple[Numbers, Floats]:
        """(number of a remembered query, its share); `own` is asked for, and not near to itself."""
        at = (np.array(features) - self._mean) / self._scale
        # half of its square, less half of that of `at`, which all have in common
        distance = (self._half - at @ self._places)[self._place]
        if own in self._position:
            distance[self._position[own]] = np.inf
        nearest = _least(distance)
        if nearest.size and distance[nearest[-1]] == np.inf:
            nearest = nearest[:-1]
        least = distance[nearest]
        return self._numbers[nearest], _shared(np.exp(least[:1] - least))


def _least(distance: Floats) -> Numbers:
    """Where the nearest are, nearest first. Only what is below the largest of as many blocks' smallest is sorted."""
    block = len(distance) // NEIGHBOURS
    if not block:
        return np.argsort(distance, kind="stable")
    bound = distance[: block * NEIGHBOURS].reshape(NEIGHBOURS, block).min(axis=1).max()
    candidates = np.flatnonzero(distance <= bound)
    return np.asarray(candidates[distance[candidates].argsort(kind="stable")[:NEIGHBOURS]])


def _shared(weights: Floats) -> Floats:
    """Drawn towards all alike, the more the fewer queries the weights amount to (Kish 1965): one proves little."""
    if not weights.size:
        return weights
    total, squares = weights.sum(), weights @ weights
    own = total**2 / (total**2 + PRIOR_NEIGHBOURS * squares)
    return np.asarray(own / total * weights + (1 - own) / len(weights))
