"""Numbers of a query with what is said about them: exact, at most, at least, between, about; in which unit.

Which field is meant is decided by `numbers` and `dates`. Cues come from `cues`, units from `units`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ltrr_opensearch.understand.cues import Cues, cues_of
from ltrr_opensearch.understand.items import Item
from ltrr_opensearch.units import MONEY, Unit, unit_of

ABOUT = 0.1
"""What "about" gives and takes."""
_BELOW = {"most": None, "cheaper": MONEY, "lighter": "mass", "shorter": "length", "smaller": None}
_ABOVE = {"least": None, "dearer": MONEY, "heavier": "mass", "longer": "length", "larger": None}
_COMPARED = frozenset({*_BELOW, *_ABOVE, "about"})
YEARLY = frozenset({"newer", "older", "since", "until"})
_BEHIND = frozenset({"or_less", "or_more"})


@dataclass(frozen=True, slots=True)
class Quantity:
    """From the item `start` to before `end`. Both bounds are given for an exact number, and equal."""

    start: int
    end: int
    low: float | None
    high: float | None
    unit: Unit | None = None
    dimension: str | None = None
    """Of what must be counted, where the cue says so ("cheaper": money)."""
    cue: str = ""
    """What was said of it; empty for a number alone."""

    @property
    def bounds(self) -> tuple[float, ...]:
        return tuple(dict.fromkeys(b for b in (self.low, self.high) if b is not None))


@dataclass(frozen=True, slots=True)
class _Amount:
    value: float
    unit: Unit | None
    end: int


def quantities(items: Sequence[Item], language: str) -> list[Quantity]:
    """Those of a query from left to right, none inside another."""
    if not any(item.number is not None for item in items):
        return []
    reader = _Reader(items, [item.word for item in items], cues_of(language), language)
    found: list[Quantity] = []
    at = 0
    while at < len(items):
        quantity = reader.quantity(at)
        if quantity:
            found.append(quantity)
        at = quantity.end if quantity else at + 1
    return found


@dataclass(frozen=True, slots=True)
class _Reader:
    items: Sequence[Item]
    words: Sequence[str]
    cues: Cues
    language: str

    def quantity(self, start: int) -> Quantity | None:
        return self._between(start) or self._compared(start) or self._dated(start) or self._bare(start)

    def _between(self, start: int) -> Quantity | None:
        cue = self.cues.at(self.words, start, frozenset({"between"}))
        return self._range(start, cue[1], frozenset({"and", "to"})) if cue else None

    def _compared(self, start: int) -> Quantity | None:
        """ "under 500", "about 2 kg"."""
        cue = self.cues.at(self.words, start, _COMPARED)
        amount = self._amount(cue[1]) if cue else None
        if cue is None or amount is None:
            return None
        if cue[0] == "about":
            give = abs(amount.value) * ABOUT
            return Quantity(start, amount.end, amount.value - give, amount.value + give, amount.unit, cue="about")
        low, high = (None, amount.value) if cue[0] in _BELOW else (amount.value, None)
        return Quantity(start, amount.end, low, high, amount.unit, (_BELOW | _ABOVE)[cue[0]], cue[0])

    def _dated(self, start: int) -> Quantity | None:
        """ "newer than 2015"."""
        cue = self.cues.at(self.words, start, YEARLY)
        amount = self._amount(cue[1]) if cue else None
        if cue is None or amount is None or not is_year(amount.value) or amount.unit:
            return None
        return Quantity(start, amount.end, amount.value, amount.value, dimension="year", cue=cue[0])

    def _bare(self, start: int) -> Quantity | None:
        """ "500 to 800", "17 inch", "16 gb or more"."""
        amount = self._amount(start)
        if amount is None:
            return None
        if ranged := self._range(start, start, frozenset({"to"})):
            return ranged
        exact = Quantity(start, amount.end, amount.value, amount.value, amount.unit)
        cue = self.cues.at(self.words, amount.end, _BEHIND)
        if cue is None:
            return exact
        if cue[0] == "or_less":
            return replace(exact, end=cue[1], low=None, cue="most")
        return replace(exact, end=cue[1], high=None, cue="least")

    def _range(self, start: int, at: int, joints: frozenset[str]) -> Quantity | None:
        low = self._amount(at)
        joint = self.cues.at(self.words, low.end, joints) if low else None
        high = self._amount(joint[1]) if joint else None
        if low is None or high is None or low.value == high.value:
            return None
        units = {u.dimension for u in (low.unit, high.unit) if u}
        if len(units) > 1:
            return None
        unit = high.unit or low.unit
        least = low.unit.to(unit, low.value) if low.unit and unit else low.value
        return Quantity(start, high.end, min(least, high.value), max(least, high.value), unit, cue="between")

    def _amount(self, at: int) -> _Amount | None:
        """A number with its unit behind it, or before it as money may be ("$500")."""
        before = self._unit(at, attached=False) if self._is_symbol(at) else None
        at += before is not None
        if at >= len(self.items) or (value := self.items[at].number) is None:
            return None
        if before:
            return _Amount(value, before, at + 1)
        behind = at + 1
        unit = self._unit(behind, attached=behind < len(self.items) and self.items[behind].attached)
        return _Amount(value, unit, behind + 1) if unit else _Amount(value, None, behind)

    def _unit(self, at: int, *, attached: bool) -> Unit | None:
        return unit_of(self.words[at], attached=attached, language=self.language) if at < len(self.items) else None

    def _is_symbol(self, at: int) -> bool:
        return at < len(self.items) and not self.words[at].isalnum()


def is_year(value: float) -> bool:
    return 1950 <= value < 2100 and value == int(value)
