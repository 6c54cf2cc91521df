"""How strategies have done so far: overall, per kind of query, and per query, decayed with age.

An immutable snapshot; `updated` gives the next one. Searches that were served under other settings age like the rest.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

import orjson

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.kinds import kind_in
from ltrr_opensearch.logged import Decision, Round, SlotRecord
from ltrr_opensearch.types import Outcome

_QUERIES = 50_000
"""Queries kept, the most asked first; a snapshot of that size is about 5 MB."""
_FORGOTTEN = 0.05
"""A query asked less than this after decay is dropped."""
_JUDGED = (Outcome.OK, Outcome.NOTHING_TO_ASK, Outcome.TIMED_OUT)


class Cell(NamedTuple):
    """Decayed sums. `rewarded`: searches with a gain in which the strategy was asked; `found`: it had that object."""

    asked: float = 0.0
    rewarded: float = 0.0
    found: float = 0.0
    reciprocal_ranks: float = 0.0
    results: float = 0.0
    took_ms: float = 0.0

    @property
    def found_share(self) -> float:
        return self.found / self.rewarded if self.rewarded else 0.0

    @property
    def mean_reciprocal_rank(self) -> float:
        return self.reciprocal_ranks / self.rewarded if self.rewarded else 0.0

    @property
    def mean_results(self) -> float:
        return self.results / self.asked if self.asked else 0.0

    @property
    def mean_took_ms(self) -> float:
        return self.took_ms / self.asked if self.asked else 0.0

    def plus(self, other: Cell, weight: float = 1.0) -> Cell:
        return Cell(*[a + weight * b for a, b in zip(self, other, strict=True)])


Key = tuple[str, str, str]
"""(strategy, kind of query, normalised query), each empty where it does not apply."""


@dataclass(frozen=True, slots=True)
class Aggregates:
    cells: Mapping[Key, Cell] = field(default_factory=dict)
    as_of: datetime | None = None
    """Time of the youngest search counted; decay runs to here."""

    def strategy(self, strategy: str) -> Cell | None:
        return self.cells.get((strategy, "", ""))

    def kind(self, strategy: str, kind: str) -> Cell | None:
        return self.cells.get((strategy, kind, ""))

    def query_strategy(self, strategy: str, normalized: str) -> Cell | None:
        return self.cells.get((strategy, "", normalized))

    def query(self, normalized: str) -> Cell | None:
        """The query whatever was asked for it; `found` means that some plan had the object."""
        return self.cells.get(("", "", normalized))

    def updated(self, rounds: Iterable[Round], half_life_days: float) -> Aggregates:
        """With `rounds` counted in; give each round once, a watermark is the caller's."""
        counted = list(rounds)
        if not counted:
            return self
        as_of = max([r.decision.at for r in counted] + ([self.as_of] if self.as_of else []))
        faded = _fading(self.as_of, as_of, half_life_days) if self.as_of else 1.0
        cells = {key: Cell().plus(cell, faded) for key, cell in self.cells.items()}
        for one in counted:
            weight = _fading(one.decision.at, as_of, half_life_days)
            for key, cell in _cells(one):
                cells[key] = cells.get(key, Cell()).plus(cell, weight)
        return Aggregates(_pruned(cells), as_of)

    def to_bytes(self) -> bytes:
        """The same aggregates give the same bytes."""
        rows = [[*key, *cell] for key, cell in sorted(self.cells.items())]
        return zlib.compress(orjson.dumps({"as_of": self.as_of, "cells": rows}))

    @staticmethod
    def from_bytes(payload: bytes) -> Aggregates:
        try:
            stored = orjson.loads(zlib.decompress(payload))
            as_of = datetime.fromisoformat(stored["as_of"]).astimezone(UTC) if stored["as_of"] else None
            return Aggregates({(s, k, q): Cell(*map(float, sums)) for s, k, q, *sums in stored["cells"]}, as_of)
        except (zlib.error, KeyError, TypeError, ValueError) as e:
            raise ModelError(f"aggregates are damaged ({e}); publish them again with: ltrr learn policy") from e


def _fading(since: datetime, until: datetime, half_life_days: float) -> float:
    return float(0.5 ** ((until - since).total_seconds() / 86_400 / half_life_days))


def _cells(one: Round) -> Iterable[tuple[Key, Cell]]:
    decision = one.decision
    ranks = _ranks(one)
    rewarded = float(bool(one.gains))
    yield ("", "", decision.normalized), Cell(asked=1.0, rewarded=rewarded, found=float(bool(ranks)))
    for strategy, cell in _by_strategy(decision, ranks, rewarded).items():
        yield (strategy, "", ""), cell
        yield (strategy, kind_in(decision.context), ""), cell
        yield (strategy, "", decision.normalized), cell


def _by_strategy(decision: Decision, ranks: Mapping[str, int], rewarded: float) -> dict[str, Cell]:
    """One cell a strategy that was asked; of several plans of one strategy the best rank counts."""
    asked: dict[str, list[SlotRecord]] = {}
    for slot in decision.slots:
        if slot.depth and slot.outcome in _JUDGED:
            asked.setdefault(slot.strategy, []).append(slot)
    cells = {}
    for strategy, slots in asked.items():
        rank = min((ranks[s.plan] for s in slots if s.plan in ranks), default=0)
        cells[strategy] = Cell(
            asked=1.0,
            rewarded=rewarded,
            found=float(rank > 0),
            reciprocal_ranks=1 / rank if rank else 0.0,
            results=float(max(s.total for s in slots)),
            took_ms=max(s.took_ms for s in slots),
        )
    return cells


def _ranks(one: Round) -> dict[str, int]:
    """The best rank at which each plan had an object with the largest gain."""
    best = max(one.gains.values(), default=0.0)
    ranks: dict[str, int] = {}
    for candidate in one.decision.candidates:
        if best > 0 and one.gains.get(candidate.key.id) == best:
            for found in candidate.found:
                ranks[found.plan] = min(found.rank, ranks.get(found.plan, found.rank))
    return ranks


def _pruned(cells: dict[Key, Cell]) -> dict[Key, Cell]:
    queries = [q for (strategy, _, q), cell in cells.items() if not strategy and q and cell.asked >= _FORGOTTEN]
    kept = set(sorted(queries, key=lambda q: (-cells["", "", q].asked, q))[:_QUERIES])
    return {key: cell for key, cell in cells.items() if not key[2] or key[2] in kept}
