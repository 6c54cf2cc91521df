"""What tells liking from chance: some of what is shown is wanted and some is not, and either has a rate of actions.

A mixture of two Poisson distributions, fitted by expectation maximisation (McLachlan and Peel, Finite Mixture Models,
2000, chapter 2) until it stands still, for it comes down to the rate of chance slowly. Where one distribution says as
much (Schwarz 1978), or the two come out alike, nothing tells chance from liking.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.knowledge.liking import Kind, Liking
from ltrr_opensearch.learn.clicks.impressions import Floats

APART = 3.0
"""Times that the rate of what is wanted must be above that of chance."""
STEPS = 500
STILL = 1e-6
"""Gain in log likelihood a document at which the fit has ended."""
LEAST = 1e-3
"""Of the overall rate of actions; also the least share of either kind of what is shown."""
GRAIN = 8.0
"""Documents acted upon as often, and looked at equally often within a ratio of exp(1 / GRAIN), count together."""

Flags = NDArray[np.bool_]


class _Counted(NamedTuple):
    """A row a kind of document; `many`: how many there are of it."""

    clicks: Floats
    examined: Floats
    fresh: NDArray[np.intp]
    many: Floats


def liking(clicks: Floats, examined: Floats, fresh: Flags) -> Liking | None:
    """Of shown documents, how often each was acted upon and looked at, and whether nobody had acted on it before.

    None where nothing tells chance from liking.
    """
    overall = float(clicks.sum() / examined.sum()) if examined.sum() else 0.0
    if not overall:
        return None
    counted = _counted(clicks, examined, fresh)
    many = counted.many.sum()
    # the second distribution has a rate of its own, and a share for either group
    _, alone = _responsible(np.array([overall]), np.ones((2, 1)), counted)
    of, said = _fitted(np.array([overall / 4, overall * 4]), overall, counted)
    if 2 * (said - alone) <= 3 * np.log(many):
        return None
    sums = np.stack([np.ones(len(of)), counted.examined, counted.clicks, counted.fresh], axis=1).T @ of
    low, high = sorted((Kind(*map(float, column)) for column in sums.T), key=lambda kind: kind.rate)
    return Liking(low, high) if high.rate > APART * low.rate else None


def _fitted(rates: Floats, overall: float, counted: _Counted) -> tuple[Floats, float]:
    """([kind, rate]: documents that the rate answers for, log likelihood)"""
    shares, before = np.full((2, len(rates)), 1 / len(rates)), -np.inf
    groups = np.stack([1 - counted.fresh, counted.fresh])
    for _ in range(STEPS):
        of, said = _responsible(rates, shares, counted)
        if said - before < STILL * counted.many.sum():
            break
        before = said
        rates = np.maximum(counted.clicks @ of / np.maximum(counted.examined @ of, LEAST), LEAST * overall)
        of_group = groups @ of
        shares = (of_group / np.maximum(of_group.sum(axis=1, keepdims=True), LEAST)).clip(LEAST, 1 - LEAST)
    return of, said


def _responsible(rates: Floats, shares: Floats, counted: _Counted) -> tuple[Floats, float]:
    """([kind, rate]: documents that the rate answers for, log likelihood but for what no rate changes)"""
    clicks, examined = counted.clicks[:, None], counted.examined[:, None]
    says = clicks * np.log(rates) - examined * rates + np.log(shares)[counted.fresh]
    most = says.max(axis=1, keepdims=True)
    odds = np.exp(says - most)
    whole = odds.sum(axis=1, keepdims=True)
    return odds / whole * counted.many[:, None], float(counted.many @ (np.log(whole) + most)[:, 0])


def _counted(clicks: Floats, examined: Floats, fresh: Flags) -> _Counted:
    grain = np.round(GRAIN * np.log(np.maximum(examined, LEAST)))
    kinds, kind = np.unique(np.stack([clicks, grain, fresh]), axis=1, return_inverse=True)
    many = np.bincount(kind.ravel()).astype(np.float64)
    return _Counted(kinds[0], np.bincount(kind.ravel(), examined) / many, kinds[2].astype(np.intp), many)
