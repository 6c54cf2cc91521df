"""Linear policies: a ridge regression of the reward on the features, for each rung of each strategy.

LinUCB takes the largest upper bound of the mean (Li et al. 2010, disjoint models); LinTS each rung with the probability
that it is the best under the regressions' normal beliefs (Agrawal & Goyal 2013). Names are hashed with a sign into a
vector of fixed length (Weinberger et al. 2009), for context and plan apart.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

import numpy as np
import orjson

from ltrr_opensearch.choose.best import best_probabilities
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.parts import check_shape, rungs_of
from ltrr_opensearch.logged import Part
from ltrr_opensearch.types import Doubles, Slot

DIMENSION = 64
RIDGE = 1.0
WIDTH = 0.5
"""Deviations of the mean that count: alpha of LinUCB, the scale of LinTS's beliefs; a reward in 0..1 has no more."""


class Regressions(NamedTuple):
    """Of one strategy: `squares` [rung, feature, feature] and `products` [rung, feature], without the ridge."""

    squares: Doubles
    products: Doubles


class _Solved(NamedTuple):
    weights: Doubles
    inverse: Doubles


def feature_vector(slot: Slot) -> Doubles:
    vector = np.zeros(DIMENSION)
    vector[0] = 1.0
    for prefix, features in (("c", slot.context), ("f", slot.action), ("d", _drawn(slot))):
        for name, value in features.items():
            place, sign = _place(prefix, name)
            vector[place] += sign * value
    return vector


def _drawn(slot: Slot) -> dict[str, float]:
    return {f"{plan}:{depth}": 1.0 for plan, depth in slot.drawn}


@lru_cache(maxsize=65_536)
def _place(prefix: str, name: str) -> tuple[int, float]:
    code = crc32(f"{prefix}.{name}".encode())
    return 1 + (code >> 1) % (DIMENSION - 1), 1.0 if code & 1 else -1.0


class Linear(ABC):
    """A strategy never seen is asked at the safe depth."""

    name: str

    def __init__(self, regressions: Mapping[str, Regressions], safe_depth: int) -> None:
        self._solved = {strategy: _solve(r) for strategy, r in regressions.items()}
        self._safe = Fixed(safe_depth)

    @classmethod
    def from_part(cls, part: Part, ladder: tuple[int, ...], safe_depth: int) -> Linear:
        check_shape(part, ladder)
        return cls(from_bytes(part.payload), rungs_of(part, ladder, safe_depth).safe)

    def pmf(self, slot: Slot) -> tuple[float, ...]:
        if slot.strategy not in self._solved:
            return self._safe.pmf(slot)
        means, deviations = self.beliefs(slot)
        pmf = np.zeros(len(slot.ladder))
        rungs = np.flatnonzero(slot.feasible)
        pmf[rungs] = self.chances(means[rungs], deviations[rungs])
        return tuple(pmf.tolist())

    def values(self, slot: Slot) -> tuple[float, ...] | None:
        if slot.strategy not in self._solved:
            return None
        return tuple(self.beliefs(slot)[0].tolist())

    def beliefs(self, slot: Slot) -> tuple[Doubles, Doubles]:
        """Mean of each rung's reward, and how uncertain that mean is."""
        weights, inverse = self._solved[slot.strategy]
        x = feature_vector(slot)
        return weights @ x, WIDTH * np.sqrt(np.maximum((inverse @ x) @ x, 0.0))

    @abstractmethod
    def chances(self, means: Doubles, deviations: Doubles) -> Doubles: ...


class LinUCB(Linear):
    name = "linucb"

    def chances(self, means: Doubles, deviations: Doubles) -> Doubles:
        return np.asarray(np.arange(len(means)) == np.argmax(means + deviations), float)


class LinTS(Linear):
    name = "lints"

    def chances(self, means: Doubles, deviations: Doubles) -> Doubles:
        return np.array(best_probabilities(means, deviations))


def _solve(regressions: Regressions) -> _Solved:
    inverse = np.asarray(np.linalg.inv(regressions.squares + RIDGE * np.eye(DIMENSION)), float)
    return _Solved((inverse @ regressions.products[:, :, None])[:, :, 0], inverse)


def to_bytes(regressions: Mapping[str, Regressions]) -> bytes:
    """A line of JSON with the strategies, then their numbers in that order."""
    names = sorted(regressions)
    rungs = len(regressions[names[0]].products)
    head = orjson.dumps({"strategies": names, "rungs": rungs})
    return head + b"\n" + b"".join(a.astype("<f8").tobytes() for n in names for a in regressions[n])


def from_bytes(payload: bytes) -> dict[str, Regressions]:
    head, _, body = payload.partition(b"\n")
    said = orjson.loads(head)
    rungs, size = said["rungs"], DIMENSION * DIMENSION
    rows = np.frombuffer(body, "<f8").reshape(len(said["strategies"]), rungs * (size + DIMENSION))
    return {
        name: Regressions(
            row[: rungs * size].reshape(rungs, DIMENSION, DIMENSION).copy(),
            row[rungs * size :].reshape(rungs, DIMENSION).copy(),
        )
        for name, row in zip(said["strategies"], rows, strict=True)
    }
