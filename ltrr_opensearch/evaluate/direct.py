"""A simple model of what an action earns, fitted on other people's searches than those it predicts.

How often each strategy has the best object by each rung, per kind of query, shrunk towards the strategy over all kinds;
strategies are taken as independent. That is wrong in detail, which costs the doubly robust form width, not truth:
since no search helps to predict itself (cross-fitting, Chernozhukov et al. 2018), corrected predictions stay unbiased.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ltrr_opensearch.evaluate.people import FOLDS, folds
from ltrr_opensearch.evaluate.table import Floats, Numbers, Rungs, Table

_SHRINKAGE = 8.0
"""Searches of all kinds that a cell's own are mixed with."""


@dataclass(frozen=True)
class DirectModel:
    found: Floats
    """[search, slot, rung]: share of the searches like this in which the slot's strategy had the object by then."""
    gain: Floats
    """[search]: mean gain of a search like this, where anything was gained."""
    asking: Floats
    """[search, slot]: mean price of asking the slot's strategy, where it was asked."""

    @staticmethod
    def fitted(table: Table) -> DirectModel:
        fold = folds(table.people)
        return DirectModel(_found(table, fold), _gain(table, fold), _asking(table, fold))

    def at(self, rungs: Rungs) -> Floats:
        """[search, slot]: how probably each slot has the object, drawn at `rungs`."""
        return np.take_along_axis(self.found, rungs[:, :, None], axis=2)[:, :, 0]


def _found(table: Table, fold: Numbers) -> Floats:
    rungs, strategies, kinds = len(table.ladder), int(table.strategies.max(initial=0)) + 1, int(table.kinds.max()) + 1
    # the first rung that holds the object, `rungs` where none does; seen only down to the drawn one
    first = (table.ranks[:, 0, :, None] > table.ladder).sum(axis=2)
    shape = (FOLDS, strategies, kinds, rungs + 1, rungs)
    cells = (fold[:, None], table.strategies, table.kinds[:, None], first, table.drawn)
    counted = np.bincount(np.ravel_multi_index(np.broadcast_arrays(*cells), shape).ravel(), minlength=np.prod(shape))
    searches = _others(counted.reshape(shape).astype(float))
    asked = searches.sum(axis=3)[..., ::-1].cumsum(axis=3)[..., ::-1]
    by_rung = searches[:, :, :, :rungs].cumsum(axis=3)[..., ::-1].cumsum(axis=4)[..., ::-1]
    hits = np.diagonal(by_rung, axis1=3, axis2=4)
    overall = hits.sum(axis=2) / (asked.sum(axis=2) + 1)
    share = (hits + _SHRINKAGE * overall[:, :, None]) / (asked + _SHRINKAGE)
    found = np.maximum.accumulate(share, axis=3)
    return np.asarray(found[fold[:, None], table.strategies, table.kinds[:, None]])


def _gain(table: Table, fold: Numbers) -> Floats:
    kinds = int(table.kinds.max()) + 1
    best = table.gains.max(axis=1)
    sums = _others(_summed(best, (fold, table.kinds), (FOLDS, kinds)))
    number = _others(_summed((best > 0).astype(float), (fold, table.kinds), (FOLDS, kinds)))
    overall = sums.sum(axis=1) / np.maximum(number.sum(axis=1), 1)
    mean = (sums + _SHRINKAGE * overall[:, None]) / (number + _SHRINKAGE)
    return np.asarray(mean[fold, table.kinds])


def _asking(table: Table, fold: Numbers) -> Floats:
    shape = (FOLDS, int(table.strategies.max(initial=0)) + 1)
    cells, asked = (fold[:, None], table.strategies), table.drawn > 0
    prices = _others(_summed(table.price_of_asking * asked, cells, shape))
    number = _others(_summed(asked.astype(float), cells, shape))
    return np.asarray((prices / np.maximum(number, 1))[cells])


def _summed(values: Floats, cells: tuple[Numbers, Numbers], shape: tuple[int, int]) -> Floats:
    at = np.ravel_multi_index(np.broadcast_arrays(*cells), shape)
    return np.asarray(np.bincount(at.ravel(), values.ravel(), shape[0] * shape[1]).reshape(shape), np.float64)


def _others(by_fold: Floats) -> Floats:
    """What the other folds hold together."""
    return np.asarray(by_fold.sum(axis=0) - by_fold)
