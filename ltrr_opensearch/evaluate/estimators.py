"""Estimators of a policy's value from another policy's log. An estimator is its terms; intervals come free.

Every estimate is sum(numerators) / sum(denominators) over searches, so one bootstrap serves them all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ltrr_opensearch.evaluate.table import Floats


class Evidence(NamedTuple):
    """One number a search. `weights` are 1 / P(the log shows the target's action) where it does, else 0."""

    weights: Floats
    rewards: Floats
    """Of the target's action; whatever where the weight is 0."""
    predicted: Floats
    """A direct model's reward of the target's action."""


class Terms(NamedTuple):
    numerators: Floats
    denominators: Floats

    @property
    def value(self) -> float:
        return float(self.numerators.sum() / self.denominators.sum())


Estimator = Callable[[Evidence], Terms]

LARGEST_WEIGHT = 20.0
"""Of the clipped forms."""


def ips(evidence: Evidence) -> Terms:
    """Inverse propensity score (Horvitz & Thompson 1952): unbiased, wide."""
    return Terms(evidence.weights * evidence.rewards, np.ones_like(evidence.weights))


def clipped(evidence: Evidence) -> Terms:
    """IPS with weights cut at `LARGEST_WEIGHT` (Ionides 2008): biased towards 0, narrower."""
    return Terms(np.minimum(evidence.weights, LARGEST_WEIGHT) * evidence.rewards, np.ones_like(evidence.weights))


def snips(evidence: Evidence) -> Terms:
    """Self-normalised IPS (Swaminathan & Joachims 2015): its bias goes with 1/n; insensitive to a shift of rewards."""
    return Terms(evidence.weights * evidence.rewards, evidence.weights)


def dr(evidence: Evidence) -> Terms:
    """Doubly robust (Dudik, Langford & Li 2011): the direct model, corrected by weighted residuals."""
    residuals = np.where(evidence.weights > 0, evidence.rewards - evidence.predicted, 0.0)
    return Terms(evidence.predicted + evidence.weights * residuals, np.ones_like(evidence.weights))


def drs(evidence: Evidence) -> Terms:
    """DR with weights cut at `LARGEST_WEIGHT` (Su et al. 2020): where the log says little, the model speaks."""
    return dr(evidence._replace(weights=np.minimum(evidence.weights, LARGEST_WEIGHT)))


ESTIMATORS: dict[str, Estimator] = {"ips": ips, "clipped": clipped, "snips": snips, "dr": dr, "drs": drs}


def effective_sample(weights: Floats) -> float:
    """How many equally weighted searches are worth as much (Kish 1965)."""
    squares = float(np.square(weights).sum())
    return float(weights.sum()) ** 2 / squares if squares else 0.0
