"""How often people act by chance: on what nobody wants, for each time that it is looked at.

Some of what is shown is wanted and some is not, and either has a rate of actions: a mixture of two Poisson
distributions, fitted by expectation maximisation (McLachlan and Peel, Finite Mixture Models, 2000, chapter 2) until it
stands still, for it comes down to the rate of chance slowly. Where one distribution says as much (Schwarz 1978), or the
two come out alike, nothing tells chance from liking.
"""

from __future__ import annotations

import numpy as np

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


def chance(clicks: Floats, examined: Floats) -> float | None:
    """Of shown documents, how often each was acted upon and looked at; None where nothing tells chance from liking."""
    overall = float(clicks.sum() / examined.sum())
    if not overall:
        return None
    counted = _counted(clicks, examined)
    many = counted[2]
    _, alone = _responsible(np.array([overall]), np.ones(1), *counted)
    rates, said = _fitted(np.array([overall / 4, overall * 4]), overall, *counted)
    # the second distribution has two numbers of its own
    if 2 * (said - alone) <= 2 * np.log(many.sum()):
        return None
    low, high = float(rates.min()), float(rates.max())
    return low if high > APART * low else None


def _fitted(rates: Floats, overall: float, clicks: Floats, examined: Floats, many: Floats) -> tuple[Floats, float]:
    """(rates, log likelihood)"""
    shares, before = np.full(len(rates), 1 / len(rates)), -np.inf
    for _ in range(STEPS):
        of, said = _responsible(rates, shares, clicks, examined, many)
        if said - before < STILL * many.sum():
            break
        before = said
        rates = np.maximum(clicks @ of / np.maximum(examined @ of, LEAST), LEAST * overall)
        shares = (of.sum(axis=0) / many.sum()).clip(LEAST, 1 - LEAST)
    return rates, before


def _responsible(rates: Floats, shares: Floats, clicks: Floats, examined: Floats, many: Floats) -> tuple[Floats, float]:
    """([kind, rate]: documents that the rate answers for, log likelihood but for what no rate changes)"""
    says = clicks[:, None] * np.log(rates) - examined[:, None] * rates + np.log(shares)
    most = says.max(axis=1, keepdims=True)
    odds = np.exp(says - most)
    whole = odds.sum(axis=1, keepdims=True)
    return odds / whole * many[:, None], float(many @ (np.log(whole) + most)[:, 0])


def _counted(clicks: Floats, examined: Floats) -> tuple[Floats, Floats, Floats]:
    """(clicks, looked at, how many documents are so)"""
    grain = np.round(GRAIN * np.log(np.maximum(examined, LEAST)))
    kinds, kind = np.unique(np.stack([clicks, grain]), axis=1, return_inverse=True)
    many = np.bincount(kind.ravel()).astype(np.float64)
    return kinds[0], np.bincount(kind.ravel(), examined) / many, many
