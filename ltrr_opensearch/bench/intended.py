"""Queries with the slots that a person meant, and how many of these a recogniser finds.

They were written and committed before the recogniser was, by somebody who had not seen it (`tests/understand`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ltrr_opensearch.lookup import key_of
from ltrr_opensearch.types import Json, Reading, SlotValue

FOLDER = Path(__file__).parents[2] / "tests" / "understand"
CLOSE = 0.01
"""Numbers are alike within this share: conversions round."""


@dataclass(frozen=True, slots=True)
class Intended:
    query: str
    kind: str
    """The class of the query: brand, type, range, ..."""
    slots: tuple[Json, ...]
    also: tuple[tuple[Json, ...], ...]
    """Other sets of slots that are right, too."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Slots meant, found, and right: found as meant, with field, value or range, and negation."""

    meant: int
    found: int
    right: int

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 where nothing was meant and nothing found."""
        return 2 * self.right / (self.meant + self.found) if self.meant + self.found else 1.0


def intended_queries() -> list[Intended]:
    lines = (FOLDER / "intended_slots.jsonl").read_text(encoding="utf-8").splitlines()
    rows = map(json.loads, lines)
    return [Intended(r["query"], r["class"], tuple(r["slots"]), tuple(map(tuple, r["also"]))) for r in rows]


def intended_fields() -> list[Json]:
    """The slot fields, as a configuration gives them."""
    fields = json.loads((FOLDER / "intended_fields.json").read_text(encoding="utf-8"))["fields"]
    return [{key: value for key, value in field.items() if value is not None} for field in fields]


def tally(reading: Reading, intended: Intended) -> Tally:
    """Beside the set of slots, of those that are right, that the reading comes closest to."""
    return max((_beside(reading.slots, slots) for slots in (intended.slots, *intended.also)), key=lambda t: t.f1)


def is_meant(reading: Reading, intended: Intended) -> bool:
    """Whether a reading is just what was meant in the first place."""
    found = _beside(reading.slots, intended.slots)
    return found.right == found.meant == found.found


def _beside(found: Sequence[SlotValue], meant: Sequence[Json]) -> Tally:
    left = list(found)
    for slot in meant:
        hit = next((f for f in left if _same(f, slot)), None)
        if hit is not None:
            left.remove(hit)
    return Tally(len(meant), len(found), len(found) - len(left))


def _same(found: SlotValue, meant: Json) -> bool:
    if found.field.removesuffix(".keyword") != meant["field"] or found.negated != bool(meant.get("not")):
        return False
    if found.ranged:
        low, high = (meant["eq"],) * 2 if "eq" in meant else (meant.get("gte"), meant.get("lte"))
        return _close(found.gte, low) and _close(found.lte, high)
    if "value" not in meant:
        return False
    return key_of(found.value) == key_of(str(meant["value"]))


def _close(a: float | str | None, b: float | str | None) -> bool:
    if a is None or b is None:
        return a is b
    if isinstance(a, str) or isinstance(b, str):
        return str(a)[:10] == str(b)[:10]
    return abs(a - b) <= CLOSE * max(abs(a), abs(b))
