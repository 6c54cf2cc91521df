"""A linear model: the sum of features times weights. An unknown feature (NaN) counts 0, as a BM25 that did not match.

That is also how the LTR plugin scores `model/linear`, so the same weights give the same scores there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.types import Doubles, Json, Matrix

NAME = "linear"


@dataclass(slots=True, eq=False)
class LinearRanker:
    features: tuple[str, ...]
    weights: NDArray[np.float64]
    name: str = NAME

    @property
    def used(self) -> frozenset[str]:
        """The features with a weight."""
        return frozenset(name for name, weight in zip(self.features, self.weights, strict=True) if weight)

    def score(self, rows: Matrix) -> Matrix:
        scores: Matrix = (np.nan_to_num(rows, nan=0.0).astype(np.float64) @ self.weights).astype(np.float32)
        return scores

    def contributions(self, rows: Matrix, beside: Matrix) -> Doubles:
        """Weight times deviation, which for a sum is exact (Lundberg and Lee, NeurIPS 2017, corollary 1)."""
        known, others = (np.nan_to_num(table, nan=0.0).astype(np.float64) for table in (rows, beside))
        return np.asarray((known - others.mean(axis=0)) * self.weights)

    def to_json(self) -> Json:
        return {"features": list(self.features), "weights": self.weights.tolist()}


def from_json(model: Json) -> LinearRanker:
    features, weights = tuple(model["features"]), np.asarray(model["weights"], dtype=np.float64)
    if weights.shape != (len(features),):
        raise ModelError(f"linear ranker: {len(features)} features but weights of shape {weights.shape}")
    return LinearRanker(features, weights)


def fit(
    rows: Matrix, better: NDArray[np.intp], worse: NDArray[np.intp], weights: NDArray[np.float64], ridge: float
) -> NDArray[np.float64]:
    """Weights by pairwise logistic regression (RankNet with a linear scorer), by Newton's method.

    Each pair says that row `better[i]` should be above row `worse[i]`, with weight `weights[i]`. The penalty `ridge`
    is on weights of standardised columns, per unit of mean pair loss.
    """
    table = np.nan_to_num(rows, nan=0.0).astype(np.float64)
    scale = table.std(axis=0)
    usable = scale > 1e-9
    differences = (table[better] - table[worse])[:, usable] / scale[usable]
    share = weights / weights.sum()
    w = np.zeros(differences.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(np.clip(differences @ w, -30, 30)))
        gradient = -differences.T @ (share * p) + ridge * w
        hessian = (differences * (share * p * (1 - p))[:, None]).T @ differences + ridge * np.eye(len(w))
        step = np.linalg.solve(hessian, gradient)
        w -= step
        if np.abs(step).max(initial=0.0) < 1e-8:
            break
    result = np.zeros(rows.shape[1])
    result[usable] = w / scale[usable]
    return result
