"""Counts rounds for the aggregates: what one search adds to which key. Pure but for what is collected."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ltrr_opensearch.candidate_columns import firsts, named
from ltrr_opensearch.kinds import KINDS, kind_in
from ltrr_opensearch.knowledge.cells import COLUMNS, KIND, OVERALL, QUERY, USER, Cell, Key, Whole
from ltrr_opensearch.knowledge.exposure import Exposure
from ltrr_opensearch.logged import Decision, Round, SlotRecord, is_whole
from ltrr_opensearch.types import Asker, Doubles, Outcome

FIRST = 10
"""Candidates of a plan that are looked at: few, so that shares mean the same however deep it was asked."""
REMEMBERED = 20
"""Objects kept that a person acted on last."""
_JUDGED = (Outcome.OK, Outcome.NOTHING_TO_ASK, Outcome.TIMED_OUT)
_MEMORY = "memory"
_PADDING = (0.0,) * (COLUMNS - len(Whole._fields))
_NOTHING = (0.0,) * (COLUMNS - Cell._fields.index("answered"))


def who(asker: Asker) -> str | None:
    """Under which name a person's searches are counted; a session is too short for a history."""
    return asker.user or asker.client


class Counted(NamedTuple):
    """What searches add to the aggregates, in the order of time: an entry for each key and what was asked under it."""

    rows: Sequence[int]
    """Positions in `keys`."""
    strategies: Sequence[str]
    """Empty for all of a search."""
    cells: Sequence[int]
    """Positions in `values`."""
    weights: Sequence[float]
    keys: Sequence[Key]
    values: Doubles
    """Rows of `COLUMNS` numbers."""


class Counting:
    """`notes`: the objects that were acted upon last, the youngest first; one for a query, several for a person.

    Without `noting` they stay as they are, whatever is counted.
    """

    def __init__(self, notes: Mapping[Key, tuple[str, ...]], exposure: Exposure | None, *, noting: bool = True) -> None:
        self.notes, self._noting = dict(notes), noting
        self._often = frozenset(exposure.often) if exposure else frozenset()
        self._popular = exposure.popular if exposure else frozenset()
        self._row_of: dict[Key, int] = {}
        self._rows: list[int] = []
        self._strategies: list[str] = []
        self._cells: list[int] = []
        self._weights: list[float] = []
        self._values = array("d")  # of all cells one after the other, since an array of tuples takes a while

    @property
    def counted(self) -> Counted:
        values = np.array(self._values).reshape(-1, COLUMNS)
        return Counted(self._rows, self._strategies, self._cells, self._weights, list(self._row_of), values)

    def add(self, one: Round, weight: float) -> None:
        """Rounds come in the order of time: what was noted and the last scores are those of the youngest."""
        decision = one.decision
        person, kind = who(decision.asker), kind_in(decision.context)
        keys = [OVERALL, (KIND, kind)]
        keys += [(QUERY, decision.normalized)] if is_whole(decision.normalized) else []
        keys += [(USER, person)] if person else []
        best = _best(one)
        ranks = _ranks(decision, best)
        acted = self.notes.get((USER, person), ()) if person else ()
        whole = self._kept(_whole(one, kind, bool(ranks)))
        asked = {s: self._kept(c) for s, c in self._told(decision, ranks, bool(one.gains), acted)}
        strategies, cells = ["", *asked], list(asked.values())
        for key in keys:
            before = self.notes.get(key, ()) if key[0] == QUERY and best else ()
            own = self._kept(_whole(one, kind, bool(ranks), True, before[0] in best)) if before else whole
            self._enter(key, weight, strategies, [own, *cells])
        for dimension, value in keys if best and self._noting else ():
            if dimension == QUERY:
                self.notes[dimension, value] = best[:1]
            elif dimension == USER:
                self.notes[dimension, value] = tuple(dict.fromkeys((*best, *acted)))[:REMEMBERED]

    def _enter(self, key: Key, weight: float, strategies: Sequence[str], cells: Sequence[int]) -> None:
        row = self._row_of.setdefault(key, len(self._row_of))
        self._rows += [row] * len(cells)
        self._strategies += strategies
        self._cells += cells
        self._weights += [weight] * len(cells)

    def _kept(self, cell: tuple[float, ...]) -> int:
        self._values.extend(cell)
        return len(self._values) // COLUMNS - 1

    def _told(
        self, decision: Decision, ranks: Mapping[str, int], rewarded: bool, acted: tuple[str, ...]
    ) -> Iterator[tuple[str, tuple[float, ...]]]:
        """A `Cell`'s numbers for each strategy that was asked; of several plans of one the best rank counts."""
        first = firsts(decision.candidates, FIRST)
        remembered = {id for s in decision.slots if s.source == _MEMORY for id in first.get(s.plan, ())}
        mine = set(acted)
        for strategy, slots in _asked(decision).items():
            rank = min([ranks[s.plan] for s in slots if s.plan in ranks], default=0)
            results = float(max([s.total for s in slots]))
            asked = (
                *(1.0, float(rewarded), float(rank > 0), 1 / rank if rank else 0.0, results),
                *(max([s.took_ms for s in slots]), float(sum([s.found for s in slots]))),
            )
            brought: dict[str, tuple[int, float]] = {}
            for s in slots:
                brought |= first.get(s.plan, {})
            yield strategy, (*asked, *(self._brought(brought, results, mine, remembered) if brought else _NOTHING))

    def _brought(
        self, brought: Mapping[str, tuple[int, float]], results: float, mine: set[str], remembered: set[str]
    ) -> tuple[float, ...]:
        """The columns from `answered` on."""
        ids, n = brought.keys(), len(brought)
        top = max(min(brought.values())[1], 0.0)
        # asked in this order: `ids & often` would walk through all of the thousands that are shown often
        often, popular = len(self._often.intersection(ids)), len(self._popular.intersection(ids))
        return (
            *(1.0, top, (n - often) / n, popular / n),
            *(float(bool(mine)), len(ids & mine) / n if mine else 0.0),
            *(float(bool(remembered)), len(ids & remembered) / len(remembered) if remembered else 0.0),
            *(top, results),
        )


def _whole(one: Round, kind: str, found: bool, compared: bool = False, repeated: bool = False) -> tuple[float, ...]:
    """`Whole`, padded to the width of a `Cell`."""
    told = (1.0, float(bool(one.gains)), float(found), float(one.failed), float(compared), float(repeated))
    return (*told, *[float(kind == each) for each in KINDS], *_PADDING)


def _asked(decision: Decision) -> dict[str, list[SlotRecord]]:
    asked: dict[str, list[SlotRecord]] = {}
    for slot in decision.slots:
        if slot.depth and slot.outcome in _JUDGED:
            asked.setdefault(slot.strategy, []).append(slot)
    return asked


def _best(one: Round) -> tuple[str, ...]:
    """The objects with the largest gain, in a fixed order."""
    best = max(one.gains.values(), default=0.0)
    return tuple(sorted(id for id, gain in one.gains.items() if gain == best)) if best > 0 else ()


def _ranks(decision: Decision, best: tuple[str, ...]) -> dict[str, int]:
    """The best rank at which each plan had an object with the largest gain."""
    ranks: dict[str, int] = {}
    if best:
        for candidate in named(decision.candidates, best):
            for found in candidate.found:
                ranks[found.plan] = min(found.rank, ranks.get(found.plan, found.rank))
    return ranks
