"""What a domain's weights are trained to make small. Each gives the loss and its gradient by the scores' logarithms.

`z` are the logarithms of the scores of all of a domain's claims. R1 and R3 after Su et al., "A Re-ranker Scheme for
Integrating Large Scale NLU Models" (SLT 2018). There a softmax runs over the claims of all domains, whose weights
then need one another; here each domain is alone: the claims of the others are one outside option of score 1, which
is right where the truth lies elsewhere. So scores of domains that never met are comparable all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.types import Doubles


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of a domain's claims, utterance after utterance."""

    right: NDArray[np.bool_]
    error: Doubles
    """Semantic error of each claim."""
    starts: NDArray[np.intp]
    """Of each utterance, its first claim."""
    elsewhere: NDArray[np.bool_]
    """Of each utterance, whether the truth is in another domain."""

    def __len__(self) -> int:
        return len(self.right)


Loss = Callable[[Doubles, Outcomes], tuple[float, Doubles]]


def expected_error(z: Doubles, of: Outcomes) -> tuple[float, Doubles]:
    """R1: the mean over utterances of the semantic error that drawing by the scores would make.

    The outside option costs nothing where the truth is elsewhere, and otherwise the error of an answer that has
    everything wrong, which is 1.
    """
    counts = np.diff(np.append(of.starts, len(z)))
    top = np.maximum(np.maximum.reduceat(z, of.starts), 0.0)
    weights = np.exp(z - np.repeat(top, counts))
    outside = np.exp(-top)
    shares = weights / np.repeat(np.add.reduceat(weights, of.starts) + outside, counts)
    none = 1 - np.add.reduceat(shares, of.starts)
    expected = np.add.reduceat(shares * of.error, of.starts) + none * ~of.elsewhere
    gradient = shares * (of.error - np.repeat(expected, counts))
    return float(expected.mean()), gradient / len(of.starts)


def cross_entropy(z: Doubles, of: Outcomes) -> tuple[float, Doubles]:
    """R2: the mean over claims of -log of what was given to what is true; a confident mistake costs without bound."""
    sign = np.where(of.right, 1.0, -1.0)
    loss = np.logaddexp(0.0, -sign * z)
    gradient = -sign * np.exp(-np.logaddexp(0.0, sign * z))
    return float(loss.mean()), gradient / len(z)


def combined(z: Doubles, of: Outcomes) -> tuple[float, Doubles]:
    """R3: both, in equal parts."""
    error, by_error = expected_error(z, of)
    entropy, by_entropy = cross_entropy(z, of)
    return error + entropy, by_error + by_entropy


R1, R2, R3 = "expected_error", "cross_entropy", "combined"
LOSSES: Mapping[str, Loss] = {R1: expected_error, R2: cross_entropy, R3: combined}
