"""A domain's weights: how strong a prior and which loss, chosen by experiment inside its own examples.

Every loss and strength is fitted on all folds but one and scores that one. On these scores a calibration is chosen,
and loss and strength by what the calibrated likelihoods cost there: their log loss and their expected semantic error,
in equal parts. Then the weights are fitted on all examples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.hypotheses.calibrate import Calibration, choose, log_loss
from ltrr_opensearch.hypotheses.examples import Examples
from ltrr_opensearch.hypotheses.fit import Columns, columns_of, fit_weights
from ltrr_opensearch.hypotheses.losses import LOSSES, expected_error
from ltrr_opensearch.hypotheses.model import Weights
from ltrr_opensearch.types import Doubles

FOLDS = 3
STRENGTHS = (10.0, 30.0)
LEAST_GROUPS = 2 * FOLDS
"""A domain seen less often than this cannot be split into folds."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """The best weights of one loss."""

    weights: Weights
    cost: float
    """On folds left out: log loss and expected semantic error, summed."""
    strength: float
    utterances: int


@dataclass(frozen=True, slots=True)
class _Tried:
    cost: float
    strength: float
    calibration: Calibration
    start: Doubles


def train(examples: Examples, seed: int = 0, losses: Sequence[str] = tuple(LOSSES)) -> Mapping[str, Fitted]:
    """By loss. Raises `DataError` where there are too few utterances to learn from."""
    if (groups := len(set(examples.groups))) < LEAST_GROUPS:
        raise DataError(f"domain {examples.domain!r} is claimed in {groups} utterances; needed: {LEAST_GROUPS}")
    columns, folds = columns_of(examples), examples.folds(FOLDS, seed)
    found = {}
    for loss in losses:
        tried = min((_try(examples, columns, folds, loss, s) for s in STRENGTHS), key=lambda one: one.cost)
        everything = np.ones(len(folds), dtype=np.bool_)
        weights = fit_weights(columns, examples.outcomes, everything, LOSSES[loss], tried.strength, tried.start)
        named = dict(zip(columns.names, map(float, weights), strict=True))
        found[loss] = Fitted(Weights(loss, named, tried.calibration), tried.cost, tried.strength, examples.utterances)
    return found


def best(fitted: Mapping[str, Fitted]) -> Fitted:
    """The loss that cost least on folds left out."""
    return min(fitted.values(), key=lambda one: one.cost)


def _try(examples: Examples, columns: Columns, folds: NDArray[np.intp], loss: str, strength: float) -> _Tried:
    z, starts = np.empty(len(folds)), []
    for fold in range(FOLDS):
        out = folds == fold
        weights = fit_weights(columns, examples.outcomes, ~out, LOSSES[loss], strength, None)
        z[out] = (columns.rows @ weights)[out]
        starts.append(weights)
    calibration = choose(z, examples.outcomes.right, folds)
    likelihood = calibration(z)
    error, _ = expected_error(np.log(likelihood / (1 - likelihood)), examples.outcomes)
    cost = log_loss(likelihood, examples.outcomes.right) + error
    return _Tried(cost, strength, calibration, np.mean(starts, axis=0))
