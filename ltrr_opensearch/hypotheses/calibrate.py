"""From the logarithm of a score to a likelihood: nothing, temperature, Platt or isotonic, chosen by what predicts best.

A method is fitted on scores of claims that the weights have not seen (folds of their training), and the choice among
methods is made by cross-validation over those folds again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.types import Doubles

SURE = 1e-3
"""No likelihood is nearer to 0 or 1: a sample says nothing beyond."""
NONE, TEMPERATURE, PLATT, ISOTONIC = "none", "temperature", "platt", "isotonic"
STEPS = 50
RIDGE = 1e-3


@dataclass(frozen=True, slots=True)
class Calibration:
    """A non-decreasing line through knots, of which `linear` methods have a slope and an offset on the logit."""

    method: str = NONE
    slope: float = 1.0
    offset: float = 0.0
    knots: tuple[tuple[float, float], ...] = ()
    """Isotonic: (logarithm of the score, likelihood)."""

    def __call__(self, z: Doubles) -> Doubles:
        if self.knots:
            at, value = zip(*self.knots, strict=True)
            chance: Doubles = np.interp(z, at, value)
        else:
            chance = sigmoid(self.slope * z + self.offset)
        return np.minimum(np.maximum(chance, SURE), 1 - SURE)


def sigmoid(z: Doubles) -> Doubles:
    chance: Doubles = np.exp(-np.logaddexp(0.0, -z))
    return chance


def uncalibrated(_z: Doubles, _right: NDArray[np.bool_]) -> Calibration:
    """score / (1 + score), which is what R2 trains."""
    return Calibration()


def temperature(z: Doubles, right: NDArray[np.bool_]) -> Calibration:
    """One slope for all (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017)."""
    (slope,) = logistic(z[:, None], right, np.array([1.0]))
    return Calibration(TEMPERATURE, slope=max(float(slope), RIDGE))


def platt(z: Doubles, right: NDArray[np.bool_]) -> Calibration:
    """A slope and an offset (Platt 1999)."""
    slope, offset = logistic(np.column_stack([z, np.ones_like(z)]), right, np.array([1.0, 0.0]))
    return Calibration(PLATT, slope=max(float(slope), RIDGE), offset=float(offset))


def isotonic(z: Doubles, right: NDArray[np.bool_]) -> Calibration:
    """Any non-decreasing function: neighbours that fall are pooled (Zadrozny & Elkan, KDD 2002)."""
    order = np.argsort(z, kind="stable")
    blocks: list[tuple[float, int, float]] = []
    for at, value in zip(z[order], right[order].astype(float), strict=True):
        block = (float(value), 1, float(at))
        while blocks and blocks[-1][0] / blocks[-1][1] >= block[0] / block[1]:
            total, count, place = blocks.pop()
            block = (total + block[0], count + block[1], (place * count + block[2] * block[1]) / (count + block[1]))
        blocks.append(block)
    return Calibration(ISOTONIC, knots=tuple((place, total / count) for total, count, place in blocks))


METHODS: Mapping[str, Callable[[Doubles, NDArray[np.bool_]], Calibration]] = {
    NONE: uncalibrated,
    TEMPERATURE: temperature,
    PLATT: platt,
    ISOTONIC: isotonic,
}


def choose(z: Doubles, right: NDArray[np.bool_], folds: Sequence[int] | NDArray[np.intp]) -> Calibration:
    """The method with the least log loss on folds left out, fitted on all; of equals the simplest."""
    costs = {name: _left_out(z, right, np.asarray(folds), fit) for name, fit in METHODS.items()}
    best = min(costs, key=lambda name: costs[name])
    return METHODS[best](z, right)


def log_loss(likelihood: Doubles, right: NDArray[np.bool_]) -> float:
    return float(-np.log(np.where(right, likelihood, 1 - likelihood)).mean())


def _left_out(z: Doubles, right: NDArray[np.bool_], folds: NDArray[np.intp], fit: Callable[..., Calibration]) -> float:
    predicted = np.empty_like(z)
    for fold in np.unique(folds):
        out = folds == fold
        predicted[out] = fit(z[~out], right[~out])(z[out]) if (~out).any() else Calibration()(z[out])
    return log_loss(predicted, right)


def logistic(rows: Doubles, right: NDArray[np.bool_], start: Doubles, pull: float = RIDGE) -> Doubles:
    """Newton's method on the log loss with a little pull towards `start`, so that separable samples have an end."""
    weights = start.copy()
    for _ in range(STEPS):
        chance = sigmoid(rows @ weights)
        gradient = rows.T @ (chance - right) + pull * (weights - start)
        curvature = (rows * (chance * (1 - chance))[:, None]).T @ rows + pull * np.eye(len(weights))
        step = np.linalg.solve(curvature, gradient)
        weights -= step * min(1.0, 2.0 / float(np.abs(step).max(initial=0.0) + 1e-12))
        if np.abs(step).max() < 1e-8:
            break
    return weights
