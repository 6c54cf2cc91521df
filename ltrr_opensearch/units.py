"""Units of numbers: which words mean which unit, and how one is converted into another of its dimension."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ltrr_opensearch.normalise import fold

MONEY = "money"


@dataclass(frozen=True, slots=True)
class Unit:
    name: str
    dimension: str
    size: float
    """In the dimension's first unit."""

    def to(self, other: Unit, value: float) -> float:
        """The value in another unit of the same dimension, rounded to 9 digits, so that 0.1 m is 100 mm."""
        return value if self.size == other.size else float(f"{value * self.size / other.size:.9g}")


def unit_named(text: str) -> Unit | None:
    """A unit by its name or one of its words, as a configuration spells it: "GB", "inch", "gigabytes"."""
    word = text.strip().casefold()
    return _NAMED.get(word) or _WORDS.get(fold(word)) or _ATTACHED.get(word)


def unit_of(word: str, *, attached: bool, language: str) -> Unit | None:
    """What a word of a query counts, alone or attached to its number; None for a word that is no unit."""
    word = word if word in _WORDS else fold(word)
    unit = _WORDS.get(word) or (_ATTACHED.get(word) if attached else None)
    if unit is None and (language == "fr" or attached):
        return _FRENCH.get(word)
    return unit


def _load() -> Iterator[tuple[Unit, str, str]]:
    """(unit, kind of word, word)."""
    tables = tomllib.loads(Path(__file__).with_name("units.toml").read_text(encoding="utf-8"))
    for dimension, units in tables.items():
        for name, said in units.items():
            unit = Unit(name, dimension, float(said["size"]))
            yield unit, "name", name
            for kind in ("words", "attached", "french"):
                yield from ((unit, kind, word) for word in said.get(kind, ()))


_ALL = tuple(_load())
_NAMED = {word: unit for unit, kind, word in _ALL if kind == "name"}
_WORDS = {word: unit for unit, kind, word in _ALL if kind == "words"}
_ATTACHED = {word: unit for unit, kind, word in _ALL if kind == "attached"}
_FRENCH = {word: unit for unit, kind, word in _ALL if kind == "french"}
UNITS = tuple(_NAMED)
"""Their names, as a configuration may give them; any of their words will do, too."""
