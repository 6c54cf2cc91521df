"""Rates that few impressions do not carry far: drawn towards what the whole log says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ltrr_opensearch.learn.clicks.impressions import Cells, Floats, Ints

PRIOR_EXAMINED = 1.0
"""Examined impressions that the prior on attractiveness is worth."""
PRIOR_POSITION = 20.0
"""Impressions of attractive documents that the prior on a position (1 / position) is worth."""
MOST_ATTRACTIVE = 0.999


def pooled(
    index: Ints, hits: Sequence[float] | Floats, tries: Floats, size: int, mean: float, strength: float = PRIOR_EXAMINED
) -> Floats:
    """Hits over tries per index, drawn towards `mean` by `strength` tries."""
    return (np.bincount(index, hits, size) + strength * mean) / (np.bincount(index, tries, size) + strength)


def over_expected(cells: Cells, examination: Floats, pairs: int) -> Floats:
    """Clicks over expected clicks of each pair: those of its impressions, had people looked at it each time."""
    expected = cells.shown * examination[cells.position]
    guess = pooled(cells.pair, cells.clicked, expected, pairs, overall(cells, examination))
    return np.minimum(guess, MOST_ATTRACTIVE)


def overall(cells: Cells, examination: Floats) -> float:
    """Clicks per examined impression of the whole log: what a pair is worth of which nothing is known."""
    expected = float((cells.shown * examination[cells.position]).sum())
    return min(float(cells.clicked.sum()) / expected, MOST_ATTRACTIVE)


def prior_examination(positions: int) -> Floats:
    return 1.0 / np.arange(1, positions + 1)


def falling(by_position: Floats) -> Floats:
    """Examination relative to the first position, never rising."""
    fell = np.minimum.accumulate(by_position)
    return np.asarray(fell / fell[0], dtype=np.float64)
