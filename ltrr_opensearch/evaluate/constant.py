"""The best constant action: the same depths for everyone, found on one half of the people and judged on the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import cycle
from math import inf

import numpy as np

from ltrr_opensearch.evaluate.direct import DirectModel
from ltrr_opensearch.evaluate.estimators import ESTIMATORS
from ltrr_opensearch.evaluate.evidence import gather
from ltrr_opensearch.evaluate.people import folds
from ltrr_opensearch.evaluate.table import Rungs, Table

Depths = Mapping[str, int]


def constant(table: Table, depths: Depths) -> Rungs:
    """The same depths for every search; a plan that was not on offer is not asked."""
    ladder = table.ladder.tolist()
    rungs = np.zeros_like(table.drawn)
    for row, decision in enumerate(table.decisions):
        rungs[row, : len(decision.slots)] = [ladder.index(depths.get(s.plan, 0)) for s in decision.slots]
    return rungs


def safe_plan(table: Table, depth: int) -> Rungs:
    """What every search is asked before anything was learned: each plan at the safe depth, or as deep as is left."""
    rungs, left = np.zeros_like(table.drawn), np.full(len(table), float(table.budget))
    for slot in range(rungs.shape[1]):
        deepest = np.searchsorted(table.ladder, np.minimum(left, depth), side="right") - 1
        rungs[:, slot] = np.where(table.strategies[:, slot] > 0, deepest, 0)
        left -= table.ladder[rungs[:, slot]]
    return rungs


def best_constant(table: Table, least: float) -> Rungs:
    """What is best on either half, for the searches of the other; of what has an effective sample of `least`."""
    half = folds(table.people, 2) == 1
    best = np.zeros_like(table.drawn)
    for chosen_on in (half, ~half):
        if chosen_on.any():
            best[~chosen_on] = constant(table.only(~chosen_on), _best(table.only(chosen_on), least))
    return best


def _best(table: Table, least: float) -> Depths:
    model = DirectModel.fitted(table)
    places = _places(table)

    def worth(depths: Depths) -> float:
        """By weights that are cut: an action that the log hardly shows must not win by one lucky search."""
        by_number = np.array([0, *(table.ladder.tolist().index(depths[plan]) for plan in sorted(depths))])
        evidence = gather(table, model, by_number[places])
        if len(table) / float(evidence.possible.mean()) < least:
            return -inf
        return ESTIMATORS["drs"].terms(evidence).value

    return _ascend(worth, table)


def _places(table: Table) -> Rungs:
    """[search, slot]: the number of the plan among the names in order, from 1; a missing slot is 0."""
    number = {name: place for place, name in enumerate(_plans(table), start=1)}
    places = np.zeros_like(table.drawn)
    for row, decision in enumerate(table.decisions):
        places[row, : len(decision.slots)] = [number[s.plan] for s in decision.slots]
    return places


def _plans(table: Table) -> list[str]:
    return sorted({s.plan for d in table.decisions for s in d.slots})


def _ascend(worth: Callable[[Depths], float], table: Table) -> Depths:
    """Coordinate ascent, one plan's depth at a time until no change helps, from nothing and from a little of each."""
    names = _plans(table)
    shallow = int(min(table.ladder[1], table.budget // len(names)))
    starts = [dict.fromkeys(names, 0)] + ([dict.fromkeys(names, shallow)] if shallow in table.ladder else [])
    return max((_climb(worth, start, table) for start in starts), key=worth)


def _climb(worth: Callable[[Depths], float], start: dict[str, int], table: Table) -> dict[str, int]:
    depths, best, idle = start, worth(start), 0
    for name in cycle(start):
        if idle >= len(start):
            break
        others = sum(depths.values()) - depths[name]
        tried = {int(d): worth(depths | {name: int(d)}) for d in table.ladder if others + d <= table.budget}
        depth = max(tried, key=lambda d: (tried[d], -d))
        idle = 0 if tried[depth] > best else idle + 1
        if tried[depth] > best:
            depths, best = depths | {name: depth}, tried[depth]
    return depths
