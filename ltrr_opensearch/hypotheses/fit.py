"""Weights of one domain by one loss: L-BFGS with the analytic gradient, through scipy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import MissingExtra
from ltrr_opensearch.hypotheses.examples import Examples
from ltrr_opensearch.hypotheses.features import BIAS
from ltrr_opensearch.hypotheses.losses import Loss, Outcomes
from ltrr_opensearch.types import Doubles, Features

SEEN = 2
"""A feature of fewer claims than this is left out: it could say nothing of another utterance."""
ITERATIONS = 200
TOLERANCE = 1e-7


@dataclass(frozen=True, slots=True)
class Columns:
    """A domain's examples as a sparse matrix, one column a feature."""

    names: Sequence[str]
    rows: Any
    """scipy.sparse.csr_array, float64."""


def columns_of(examples: Examples) -> Columns:
    seen = Counter(name for row in examples.features for name in row)
    names = sorted(name for name, count in seen.items() if count >= SEEN or name == BIAS)
    return Columns(names, _matrix(examples.features, {name: i for i, name in enumerate(names)}))


def fit_weights(
    columns: Columns, outcomes: Outcomes, kept: NDArray[np.bool_], loss: Loss, strength: float, start: Doubles | None
) -> Doubles:
    """`kept` marks the claims (of whole utterances) to learn from; `strength` is that of a Gaussian prior, in claims.

    The bias has no prior: how often a domain is right at all is to be learned freely.
    """
    rows, of = columns.rows[np.flatnonzero(kept)], only(outcomes, kept)
    prior = np.full(len(columns.names), strength / max(len(of), 1))
    prior[columns.names.index(BIAS)] = 0.0
    turned = rows.T.tocsr()

    def objective(w: Doubles) -> tuple[float, Doubles]:
        value, gradient = loss(rows @ w, of)
        return value + 0.5 * float(prior @ (w * w)), turned @ gradient + prior * w

    found = _minimize()(
        objective,
        np.zeros(len(prior)) if start is None else start,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": ITERATIONS, "ftol": TOLERANCE},
    )
    weights: Doubles = found.x
    return weights


def only(outcomes: Outcomes, kept: NDArray[np.bool_]) -> Outcomes:
    """Of the utterances whose claims are kept; all claims of an utterance are kept or none."""
    first = kept[outcomes.starts]
    counts = np.diff(np.append(outcomes.starts, len(outcomes)))[first]
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.intp)
    return Outcomes(outcomes.right[kept], outcomes.error[kept], starts, outcomes.elsewhere[first])


def _matrix(features: Sequence[Features], place: dict[str, int]) -> Any:
    try:
        from scipy.sparse import csr_array
    except ImportError as error:
        raise MissingExtra("scipy", "trees") from error
    ends, columns, values = [0], [], []
    for row in features:
        known = [(place[name], value) for name, value in row.items() if name in place]
        columns += [column for column, _ in known]
        values += [value for _, value in known]
        ends.append(len(columns))
    return csr_array((np.array(values, dtype=np.float64), columns, ends), shape=(len(features), len(place)))


def _minimize() -> Any:
    try:
        from scipy.optimize import minimize
    except ImportError as error:
        raise MissingExtra("scipy", "trees") from error
    return minimize
