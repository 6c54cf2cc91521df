"""Values inside longer ones of their field, names inside longer names: "mobile workstation" means that, and not a
workstation that is mobile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ltrr_opensearch.types import NAME, SlotValue

INSIDE = 0.1
"""Of a value's confidence, what is left inside a longer one that was said whole."""


def prefer_longer(slots: Sequence[SlotValue]) -> list[SlotValue]:
    """The longer is at least as sure as the surest inside it; values of other fields are left as they are."""
    longer = [slot for slot in slots if slot.end - slot.start > 1]
    if not longer:
        return list(slots)
    return [_beside(slot, slots, longer) for slot in slots]


def _beside(slot: SlotValue, slots: Sequence[SlotValue], longer: Sequence[SlotValue]) -> SlotValue:
    surest = max((s.confidence for s in slots if _is_inside(s, slot)), default=0.0)
    confidence = max(slot.confidence, surest)
    if any(_is_inside(slot, other) for other in longer):
        confidence *= INSIDE
    return slot if confidence == slot.confidence else replace(slot, confidence=confidence)


def _is_inside(a: SlotValue, b: SlotValue) -> bool:
    return _alike(a, b) and b.start <= a.start and a.end <= b.end and a.end - a.start < b.end - b.start


def _alike(a: SlotValue, b: SlotValue) -> bool:
    """Whether they say something of the same: of a field, or of an entity by its name, whatever its type."""
    return a.kind == b.kind == NAME or (a.field == b.field and a.kind == b.kind)
