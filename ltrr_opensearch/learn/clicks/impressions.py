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
    many: list[int] = []
    pairs: list[int] = []
    places: list[int] = []
    told: list[float] = []
    for one in rounds:
        query, looked = one.decision.normalized, reward.looked_at(one)
        many.append(len(looked))
        # a column at a time, since pages are long and many
        pairs += [number.setdefault((query, id), len(number)) for _, id, _ in looked]
        places += [place for place, _, _ in looked]
        told += [gain for _, _, gain in looked]
    if not pairs:
        return None
    clicked = np.array(told) > 0
    return Impressions(
        tuple(number),
        np.repeat(np.arange(len(many), dtype=np.intp), many),
        np.array(pairs, dtype=np.intp),
        np.minimum(np.array(places, dtype=np.intp), MOST_POSITIONS - 1),
        clicked.astype(np.float64),
        _mean_gains(pairs, told, len(number)),
    )


def _mean_gains(pairs: Iterable[int], told: Iterable[float], many: int) -> Floats:
    gains: defaultdict[int, list[float]] = defaultdict(list)
    for pair, gain in zip(pairs, told, strict=True):
        if gain > 0:
            gains[pair].append(gain)
    means = np.zeros(many)
    for pair, of_pair in gains.items():
        means[pair] = _mean(of_pair)
    return means


def _mean(gains: list[float]) -> float:
    """Most were acted upon once, where numpy takes longer than all else of an impression."""
    return gains[0] if len(gains) == 1 else float(np.mean(gains))
