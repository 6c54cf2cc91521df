"""From evidence to confidence: log-linear weights, a set for each field; and how right they are on what taught nothing.

Weights of a field are pulled towards those of all fields together, of which a field with few documents keeps most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.hypotheses.calibrate import logistic, sigmoid
from ltrr_opensearch.propose.evidence import COLUMNS, OF_TEXT
from ltrr_opensearch.types import Doubles

FOLDS = 3
LEAST_PULL, PULL = 1.0, 5.0
"""Documents' worth of belief that no evidence counts, and that a field is like the others."""

Weights = tuple[Doubles, Doubles]
"""Of `COLUMNS`, for documents with an embedding and for those without."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Of the documents that have a field: a row of evidence each, whose it is, and whether it is right."""

    rows: Doubles
    right: NDArray[np.bool_]
    document: NDArray[np.intp]
    fold: NDArray[np.intp]
    said: NDArray[np.bool_]
    """Whether the text says it."""
    usual: NDArray[np.bool_]
    """Whether documents like its own usually have the field, so that it may be proposed."""

    def only(self, kept: NDArray[np.bool_]) -> Candidates:
        return Candidates(
            self.rows[kept], self.right[kept], self.document[kept], self.fold[kept], self.said[kept], self.usual[kept]
        )

    def of_text(self) -> Candidates:
        """As if no document had an embedding."""
        told = self.only(self.said)
        rows = told.rows.copy()
        rows[:, len(OF_TEXT) :] = 0.0
        return replace(told, rows=rows)


def weights_of(found: Mapping[str, Candidates]) -> dict[str, Weights]:
    """Per field."""
    told = {field: one.of_text() for field, one in found.items()}
    start = np.zeros(len(COLUMNS))
    pooled, pooled_of_text = (_chosen(list(of.values()), start, LEAST_PULL) for of in (found, told))
    return {f: (_chosen([found[f]], pooled, PULL), _chosen([told[f]], pooled_of_text, PULL)) for f in found}


def left_out(found: Mapping[str, Candidates]) -> dict[str, Doubles]:
    """The confidence of each candidate by weights that were chosen without its fold."""
    sure = {field: np.zeros(len(one.right)) for field, one in found.items()}
    for fold in range(FOLDS):
        weights = weights_of({field: one.only(one.fold != fold) for field, one in found.items()})
        for field, one in found.items():
            out = one.fold == fold
            sure[field][out] = _confidences(one.rows[out], weights[field])
    return sure


def _confidences(rows: Doubles, weights: Weights) -> Doubles:
    embedded = rows[:, len(OF_TEXT) :].any(axis=1)
    both, of_text = (sigmoid(rows @ one) for one in weights)
    return np.where(embedded, both, of_text)


def _chosen(of: Sequence[Candidates], start: Doubles, pull: float) -> Doubles:
    if not of:
        return start
    rows, right = np.concatenate([one.rows for one in of]), np.concatenate([one.right for one in of])
    return logistic(rows, right, start, pull)
