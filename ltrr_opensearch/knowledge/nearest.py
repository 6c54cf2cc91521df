"""Nearest rows of a matrix of unit vectors, fast enough for the event loop.

A pass over the principal components picks a shortlist, which is then compared in full length: 20,000 rows of 384 floats
stream 30 MB from memory a look-up, their 64 first components 5 MB.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.types import Matrix, Vector

COMPONENTS = 64
SHORTLIST = 200
WORTHWHILE = 2_000
"""With fewer rows than this all are compared in full."""

Rows = NDArray[np.intp]


class Nearest:
    """Immutable. Rows and the vectors asked for have unit length."""

    __slots__ = ("_axes", "_coarse", "_matrix")

    def __init__(self, matrix: Matrix) -> None:
        self._matrix = matrix
        self._axes = _principal_axes(matrix) if len(matrix) >= WORTHWHILE else None
        self._coarse = None if self._axes is None else np.ascontiguousarray(matrix @ self._axes)

    def at_least(self, vector: Vector, cosine: float) -> list[tuple[int, float]]:
        """(row, cosine) of the shortlisted rows that are this similar or more; of a small matrix, of all rows."""
        rows: Rows = np.arange(len(self._matrix))
        if self._axes is not None and self._coarse is not None and len(rows) > SHORTLIST:
            rows = np.argpartition(self._coarse @ (vector @ self._axes), -SHORTLIST)[-SHORTLIST:]
        cosines = self._matrix[rows] @ vector if len(rows) < len(self._matrix) else self._matrix @ vector
        return [(int(r), float(c)) for r, c in zip(rows, cosines, strict=True) if c >= cosine]


def _principal_axes(matrix: Matrix) -> Matrix:
    """Directions of most energy about the origin, since it is dot products that should survive."""
    _, axes = np.linalg.eigh(matrix.T @ matrix)
    kept: Matrix = np.ascontiguousarray(axes[:, -COMPONENTS:], dtype=np.float32)
    return kept
