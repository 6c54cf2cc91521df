"""How much of what worked for a remembered query works for one that is only similar: a curve over similarity.

Before anything is known it is a cautious guess; the memory itself then tells, since remembered queries are each other's
neighbours: the share of a neighbour's scores that a query's own scores confirm (least squares through the origin,
drawn towards the guess, never falling as similarity grows).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

KNOTS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Similarities at which the curve has its values; in between it is straight, below the first it is 0."""
GUESS = (0.0, 0.0, 0.0, 0.0, 0.125, 0.25, 0.375, 0.5)
PRIOR = 3.0
"""Squared scores that the guess is worth at each knot."""

Floats = NDArray[np.float64]
Pair = tuple[float, float, float]
"""(similarity, the neighbour's score of an entity, the query's own score of it)"""


@dataclass(frozen=True, slots=True)
class Transfer:
    values: tuple[float, ...] = GUESS

    def __call__(self, similarity: float) -> float:
        """The share of a neighbour's scores that holds; the same query's hold whole."""
        if similarity >= 1.0:
            return 1.0
        if similarity < KNOTS[0]:
            return 0.0
        place = (similarity - KNOTS[0]) * 10
        below = min(int(place), len(KNOTS) - 2)
        part = place - below
        return self.values[below] * (1 - part) + self.values[below + 1] * part


def fit(pairs: Iterable[Pair]) -> Transfer:
    """The curve that the pairs tell; without pairs, the guess."""
    seen = np.array(list(pairs), dtype=np.float64).reshape(-1, 3)
    near, theirs, own = seen.T
    knot = np.clip(np.rint((near - KNOTS[0]) * 10), 0, len(KNOTS) - 1).astype(np.intp)
    confirmed = np.bincount(knot, theirs * own, len(KNOTS)) + PRIOR * np.array(GUESS)
    offered = np.bincount(knot, theirs * theirs, len(KNOTS)) + PRIOR
    curve = _rising(confirmed / offered, offered).clip(0, 1)
    return Transfer(tuple(float(v) for v in curve))


def _rising(values: NDArray[Any], weights: NDArray[Any]) -> Floats:
    """Pool adjacent violators (Ayer et al. 1955): the nearest curve that never falls."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        blocks.append((float(value), float(weight), 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, v, m), (b, w, n) = blocks[-2:]
            blocks[-2:] = [((a * v + b * w) / (v + w), v + w, m + n)]
    return np.concatenate([np.full(count, value) for value, _, count in blocks])
