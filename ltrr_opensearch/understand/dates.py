"""Which date field a year means: "newer than 2015", "2018", "between 2010 and 2012"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ltrr_opensearch.knowledge.distribution import Distribution
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.types import SlotValue
from ltrr_opensearch.understand.items import Item
from ltrr_opensearch.understand.names import Names, beside
from ltrr_opensearch.understand.numbers import NAMED, SURE, said
from ltrr_opensearch.understand.quantities import YEARLY, Quantity, is_year

ALONE = 0.4
"""That a year alone is when a thing came out, and not a part of its name ("office 2010")."""
_DATED = frozenset({"", "between", *YEARLY})


@dataclass(frozen=True, slots=True)
class DateField:
    field: str
    names: Names
    lies: Distribution


def date_slots(
    found: Sequence[Quantity], items: Sequence[Item], fields: Sequence[DateField], gazetteer: Gazetteer
) -> Iterator[SlotValue]:
    for quantity in found:
        if not _is_dated(quantity):
            continue
        first, last = _days(quantity)
        likely = [(of, *beside(quantity.start, quantity.end, items, of.names)) for of in fields]
        weights = [of.lies.documents * (NAMED if named else 1.0) for of, _, _, named in likely]
        for (of, start, end, named), weight in zip(likely, weights, strict=True):
            share = of.lies.share(_milliseconds(first), _milliseconds(last, late=True))
            sure = SURE if named or quantity.cue else ALONE * (share > 0)
            if of.lies.documents:
                yield SlotValue(
                    of.field,
                    said(first, last),
                    items[start].token,
                    items[end - 1].token + 1,
                    sure * weight / sum(weights),
                    idf=gazetteer.idf(round(of.lies.documents * share)),
                    kind="date",
                    gte=first,
                    lte=last,
                )


def _is_dated(quantity: Quantity) -> bool:
    return quantity.cue in _DATED and not quantity.unit and all(map(is_year, quantity.bounds))


def _days(quantity: Quantity) -> tuple[str | None, str | None]:
    """The first and the last day that are meant. Newer than a year is after its end."""
    low, high = (None if b is None else int(b) for b in (quantity.low, quantity.high))
    match quantity.cue:
        case "newer":
            return f"{(low or 0) + 1}-01-01", None
        case "older":
            return None, f"{(high or 0) - 1}-12-31"
        case "since":
            return f"{low}-01-01", None
        case "until":
            return None, f"{high}-12-31"
    return (None if low is None else f"{low}-01-01"), (None if high is None else f"{high}-12-31")


def _milliseconds(day: str | None, *, late: bool = False) -> float | None:
    if day is None:
        return None
    at = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000
    return at + 86_400_000 if late else at
