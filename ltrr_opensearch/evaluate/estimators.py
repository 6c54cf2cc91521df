"""Estimators of a policy's value from another policy's log. An estimator is its weights; the interval comes free.

Every one of them is a mean over searches: the direct model's prediction or nothing, plus what weighted outcomes say
against it. So one `terms` and one interval serve them all; each comes with product or nested weights (`weights`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ltrr_opensearch.evaluate.evidence import Evidence
from ltrr_opensearch.evaluate.intervals import Sample
from ltrr_opensearch.evaluate.table import Floats

LARGEST_WEIGHT = 20.0
"""Beyond it the cut forms trust the model, or nothing, more than the weight."""


class Terms(NamedTuple):
    """The estimate is the sum of the numerators by the sum of the denominators, over searches."""

    numerators: Floats
    denominators: Floats

    @property
    def value(self) -> float:
        """0 where nothing has a weight, which only a self-normalised estimate can meet."""
        whole = float(self.denominators.sum())
        return float(self.numerators.sum()) / whole if whole else 0.0

    @property
    def influence(self) -> Floats:
        """[search]: values whose mean is the estimate and whose spread is its own; of a ratio, by the delta method."""
        return np.asarray(
            self.value + (self.numerators - self.value * self.denominators) / (self.denominators.mean() or 1.0)
        )


@dataclass(frozen=True)
class Estimator:
    weigh: Callable[[Floats], Floats]
    """What is made of the weights."""
    corrects: bool = True
    """Whether outcomes correct the direct model, or stand alone."""
    sequential: bool = False
    """Whether each slot has a weight of its own, or the last one's holds for all."""
    normalised: bool = False
    """Whether the sum is divided by the weights instead of the number of searches."""

    def sample(self, evidence: Evidence) -> Sample:
        """What intervals are made of."""
        slots = evidence.weights.shape[1]
        bound = evidence.most * (1 + slots * float(evidence.possible.max(initial=0.0)))
        return Sample(self.terms(evidence).influence, evidence.people, bound)

    def terms(self, evidence: Evidence) -> Terms:
        weights = self.weigh(evidence.weights)
        ones = np.ones(len(weights))
        if not self.corrects:
            return Terms(weights[:, -1] * evidence.rewards, weights[:, -1] if self.normalised else ones)
        used = weights if self.sequential else weights[:, -1:]
        return Terms(evidence.predicted + (used * np.where(used > 0, evidence.steps, 0.0)).sum(axis=1), ones)


def _whole(weights: Floats) -> Floats:
    return weights


def _none(weights: Floats) -> Floats:
    return np.zeros_like(weights)


def _clipped(weights: Floats) -> Floats:
    """Ionides 2008."""
    return np.minimum(weights, LARGEST_WEIGHT)


def _switched(weights: Floats) -> Floats:
    """Wang, Agarwal & Dudik 2017: a larger weight gives way to the model altogether."""
    return np.where(weights <= LARGEST_WEIGHT, weights, 0.0)


def _shrunk(weights: Floats) -> Floats:
    """Su, Dimakopoulou, Krishnamurthy & Dudik 2020, optimistic: small weights stay, large ones go to 0 again."""
    return np.asarray(weights * LARGEST_WEIGHT**2 / (np.square(weights) + LARGEST_WEIGHT**2))


SEQUENTIAL = "sequential"
ESTIMATORS: Mapping[str, Estimator] = {
    SEQUENTIAL: Estimator(_whole, sequential=True),  # Jiang & Li 2016
    "dr": Estimator(_whole),  # Dudik, Langford & Li 2011
    "drs": Estimator(_clipped),
    "switch": Estimator(_switched),
    "shrinkage": Estimator(_shrunk),
    "dm": Estimator(_none),
    "ips": Estimator(_whole, corrects=False),  # Horvitz & Thompson 1952
    "clipped": Estimator(_clipped, corrects=False),
    "snips": Estimator(_whole, corrects=False, normalised=True),  # Swaminathan & Joachims 2015
}
