"""How strategies have done so far: overall, per kind of query, per query and per person, decayed with age.

An immutable snapshot; `updated` gives the next one. Searches that were served under other settings age like the rest.
One block of numbers a key (a row for all searches, one for each strategy) in a single array: a hundred thousand keys of
named numbers would take a proxy ten times the memory.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.cells import COLUMNS, FADING, KIND, OVERALL, QUERY, USER, Cell, Key, Whole
from ltrr_opensearch.knowledge.counting import Counted, Counting
from ltrr_opensearch.knowledge.exposure import Exposure
from ltrr_opensearch.knowledge.fading import fading
from ltrr_opensearch.logged import Round
from ltrr_opensearch.types import Doubles

_MAGIC = b"LTRRAGG2"
_KEPT = {QUERY: 50_000, USER: 20_000}
"""Most queries and people kept, the busiest first."""
_FORGOTTEN = 0.05
"""A query or person with fewer searches than this after decay is dropped."""

Sums = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Aggregates:
    """`sums[rows[key]]`: first the whole (`Whole`, padded with zeros), then each of `strategies` (`Cell`)."""

    rows: Mapping[Key, int] = field(default_factory=dict)
    strategies: tuple[str, ...] = ()
    sums: Sums = field(default_factory=lambda: np.zeros((0, 1, COLUMNS), np.float32))
    notes: Mapping[Key, tuple[str, ...]] = field(default_factory=dict)
    """Objects acted upon last: one for a query, several for a person."""
    as_of: datetime | None = None
    """Time of the youngest search counted; decay runs to here."""

    def strategy(self, strategy: str) -> Cell | None:
        return self.cell(OVERALL, strategy)

    def kind(self, strategy: str, kind: str) -> Cell | None:
        return self.cell((KIND, kind), strategy)

    def query_strategy(self, strategy: str, normalized: str) -> Cell | None:
        return self.cell((QUERY, normalized), strategy)

    def query(self, normalized: str) -> Whole | None:
        return self.whole((QUERY, normalized))

    def user(self, who: str) -> Whole | None:
        return self.whole((USER, who))

    def last_of(self, who: str) -> tuple[str, ...]:
        """Objects that a person acted upon last."""
        return self.notes.get((USER, who), ())

    def told(self, person: str) -> dict[str, Any] | None:
        """All that is counted under a person's name, to be read out."""
        whole = self.user(person)
        return {**whole._asdict(), "last_objects": list(self.last_of(person))} if whole else None

    def forgetting(self, person: str) -> Aggregates:
        """Without what is known of a person; what others' sums have of it stays in them."""
        gone = (USER, person)
        kept = [key for key in self.rows if key != gone]
        sums = np.ascontiguousarray(self.sums[[self.rows[key] for key in kept]])
        notes = {key: ids for key, ids in self.notes.items() if key != gone}
        return Aggregates({key: i for i, key in enumerate(kept)}, self.strategies, sums, notes, self.as_of)

    def whole(self, key: Key) -> Whole | None:
        row = self.rows.get(key)
        return None if row is None else Whole._make(self.sums[row, 0, : len(Whole._fields)].tolist())

    def cell(self, key: Key, strategy: str) -> Cell | None:
        return self.block(key).get(strategy)

    def block(self, key: Key) -> dict[str, Cell]:
        """By strategy, what is known of those that were asked under a key."""
        row = self.rows.get(key)
        if row is None:
            return {}
        numbers = self.sums[row, 1:].tolist()
        return {s: Cell._make(n) for s, n in zip(self.strategies, numbers, strict=True) if n[0]}

    def updated(self, rounds: Iterable[Round], half_life_days: float, exposure: Exposure | None = None) -> Aggregates:
        """With `rounds` counted in; give each round once, a watermark is the caller's.

        `exposure` tells which documents are rarely shown or popular.
        """
        counted = sorted(rounds, key=lambda r: (r.decision.at, r.decision.query_id))
        if not counted:
            return self
        as_of = max([counted[-1].decision.at] + ([self.as_of] if self.as_of else []))
        counting = Counting(self.notes, exposure)
        for one in counted:
            counting.add(one, fading(one.decision.at, as_of, half_life_days))
        faded = fading(self.as_of, as_of, half_life_days) if self.as_of else 1.0
        return self._with(counting, faded, as_of)._pruned()

    def corrected(
        self, late: Iterable[tuple[Round, Round]], half_life_days: float, exposure: Exposure | None = None
    ) -> Aggregates:
        """With what has become known of searches that are counted already: (as they were counted, as they are now).

        What was noted last and the last scores stay, and nobody comes back who is forgotten.
        """
        pairs = list(late)
        if not pairs or self.as_of is None:
            return self
        counting = Counting(self.notes, exposure, noting=False)
        for before, after in pairs:
            weight = fading(before.decision.at, self.as_of, half_life_days)
            counting.add(before, -weight)
            counting.add(after, weight)
        counted = counting.counted
        place = {"": 0} | {s: i for i, s in enumerate(self.strategies, start=1)}
        for strategy in counted.strategies:
            place.setdefault(strategy, len(place))
        grown = _summed(counted, place)[0][:, : 1 + len(self.strategies)]
        known = [(i, self.rows[key]) for i, key in enumerate(counted.keys) if key in self.rows]
        sums = self.sums.copy()
        for i, row in known:
            sums[row, :, :FADING] = np.maximum(sums[row, :, :FADING] + grown[i], 0)
        return replace(self, sums=sums)

    def _with(self, counting: Counting, faded: float, as_of: datetime) -> Aggregates:
        counted = counting.counted
        strategies = tuple(sorted({*self.strategies, *filter(None, counted.strategies)}))
        rows = dict(self.rows)
        row = np.array([rows.setdefault(key, len(rows)) for key in counted.keys])
        place = {"": 0} | {s: i for i, s in enumerate(strategies, start=1)}
        sums = np.zeros((len(rows), len(place), COLUMNS), np.float32)
        kept = [0, *(place[s] for s in self.strategies)]
        sums[: len(self.rows), kept] = self.sums
        sums[: len(self.rows), :, :FADING] *= np.float32(faded)
        grown, last = _summed(counted, place)
        sums[row, :, :FADING] = sums[row, :, :FADING] + grown
        sums[row, :, FADING:] = np.where(last.any(axis=2, keepdims=True), last, sums[row, :, FADING:])
        return Aggregates(rows, strategies, sums, counting.notes, as_of)

    def _pruned(self) -> Aggregates:
        # a list, since to look up single numbers in an array takes five times as long, and keys are many
        asked = self.sums[:, 0, 0].tolist()
        kept = [key for key in self.rows if key[0] not in _KEPT]
        for dimension, most in _KEPT.items():
            alive = [k for k, row in self.rows.items() if k[0] == dimension and asked[row] >= _FORGOTTEN]
            if len(alive) > most:
                alive = sorted(alive, key=lambda k: (-asked[self.rows[k]], k))[:most]
            kept += alive
        kept.sort()
        sums = np.ascontiguousarray(self.sums[[self.rows[k] for k in kept]])
        rows = {key: i for i, key in enumerate(kept)}
        notes = {key: ids for key, ids in sorted(self.notes.items()) if key in rows}
        return Aggregates(rows, self.strategies, sums, notes, self.as_of)

    def to_bytes(self) -> bytes:
        """The same aggregates give the same bytes."""
        head = orjson.dumps(
            {
                "as_of": self.as_of,
                "strategies": self.strategies,
                "keys": list(self.rows),
                "notes": [[*key, *ids] for key, ids in self.notes.items()],
            }
        )
        packed = zlib.compress(head)
        return _MAGIC + struct.pack(">I", len(packed)) + packed + zlib.compress(self.sums.astype("<f4").tobytes())

    @staticmethod
    def from_bytes(payload: bytes) -> Aggregates:
        if not payload.startswith(_MAGIC):
            raise ModelError(
                f"aggregates are damaged or of another version: they start with {payload[:8]!r}; count again with: "
                "ltrr learn policy"
            )
        try:
            start = len(_MAGIC) + 4
            (length,) = struct.unpack(">I", payload[len(_MAGIC) : start])
            head = orjson.loads(zlib.decompress(payload[start : start + length]))
            rows = {(str(d), str(v)): i for i, (d, v) in enumerate(head["keys"])}
            strategies = tuple(map(str, head["strategies"]))
            sums = np.frombuffer(zlib.decompress(payload[start + length :]), "<f4")
            return Aggregates(
                rows,
                strategies,
                sums.reshape(len(rows), 1 + len(strategies), COLUMNS).astype(np.float32),
                {(d, v): tuple(ids) for d, v, *ids in head["notes"]},
                datetime.fromisoformat(head["as_of"]).astimezone(UTC) if head["as_of"] else None,
            )
        except (zlib.error, struct.error, KeyError, TypeError, ValueError) as e:
            raise ModelError(f"aggregates are damaged ({e}); count again with: ltrr learn policy") from e


def _summed(counted: Counted, place: Mapping[str, int]) -> tuple[Doubles, Doubles]:
    """[key, place of a strategy, column]: weighted sums, and of the other columns what was answered last."""
    values = counted.values[np.array(counted.cells)]
    places = np.array([place[s] for s in counted.strategies])
    rows, shape = np.array(counted.rows), (len(counted.keys), len(place))
    grown = np.zeros((*shape, FADING))
    np.add.at(grown, (rows, places), np.array(counted.weights)[:, None] * values[:, :FADING])
    last = np.zeros((*shape, COLUMNS - FADING))
    answered = (places > 0) & (values[:, Cell._fields.index("answered")] > 0)
    # of several entries for one cell the last counts
    last[rows[answered], places[answered]] = values[answered, FADING:]
    return grown, last
