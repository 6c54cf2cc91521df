"""A simple model of what an action earns: the control variate of the doubly robust estimate.

How often each strategy has the best object by each rung, per kind of query; strategies are taken as independent. That
is wrong in detail, which costs the doubly robust form width, not truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ltrr_opensearch.evaluate.table import Floats, Rungs, Table
from ltrr_opensearch.kinds import kind_in

_PRIOR = 1.0
"""Searches without a find added to every cell."""


@dataclass(frozen=True)
class DirectModel:
    table: Table
    found: Floats
    """[search, slot, rung]: the cell's share of searches in which the slot's strategy had the object by that rung."""
    gain: float
    """Mean gain where anything was gained."""

    @staticmethod
    def fitted(table: Table) -> DirectModel:
        cells = _cells(table)
        gained = table.gains[:, 0] > 0
        by_rung = table.ranks[:, 0, :, None] <= table.ladder
        known = np.arange(len(table.ladder)) <= table.drawn[:, :, None]
        size, rungs = int(cells.max(initial=0)) + 1, len(table.ladder)
        hits, asked = np.zeros((size, rungs)), np.zeros((size, rungs))
        np.add.at(hits, cells, by_rung & known)
        np.add.at(asked, cells, known)
        found = np.maximum.accumulate(hits / (asked + _PRIOR), axis=1)
        return DirectModel(table, found[cells], float(table.gains[gained, 0].mean()) if gained.any() else 0.0)

    def rewards(self, rungs: Rungs) -> Floats:
        found = np.take_along_axis(self.found, rungs[:, :, None], axis=2)[:, :, 0]
        return np.asarray(self.gain * (1 - (1 - found).prod(axis=1)) - self.table.prices(rungs))


def _cells(table: Table) -> Rungs:
    """The number of the (strategy, kind of query) of each slot; missing slots share cell 0."""
    numbers: dict[tuple[str, str], int] = {}
    cells = np.zeros_like(table.drawn)
    for row, decision in enumerate(table.decisions):
        kind = kind_in(decision.context)
        for column, slot in enumerate(decision.slots):
            cells[row, column] = numbers.setdefault((slot.strategy, kind), len(numbers) + 1)
    return cells
