"""What was before people and what they acted upon, counted: the input of every click model."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.learn import reward
from ltrr_opensearch.logged import Round

MOST_POSITIONS = 50
"""Deeper positions share the examination of this one."""

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Cells:
    """Impressions and clicks, counted by (query and document, position)."""

    pair: Ints
    position: Ints
    """From 0."""
    shown: Floats
    clicked: Floats


@dataclass(frozen=True, slots=True)
class Impressions:
    """`pairs` are (query, document). One entry an impression, those of a search together and from the top down."""

    pairs: tuple[tuple[str, str], ...]
    search: Ints
    pair: Ints
    position: Ints
    """From 0."""
    clicked: Floats
    gain: Floats
    """Per pair: mean gain of the actions on it, 0 where there was none."""

    @property
    def positions(self) -> int:
        return int(self.position.max()) + 1

    def cells(self) -> Cells:
        keys, cell = np.unique(self.pair * self.positions + self.position, return_inverse=True)
        shown = np.bincount(cell, minlength=len(keys)).astype(np.float64)
        clicked = np.bincount(cell, self.clicked, len(keys)).astype(np.float64)
        return Cells(keys // self.positions, keys % self.positions, shown, clicked)

    def by_pair(self, values: Floats) -> Floats:
        """Values of impressions, added up."""
        return np.bincount(self.pair, values, len(self.pairs)).astype(np.float64)


def impressions(rounds: Iterable[Round]) -> Impressions | None:
    """None where nothing was shown."""
    number: dict[tuple[str, str], int] = {}
    gains: defaultdict[int, list[float]] = defaultdict(list)
    seen: list[tuple[int, int, int, bool]] = []
    for search, one in enumerate(rounds):
        for place, id, gain in reward.looked_at(one):
            pair = number.setdefault((one.decision.normalized, id), len(number))
            seen.append((search, pair, min(place, MOST_POSITIONS - 1), gain > 0))
            if gain > 0:
                gains[pair].append(gain)
    if not seen:
        return None
    search_of, pair_of, position, clicked = (np.array(column) for column in zip(*seen, strict=True))
    mean_gain = np.array([_mean(gains[pair]) if pair in gains else 0.0 for pair in range(len(number))])
    return Impressions(
        tuple(number),
        search_of.astype(np.intp),
        pair_of.astype(np.intp),
        position.astype(np.intp),
        clicked.astype(np.float64),
        mean_gain,
    )


def _mean(gains: list[float]) -> float:
    """Most were acted upon once, where numpy takes longer than all else of an impression."""
    return gains[0] if len(gains) == 1 else float(np.mean(gains))
