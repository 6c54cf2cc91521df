"""Reading values out of somebody's file: whatever is wrong is told with the line and the value."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.logged import Judgment


class Line(NamedTuple):
    """A judgment and where it stands."""

    place: str
    judgment: Judgment


def judged(place: str, query: object, id: object, grade: object, weight: object = 1.0) -> Line:
    """Ids may be numbers in JSON; texts lose the space around them."""
    text, name = str(query).strip(), str(id).strip()
    if not text:
        raise DataError(f"{place}: the query is empty; give the words that were asked")
    if not name:
        raise DataError(f"{place}: no document id for query {text!r}; give the id that the index knows")
    return Line(place, Judgment(text, name, number(place, "rating", grade), number(place, "weight", weight)))


def number(place: str, what: str, value: object) -> float:
    try:
        found = float(str(value))
    except ValueError as error:
        raise DataError(f"{place}: {what} {value!r} is no number") from error
    if not math.isfinite(found):
        raise DataError(f"{place}: {what} {value!r} is not finite")
    if found < 0:
        raise DataError(f"{place}: {what} {value!r} is below 0; ratings are 0 or more")
    return found


def pooled(lines: Iterable[Line]) -> tuple[Judgment, ...]:
    """Ratings that several people gave the same document for the same query become their mean."""
    known: dict[tuple[str, str], list[Judgment]] = {}
    for _, one in lines:
        known.setdefault((one.query, one.id), []).append(one)
    return tuple(
        Judgment(query, id, sum(j.grade for j in some) / len(some), sum(j.weight for j in some) / len(some))
        for (query, id), some in known.items()
    )
