"""Which values documents with such an embedding have: linear discriminant analysis (Fisher 1936; Rao 1948).

Each value is a Gaussian, all of one covariance, shrunk towards a sphere since a sample has few documents for its many
dimensions (Friedman, "Regularized Discriminant Analysis", JASA 1989). Learned by solving linear equations once, it
keeps a row of numbers a value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ltrr_opensearch.types import Doubles, Matrix

SHRINKAGE = 0.1
FEWEST = 3
"""Documents without which a value is not learned."""
MOST = 200
"""Values of a field, the commonest first."""


@dataclass(frozen=True, slots=True, eq=False)
class Classifier:
    values: tuple[str, ...]
    rows: Matrix
    """A row of weights a value."""
    offsets: Matrix

    @classmethod
    def learned(cls, vectors: Matrix, labels: Sequence[str]) -> Classifier | None:
        """From unit vectors with the value of each; None where fewer than two values are common enough."""
        counts = Counter(labels)
        values = tuple(v for v, n in sorted(counts.items(), key=lambda c: (-c[1], c[0]))[:MOST] if n >= FEWEST)
        if len(values) < 2:
            return None
        number = {value: i for i, value in enumerate(values)}
        kept = [i for i, label in enumerate(labels) if label in number]
        return cls._of(values, vectors[kept].astype(np.float64), np.eye(len(values))[[number[labels[i]] for i in kept]])

    @classmethod
    def _of(cls, values: tuple[str, ...], vectors: Doubles, belongs: Doubles) -> Classifier:
        sizes = belongs.sum(axis=0)
        means = belongs.T @ vectors / sizes[:, None]
        residual = vectors - belongs @ means
        covariance = residual.T @ residual / len(vectors)
        sphere = np.eye(len(covariance)) * (np.trace(covariance) / len(covariance) + 1e-9)
        rows = np.linalg.solve((1 - SHRINKAGE) * covariance + SHRINKAGE * sphere, means.T).T
        offsets = np.log(sizes / sizes.sum()) - 0.5 * np.sum(rows * means, axis=1)
        return cls(values, rows.astype(np.float32), offsets.astype(np.float32))

    def posterior(self, vectors: Matrix) -> Doubles:
        """A row a vector, of the logarithms of each value's probability."""
        scores = vectors.astype(np.float64) @ self.rows.T.astype(np.float64) + self.offsets
        return np.asarray(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))
