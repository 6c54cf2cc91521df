"""The seasons in which people of a country shop and search otherwise: a small table, computed for any year.

Not public holidays but the weeks before them, which is when they show in a log. Feasts that follow the moon are taken
from its mean phase (Meeus, Astronomical Algorithms, chapter 49) or the tabular Islamic calendar: a day off at most.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from math import ceil, floor

_CHRISTIAN = (
    "AT AU BE BG BR CA CH CO CR CZ DE DK EE ES FI FR GB GR HR HU IE IT LT LU LV MT MX NL NO NZ PE PH PL PT RO "
    "RS SE SI SK UA US UY VE ZA AR CL"
)
_EAST = "BG GR RO RS UA"
_LUNAR = "CN HK KR MY SG TW VN"
_MUSLIM = "AE BD DZ EG ID JO KW MA MY OM PK QA SA TN TR"
_SOUTH = "AR AU BR CL NZ UY ZA"

_Span = tuple[date, date]


def _fixed(start: tuple[int, int], end: tuple[int, int]) -> Callable[[int], _Span]:
    return lambda year: (date(year, *start), date(year, *end))


def _before(feast: Callable[[int], date], days: int, after: int = 0) -> Callable[[int], _Span]:
    return lambda year: (feast(year) - timedelta(days), feast(year) + timedelta(after))


def easter(year: int) -> date:
    """Sunday of Easter, western churches (the anonymous Gregorian algorithm of 1876)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    spare = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * spare) // 451
    month, day = divmod(h + spare - 7 * m + 114, 31)
    return date(year, month, day + 1)


def eastern_easter(year: int) -> date:
    """Sunday of Easter, eastern churches (Meeus' Julian algorithm, 13 days later until 2099)."""
    d = (19 * (year % 19) + 15) % 30
    month, day = divmod(d + (2 * (year % 4) + 4 * (year % 7) - d + 34) % 7 + 114, 31)
    return date(year, month, day + 1) + timedelta(13)


def thanksgiving(year: int) -> date:
    """The fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta((3 - first.weekday()) % 7 + 21)


def new_moon(first: date) -> date:
    """The day of the first mean new moon on or after a date."""
    epoch, month = date(2000, 1, 6), 29.530588861
    count = ceil(((first - epoch).days - 0.76) / month)
    return epoch + timedelta(floor(0.76 + count * month))


def lunar_new_year(year: int) -> date:
    return new_moon(date(year, 1, 21))


def diwali(year: int) -> date:
    return new_moon(date(year, 10, 15))


def ramadan(year: int) -> date:
    """The first Ramadan that begins in a year."""
    hijri = floor((year - 622) * 33 / 32)
    begins = (_islamic(h, 9) for h in range(hijri - 1, hijri + 3))
    return next(day for day in begins if day.year == year)


def _islamic(year: int, month: int) -> date:
    """The first day of a month of the tabular Islamic calendar; its day 1 is 16 July 622 of the Julian calendar."""
    days = ceil(29.5 * (month - 1)) + (year - 1) * 354 + (3 + 11 * year) // 30
    return date.fromordinal(227_015 + days)


SEASONS: tuple[tuple[str, str, Callable[[int], _Span]], ...] = (
    ("new_year", _CHRISTIAN, _fixed((1, 1), (1, 6))),
    ("lunar_new_year", _LUNAR, _before(lunar_new_year, 21, 7)),
    ("valentine", _CHRISTIAN + " JP KR TH", _fixed((2, 1), (2, 14))),
    ("carnival", "BR", lambda year: (easter(year) - timedelta(56), easter(year) - timedelta(46))),
    ("easter", " ".join(c for c in _CHRISTIAN.split() if c not in _EAST), _before(easter, 14, 1)),
    ("easter", _EAST, _before(eastern_easter, 14, 1)),
    ("ramadan", _MUSLIM, _before(ramadan, 7, 33)),
    ("golden_week", "JP", _fixed((4, 22), (5, 5))),
    ("summer", " ".join(c for c in _CHRISTIAN.split() if c not in _SOUTH), _fixed((7, 1), (8, 20))),
    ("summer", _SOUTH, _fixed((1, 7), (2, 10))),
    ("back_to_school", "AT BE CA CH CZ DE DK ES FR GB HU IE IT NL PL PT SE SK US", _fixed((8, 10), (9, 15))),
    ("back_to_school", "AU NZ ZA", _fixed((1, 10), (2, 10))),
    ("golden_week", "CN", _fixed((9, 24), (10, 7))),
    ("diwali", "IN NP", _before(diwali, 21, 3)),
    ("singles_day", "CN HK MY SG TW", _fixed((10, 25), (11, 11))),
    ("black_friday", _CHRISTIAN, lambda year: (thanksgiving(year) - timedelta(3), thanksgiving(year) + timedelta(4))),
    ("christmas", _CHRISTIAN + " HK JP KR SG", _fixed((11, 29), (12, 24))),
    ("year_end", _CHRISTIAN + " JP KR", _fixed((12, 25), (12, 31))),
)
"""(season, countries, its first and last day in a year)"""


@lru_cache(maxsize=4096)
def seasons_of(country: str, day: date) -> tuple[str, ...]:
    """The seasons that a day belongs to in a country; none where the country is not known."""
    return tuple(
        name
        for name, countries, span in SEASONS
        if country in countries.split() and any(_holds(span(year), day) for year in (day.year - 1, day.year))
    )


def _holds(span: _Span, day: date) -> bool:
    return span[0] <= day <= span[1]
