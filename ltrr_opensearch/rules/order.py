"""What rules make of an order: lifted and sunk first, then pinned. Pure.

A pin holds its position whatever stands around it; lifted documents keep the order that they had among themselves.
What stands nowhere in the order and is pinned or lifted joins it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ltrr_opensearch.logged import BOOST, BURY, PIN, Ruled
from ltrr_opensearch.types import DocKey


@dataclass(frozen=True, slots=True)
class Pin:
    rule: str
    position: int
    key: DocKey


@dataclass(frozen=True, slots=True)
class Shift:
    """`places` up where positive, down where negative; infinite: above, or below, all that no rule moves."""

    rule: str
    places: float

    @property
    def action(self) -> str:
        return BOOST if self.places > 0 else BURY


@dataclass(frozen=True, slots=True)
class Moves:
    """What the rules of one search move, of what its caller may see."""

    pins: tuple[Pin, ...] = ()
    """By position, no two at the same."""
    shifts: Mapping[DocKey, Shift] = field(default_factory=dict)
    joining: tuple[DocKey, ...] = ()
    """Lifted documents that the client's own query matches, in its order, whether a plan found them or not."""

    def __bool__(self) -> bool:
        return bool(self.pins or self.shifts)

    @property
    def keys(self) -> set[DocKey]:
        return {pin.key for pin in self.pins} | self.shifts.keys()


@dataclass(frozen=True, slots=True)
class Arranged:
    keys: tuple[DocKey, ...]
    far: tuple[Pin, ...]
    """Pins behind the end of these keys, whose places are known once more of the list is."""


def arranged(keys: Sequence[DocKey], moves: Moves) -> Arranged:
    """An order under the rules."""
    known = set(keys)
    shifted = _shifted([*keys, *(key for key in moves.joining if key not in known)], moves.shifts)
    pinned = {pin.key for pin in moves.pins}
    return inserted([key for key in shifted if key not in pinned], moves.pins)


def inserted(keys: Sequence[DocKey], pins: Sequence[Pin]) -> Arranged:
    """The pins among keys that hold none of them, as far as these reach."""
    order = list(keys)
    for number, pin in enumerate(pins):
        if pin.position > len(order) + 1:
            return Arranged(tuple(order), tuple(pins[number:]))
        order.insert(pin.position - 1, pin.key)
    return Arranged(tuple(order), ())


def placed_apart(pins: Sequence[Pin]) -> tuple[Pin, ...]:
    """Pins by position, each document once: of two for one place, or one document, the first holds.

    The other one for a place takes the next that is free.
    """
    taken: dict[int, Pin] = {}
    for pin in pins:
        if pin.key not in {other.key for other in taken.values()}:
            position = pin.position
            while position in taken:
                position += 1
            taken[position] = Pin(pin.rule, position, pin.key)
    return tuple(taken[position] for position in sorted(taken))


def told(before: Sequence[DocKey], after: Sequence[DocKey], moves: Moves) -> tuple[Ruled, ...]:
    """What the rules did to an order, in its new order. What follows it unmoved, in `after` alone, is not among it."""
    lifted = set(moves.joining)
    was = {key: rank for rank, key in enumerate(before, start=1)}
    pins = {pin.key: pin for pin in moves.pins}
    found: list[Ruled] = []
    for rank, key in enumerate(after, start=1):
        if pin := pins.get(key):
            found.append(Ruled(pin.rule, PIN, key, rank, was.get(key, 0)))
        elif (shift := moves.shifts.get(key)) and (key in was or key in lifted):
            found.append(Ruled(shift.rule, shift.action, key, rank, was.get(key, 0)))
    return tuple(found)


def one_of_each(keys: Sequence[DocKey], groups: Mapping[DocKey, object], standing: Collection[DocKey]) -> list[DocKey]:
    """Keys of a collapsed search without those of a group for which a `standing` one stands. `groups`: where known."""
    taken = {groups[key] for key in standing if key in groups}
    return [key for key in keys if key in standing or key not in groups or groups[key] not in taken]


def _shifted(keys: Sequence[DocKey], shifts: Mapping[DocKey, Shift]) -> list[DocKey]:
    if not shifts:
        return list(keys)

    def place(rank: int) -> float:
        shift = shifts.get(keys[rank])
        if shift is None:
            return rank
        # half a place more, so that it passes the one whose place it takes
        return rank - shift.places - (0.5 if shift.places > 0 else -0.5)

    return [keys[rank] for rank in sorted(range(len(keys)), key=lambda rank: (place(rank), rank))]
