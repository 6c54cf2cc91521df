import pytest

from ltrr_opensearch.units import unit_named, unit_of


@pytest.mark.parametrize(
    ("value", "unit", "to", "result"),
    [
        (2, "tb", "GB", 2000),
        (500, "mb", "gb", 0.5),
        (10, "inch", "cm", 25.4),
        (3, "feet", "m", 0.9144),
        (1, "kg", "g", 1000),
        (2.4, "ghz", "mhz", 2400),
        (5, "eur", "cent", 500),
        (0.1, "m", "mm", 100),
        (90, "minutes", "h", 1.5),
    ],
)
def test_conversion(value: float, unit: str, to: str, result: float) -> None:
    one, other = unit_named(unit), unit_named(to)
    assert one is not None
    assert other is not None
    assert one.dimension == other.dimension
    assert one.to(other, value) == pytest.approx(result, rel=1e-9)


@pytest.mark.parametrize(
    ("word", "attached", "language", "unit"),
    [
        ("in", True, "en", "inch"),
        ("in", False, "en", None),
        ("go", False, "fr", "gb"),
        ("go", False, "en", None),
        ("to", False, "und", None),
        ("inches", False, "und", "inch"),
        ("gigabytes", False, "und", "gb"),
        ("zoll", False, "de", "inch"),
        ("laptop", True, "und", None),
    ],
)
def test_words_of_units(word: str, attached: bool, language: str, unit: str | None) -> None:
    found = unit_of(word, attached=attached, language=language)
    assert (found.name if found else None) == unit


def test_an_unknown_unit() -> None:
    assert unit_named("parsec") is None
