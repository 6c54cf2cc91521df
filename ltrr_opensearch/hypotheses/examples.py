"""What a domain learns from: its claims in utterances whose truth is known, whoever else claimed what.

Twice: its intents, and its claims whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.hypotheses.features import Level, told
from ltrr_opensearch.hypotheses.losses import Outcomes
from ltrr_opensearch.hypotheses.semantic_error import semantic_error
from ltrr_opensearch.hypotheses.values import Truth, Utterance
from ltrr_opensearch.types import Features


@dataclass(frozen=True, slots=True)
class Examples:
    """A domain's claims, utterance after utterance; `groups` names the group of each claim."""

    domain: str
    level: Level
    features: Sequence[Features]
    outcomes: Outcomes
    groups: Sequence[str]

    @property
    def utterances(self) -> int:
        return len(self.outcomes.starts)

    def folds(self, count: int, seed: int) -> NDArray[np.intp]:
        """Of each claim; groups stay together, and folds are of the same size by groups."""
        names = sorted(set(self.groups))
        order = np.random.default_rng(seed).permutation(len(names))
        fold = {names[place]: number % count for number, place in enumerate(order)}
        return np.array([fold[group] for group in self.groups], dtype=np.intp)


@dataclass(slots=True)
class _Gathered:
    features: list[Features]
    groups: list[str]
    right: list[bool]
    error: list[float]
    starts: list[int]
    elsewhere: list[bool]


def examples_of(utterances: Iterable[Utterance], level: Level) -> dict[str, Examples]:
    """By domain, in alphabetical order; a `DataError` where an utterance has no truth."""
    gathered: dict[str, _Gathered] = {}
    for utterance in utterances:
        _gather(utterance, level, gathered)
    return {domain: _examples(domain, level, gathered[domain]) for domain in sorted(gathered)}


def _gather(utterance: Utterance, level: Level, gathered: dict[str, _Gathered]) -> None:
    truth = known_truth(utterance)
    if level is Level.INTENT:
        truth = replace(truth, slots=())
    found = told(utterance, level)
    for domain in {claim.domain for claim, _ in found}:
        into = gathered.setdefault(domain, _Gathered([], [], [], [], [], []))
        into.starts.append(len(into.features))
        into.elsewhere.append(truth.domain != domain)
        for claim, features in found:
            if claim.domain == domain:
                into.features.append(features)
                into.groups.append(utterance.together)
                into.error.append(semantic_error(claim, truth))
                into.right.append(into.error[-1] == 0)


def known_truth(utterance: Utterance) -> Truth:
    if utterance.truth is None:
        raise DataError(f"utterance {utterance.id!r} has no truth; give domain, intent and slots as `truth`")
    return utterance.truth


def _examples(domain: str, level: Level, found: _Gathered) -> Examples:
    outcomes = Outcomes(
        right=np.array(found.right, dtype=np.bool_),
        error=np.array(found.error, dtype=np.float64),
        starts=np.array(found.starts, dtype=np.intp),
        elsewhere=np.array(found.elsewhere, dtype=np.bool_),
    )
    return Examples(domain, level, found.features, outcomes, found.groups)
