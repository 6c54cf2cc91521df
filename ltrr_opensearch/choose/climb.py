"""The best plan for what is wanted, climbed to by the single change that gains most.

An entity is missed if every strategy misses it, so what a plan misses is a product. While climbing, what the other
slots miss of every entity is kept for each slot: times the slot's own rungs, that values all single changes at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np
from numpy.typing import NDArray

STEPS = 3
"""Most changes a slot."""
LEAST_GAIN = 1e-9

Floats = NDArray[np.float64]
Rungs = tuple[int, ...]
Changes = Sequence[Sequence[float]]
"""[slot, rung], of the last slots: the value of the whole action with that one slot changed; -inf beyond the budget."""


class Climb:
    """Of one search.

    `weights`: what finding each entity is worth; `missed`: [entity, column], how likely it is not found, nowhere 0;
    `columns`: [slot, rung], where a rung's is; `costs`: [slot, rung]; `depths`: of the rungs; `budget`: of all slots.
    """

    def __init__(
        self,
        weights: Floats,
        missed: Floats,
        columns: Sequence[Sequence[int]],
        costs: Sequence[Sequence[float]],
        depths: Sequence[int],
        budget: int,
    ) -> None:
        self._missed, self._budget = missed, budget
        self._slots = [list(zip(c, p, depths, strict=True)) for c, p in zip(columns, costs, strict=True)]
        """[slot][rung]: (column, cost, depth)"""
        self._all = float(weights.sum())
        self._left: dict[Rungs, Floats] = {(): weights}
        """What the slots drawn so far miss, by their rungs."""
        self._reached: dict[Rungs, tuple[Rungs, Changes]] = {}

    def best(self, drawn: Rungs) -> tuple[Rungs, Changes]:
        """The best action that begins with what was drawn, the same whatever was asked for before; and its changes.

        Those are of all slots that are not drawn yet, at least.
        """
        known = self._reached.get(drawn)
        if known is None:
            known = self.best(drawn[:-1]) if drawn else None
            if known is None or known[0][len(drawn) - 1] != drawn[-1]:
                known = self._climbed(drawn)
            self._reached[drawn] = known
        return known

    def _climbed(self, drawn: Rungs) -> tuple[Rungs, Changes]:
        """Steepest ascent over the slots that are not drawn yet, until no change gains."""
        first, slots = len(drawn), len(self._slots)
        chosen = [*drawn, *([0] * (slots - first))]
        others = _Others(self._left_by(drawn), self._missed, slots - first)
        reached = -inf
        for _ in range(STEPS * slots):
            changes = self._valued(chosen, others)
            tops = [max(rungs) for rungs in changes]
            if (top := max(tops)) <= reached + LEAST_GAIN:
                return tuple(chosen), changes
            reached, place = top, tops.index(top)
            slot, rung = first + place, changes[place].index(top)
            others.change(place, self._slots[slot][chosen[slot]][0], self._slots[slot][rung][0])
            chosen[slot] = rung
        return tuple(chosen), self._valued(chosen, others)

    def _left_by(self, drawn: Rungs) -> Floats:
        known = self._left.get(drawn)
        if known is None:
            *before, rung = drawn
            known = self._left_by(tuple(before))
            if rung:
                known = known * self._missed[:, self._slots[len(before)][rung][0]]
            self._left[drawn] = known
        return known

    def _valued(self, chosen: Sequence[int], others: _Others) -> list[list[float]]:
        """In plain Python: there are few numbers."""
        now = [slot[rung] for slot, rung in zip(self._slots, chosen, strict=True)]
        kept = self._all - sum([cost for _, cost, _ in now])
        left = self._budget - sum([depth for _, _, depth in now])
        misses, first = others.missed(), len(chosen) - len(others.row)
        changes = []
        for slot, row, (_, paid, asked) in zip(self._slots[first:], others.row, now[first:], strict=True):
            missed, most, room = misses[row], kept + paid, left + asked
            changes.append([most - missed[column] - cost if depth <= room else -inf for column, cost, depth in slot])
        return changes


class _Others:
    """What of every entity is missed by all slots but one. Those that do not ask share the first row."""

    def __init__(self, left: Floats, missed: Floats, slots: int) -> None:
        self._missed = missed
        self._left = np.empty((slots + 1, len(left)))
        self._left[0] = left
        self._rows = 1
        self.row = [0] * slots
        """Of each slot."""

    def missed(self) -> list[list[float]]:
        """[row, column]"""
        missed: list[list[float]] = (self._left[: self._rows] @ self._missed).tolist()
        return missed

    def change(self, slot: int, before: int, after: int) -> None:
        row = self.row[slot]
        own = self._left[row].copy()
        self._left[: self._rows] *= self._missed[:, after] / self._missed[:, before]
        if not row:
            self.row[slot] = row = self._rows
            self._rows += 1
        self._left[row] = own
