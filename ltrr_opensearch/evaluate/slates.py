"""Two estimators that look at each slot by itself, for comparison: both take for granted what a union is not.

They need no product of probabilities and so are narrow; how far off they are is measured in docs/evaluation.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ltrr_opensearch.evaluate.estimators import Terms
from ltrr_opensearch.evaluate.table import Floats, Rungs, Table
from ltrr_opensearch.evaluate.weights import Shown, nested, product


def pseudo_inverse(table: Table, rungs: Rungs) -> Terms:
    """Swaminathan et al. 2017. Right where rewards are a sum over slots and slots are drawn without seeing each other.

    A union is no sum: what two strategies find counts once.
    """
    shown = product(table, rungs)
    weights = _single(shown).sum(axis=1) - (rungs.shape[1] - 1)
    return Terms(weights * table.rewards(table.drawn), np.ones(len(table)))


def per_slot(table: Table, rungs: Rungs) -> Terms:
    """Semi-bandit feedback (Chen et al. 2013): each slot's growth of the union, weighted by its own probability.

    The slots before it are as they were logged and not as the target draws them.
    """
    before = np.hstack([np.zeros((len(table), 1)), table.found_gains(table.drawn)[:, :-1]])
    growth = _with_each(table, rungs) - before
    return Terms((_single(nested(table, rungs)) * growth).sum(axis=1) - table.prices(rungs), np.ones(len(table)))


def _single(shown: Shown) -> Floats:
    return np.where(shown.shown, 1.0 / np.where(shown.shown, shown.chance, 1.0), 0.0)


def _with_each(table: Table, rungs: Rungs) -> Floats:
    """[search, slot]: gain of the logged slots before this one, and of this one as the target draws it."""
    mixed = np.empty(rungs.shape)
    for slot in range(rungs.shape[1]):
        of = table.drawn.copy()
        of[:, slot] = rungs[:, slot]
        mixed[:, slot] = table.found_gains(of)[:, slot]
    return mixed


SLATES: Mapping[str, Callable[[Table, Rungs], Terms]] = {"per slot": per_slot, "pseudo-inverse": pseudo_inverse}
