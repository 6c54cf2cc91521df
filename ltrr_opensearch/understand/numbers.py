"""Which number field a quantity means: by unit, by the field's name beside it, and by where the field's values lie.

"500 gb" is a disk and "16 gb" is memory because that is what the documents have; "under 500" without a unit is money.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ltrr_opensearch.knowledge.distribution import Distribution
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.types import SlotValue
from ltrr_opensearch.understand.items import Item
from ltrr_opensearch.understand.names import Names, beside
from ltrr_opensearch.understand.quantities import Quantity, is_year
from ltrr_opensearch.units import MONEY, Unit

SURE = 0.95
"""That a number with a unit, a name or a cue is meant as a slot."""
NAMED = 50.0
"""How much likelier a field is when its name stands beside the number."""
UNSAID = 0.05
"""Of any number but a price, beside one, where a bound has no unit: "under 500"."""
OWN_UNIT = 20.0
"""How much likelier a field is that counts in the very unit said: screens in inches, cables in metres."""
NEAR = 0.05
"""Values are alike within this share: 16 and 15.6 inches, 1000 and 1024 megabytes."""
WIDE = 0.1
"""Weight of documents with a value within a factor of two: people also ask for what few documents have."""
YEARS = 0.3
"""What is left of that where "between 2010 and 2012" may be years."""
LARGEST = 2.0**31 - 1
"""What an integer field takes in a range; a larger number is none that people look for."""
DOUBT = 0.5
"""Documents' worth of doubt that a number alone with its unit is one of the field's values."""


@dataclass(frozen=True, slots=True)
class NumberField:
    field: str
    unit: Unit | None
    names: Names
    lies: Distribution


@dataclass(frozen=True, slots=True)
class _Meant:
    of: NumberField
    low: float | None
    high: float | None
    start: int
    end: int
    weight: float


def number_slots(
    found: Sequence[Quantity], items: Sequence[Item], fields: Sequence[NumberField], gazetteer: Gazetteer
) -> Iterator[SlotValue]:
    for quantity in found:
        meant = [m for of in fields if (m := _meant(quantity, items, of))]
        total = sum(m.weight for m in meant)
        sure = SURE * (1.0 if quantity.cue else total / (total + DOUBT))
        if quantity.cue == "between" and not quantity.unit and all(map(is_year, quantity.bounds)):
            sure *= YEARS
        for m in meant:
            count = round(m.of.lies.documents * m.of.lies.share(*_widened(m.low, m.high)))
            yield SlotValue(
                m.of.field,
                said(m.low, m.high),
                items[m.start].token,
                items[m.end - 1].token + 1,
                sure * m.weight / total,
                idf=gazetteer.idf(count),
                kind="number",
                gte=m.low,
                lte=m.high,
            )


def said(low: float | str | None, high: float | str | None) -> str:
    """A range in short: 17, >=16, <=500, 100..200."""
    if low == high:
        return f"{low}" if isinstance(low, str) else f"{low:.12g}"
    parts = [x if isinstance(x, str) or x is None else f"{x:.12g}" for x in (low, high)]
    if parts[0] is None or parts[1] is None:
        return f"<={parts[1]}" if parts[0] is None else f">={parts[0]}"
    return f"{parts[0]}..{parts[1]}"


def _meant(quantity: Quantity, items: Sequence[Item], of: NumberField) -> _Meant | None:
    start, end, named = beside(quantity.start, quantity.end, items, of.names)
    fits = _fits(quantity, of, named) if of.lies.documents else 0.0
    if not fits:
        return None
    low, high = (_converted(b, quantity.unit, of.unit) for b in (quantity.low, quantity.high))
    bounds = [b for b in dict.fromkeys((low, high)) if b is not None]
    if any(abs(b) > LARGEST for b in bounds):
        return None
    weight = sum(_likely(b, of.lies) for b in bounds) / len(bounds) + 0.01
    weight *= fits * (NAMED if named else 1.0) * (OWN_UNIT if of.unit and of.unit == quantity.unit else 1.0)
    return _Meant(of, low, high, start, end, weight)


def _fits(quantity: Quantity, of: NumberField, named: bool) -> float:
    """Whether the field may be meant, and how far, by what was said of its unit."""
    dimension = of.unit.dimension if of.unit else None
    if quantity.dimension == "year":
        return 0.0
    if quantity.unit is not None:
        return float(dimension == quantity.unit.dimension)
    if quantity.dimension is not None:
        return float(dimension == quantity.dimension)
    if named or not quantity.cue:
        return float(named)
    return 1.0 if dimension == MONEY else UNSAID


def _converted(value: float | None, unit: Unit | None, to: Unit | None) -> float | None:
    """A price without a currency is in whole ones, though the field may count cents."""
    if value is None or to is None:
        return value
    if unit is None:
        return float(f"{value / to.size:.9g}") if to.dimension == MONEY else value
    return unit.to(to, value)


def _likely(value: float, lies: Distribution) -> float:
    near = lies.share(*_widened(value, value))
    wide = lies.share(min(value / 2, value * 2), max(value / 2, value * 2))
    return lies.documents * (near + WIDE * wide)


def _widened(low: float | None, high: float | None) -> tuple[float | None, float | None]:
    return (
        None if low is None else low - abs(low) * NEAR,
        None if high is None else high + abs(high) * NEAR,
    )
