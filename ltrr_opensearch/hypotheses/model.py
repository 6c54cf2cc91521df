"""A domain's weights and calibration: its own artefact, trained and published without the other domains.

The score of a claim is exp(w . f); a calibration turns it into the likelihood that the claim is right. There are two of
each: for its intent, and for the claim whole. Likelihoods of domains that never met are comparable, since each was
trained against what is true rather than against the others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.hypotheses.calibrate import Calibration
from ltrr_opensearch.hypotheses.features import Level
from ltrr_opensearch.types import Features, Json

FORMAT = "ltrr readings 1"
DIGITS = 5
"""Of a weight; more would make no likelihood differ in its third digit."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Of one level."""

    loss: str
    """What they were trained to make small."""
    weights: Mapping[str, float]
    calibration: Calibration = field(default_factory=Calibration)

    def logarithm(self, features: Features) -> float:
        """w . f; a feature that was not learned says nothing."""
        known = self.weights
        return sum(known[name] * value for name, value in features.items() if name in known)

    def score(self, features: Features) -> float:
        return float(np.exp(self.logarithm(features)))

    def likelihood(self, features: Features) -> float:
        """That the claim is right, 0..1."""
        return float(self.calibration(np.array([self.logarithm(features)]))[0])


@dataclass(frozen=True, slots=True)
class DomainWeights:
    domain: str
    levels: Mapping[Level, Weights]
    """Of every level."""
    utterances: int = 0
    """From which they were learned."""

    def to_bytes(self) -> bytes:
        """The same weights give the same bytes."""
        head = {
            "format": FORMAT,
            "domain": self.domain,
            "utterances": self.utterances,
            "levels": {level.value: _told(self.levels[level]) for level in Level},
        }
        return json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> DomainWeights:
        try:
            head = json.loads(data)
            if head["format"] != FORMAT:
                raise ValueError(f"format {head['format']!r} instead of {FORMAT!r}")
            levels = {level: _read(**head["levels"][level.value]) for level in Level}
            return cls(str(head["domain"]), levels, int(head["utterances"]))
        except (AttributeError, KeyError, TypeError, ValueError) as e:
            raise ModelError(f"weights of readings are damaged ({e!r}); train them again: ltrr readings train") from e


def _told(of: Weights) -> Json:
    how = of.calibration
    return {
        "loss": of.loss,
        "weights": {name: round(w, DIGITS) for name, w in sorted(of.weights.items()) if round(w, DIGITS)},
        "calibration": [how.method, how.slope, how.offset, [list(knot) for knot in how.knots]],
    }


def _read(loss: str, weights: Mapping[str, float], calibration: Sequence[Any]) -> Weights:
    method, slope, offset, knots = calibration
    pairs = tuple((float(at), float(value)) for at, value in knots)
    named = {str(name): float(weight) for name, weight in weights.items()}
    return Weights(str(loss), named, Calibration(str(method), float(slope), float(offset), pairs))
