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
        self._missed, self._columns = missed, columns
        self._costs, self._depths, self._budget = costs, depths, budget
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
        slots = len(self._columns)
        chosen = [*drawn, *([0] * (slots - len(drawn)))]
        others = _Others(self._left_by(drawn), self._missed, slots)
        reached = -inf
        for _ in range(STEPS * slots):
            changes = self._valued(chosen, len(drawn), others)
            tops = [max(rungs) for rungs in changes]
            if (top := max(tops)) <= reached + LEAST_GAIN:
                return tuple(chosen), changes
            reached, place = top, tops.index(top)
            slot, rung = len(drawn) + place, changes[place].index(top)
            others.change(slot, self._columns[slot][chosen[slot]], self._columns[slot][rung])
            chosen[slot] = rung
        return tuple(chosen), self._valued(chosen, len(drawn), others)

    def _left_by(self, drawn: Rungs) -> Floats:
        known = self._left.get(drawn)
        if known is None:
            *before, rung = drawn
            known = self._left_by(tuple(before))
            if rung:
                known = known * self._missed[:, self._columns[len(before)][rung]]
            self._left[drawn] = known
        return known

    def _valued(self, chosen: Sequence[int], first: int, others: _Others) -> list[list[float]]:
        """In plain Python: there are few numbers."""
        paid = sum([costs[rung] for costs, rung in zip(self._costs, chosen, strict=True)])
        left = self._budget - sum([self._depths[rung] for rung in chosen])
        missed, changes = others.missed(), []
        for slot in range(first, len(chosen)):
            costs, depth, of = self._costs[slot], self._depths[chosen[slot]], missed[others.row.get(slot, 0)]
            reached = self._all - (paid - costs[chosen[slot]])
            changes.append(
                [
                    reached - of[column] - cost if rung <= left + depth else -inf
                    for column, cost, rung in zip(self._columns[slot], costs, self._depths, strict=True)
                ]
            )
        return changes


class _Others:
    """What of every entity is missed by all slots but one. Those that do not ask share the first row."""

    def __init__(self, left: Floats, missed: Floats, slots: int) -> None:
        self._missed = missed
        self._left = np.empty((slots + 1, len(left)))
        self._left[0] = left
        self.row: dict[int, int] = {}
        """By slot."""

    def missed(self) -> list[list[float]]:
        """[row, column]"""
        missed: list[list[float]] = (self._left[: len(self.row) + 1] @ self._missed).tolist()
        return missed

    def change(self, slot: int, before: int, after: int) -> None:
        own = self._left[self.row.get(slot, 0)].copy()
        self._left[: len(self.row) + 1] *= self._missed[:, after] / self._missed[:, before]
        self._left[self.row.setdefault(slot, len(self.row) + 1)] = own
