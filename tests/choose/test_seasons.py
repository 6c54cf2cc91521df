"""Seasons against the calendar: feasts of known years, to a day or two where they follow the moon."""

from datetime import date, timedelta

import pytest

from ltrr_opensearch.choose.seasons import (
    SEASONS,
    diwali,
    easter,
    eastern_easter,
    lunar_new_year,
    ramadan,
    seasons_of,
    thanksgiving,
)


@pytest.mark.parametrize(
    ("feast", "days", "off"),
    [
        (easter, [(2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2027, 3, 28), (2038, 4, 25)], 0),
        (eastern_easter, [(2024, 5, 5), (2025, 4, 20), (2026, 4, 12), (2027, 5, 2)], 0),
        (thanksgiving, [(2024, 11, 28), (2025, 11, 27), (2026, 11, 26)], 0),
        (lunar_new_year, [(2024, 2, 10), (2025, 1, 29), (2026, 2, 17), (2033, 1, 31), (2034, 2, 19)], 1),
        (ramadan, [(2023, 3, 23), (2024, 3, 11), (2025, 3, 1), (2026, 2, 18), (2027, 2, 8)], 1),
        (diwali, [(2023, 11, 12), (2024, 11, 1), (2025, 10, 20), (2026, 11, 8), (2027, 10, 29)], 2),
    ],
)
def test_feasts(feast, days: list[tuple[int, int, int]], off: int) -> None:  # type: ignore[no-untyped-def]
    for day in days:
        assert abs(feast(day[0]) - date(*day)) <= timedelta(off)


@pytest.mark.parametrize(
    ("country", "day", "seasons"),
    [
        ("DE", date(2026, 12, 20), {"christmas"}),
        ("US", date(2026, 11, 27), {"black_friday"}),
        ("US", date(2026, 11, 30), {"black_friday", "christmas"}),
        ("AU", date(2026, 1, 20), {"summer", "back_to_school"}),
        ("DE", date(2026, 1, 20), set()),
        ("CN", date(2026, 11, 10), {"singles_day"}),
        ("IN", date(2026, 11, 1), {"diwali"}),
        ("EG", date(2026, 3, 1), {"ramadan"}),
        ("GR", date(2026, 4, 10), {"easter"}),
        ("FR", date(2026, 4, 10), set()),
        ("", date(2026, 12, 20), set()),
    ],
)
def test_a_day_in_a_country(country: str, day: date, seasons: set[str]) -> None:
    assert set(seasons_of(country, day)) == seasons


def test_a_season_may_reach_into_the_next_year() -> None:
    assert ramadan(2031) == date(2031, 12, 15)
    assert "ramadan" in seasons_of("EG", date(2032, 1, 5))


def test_the_table_holds_countries_and_spans() -> None:
    for name, countries, span in SEASONS:
        assert all(len(country) == 2 and country.isupper() for country in countries.split()), name
        for year in range(2000, 2100):
            first, last = span(year)
            assert timedelta(0) <= last - first <= timedelta(60), (name, year)
