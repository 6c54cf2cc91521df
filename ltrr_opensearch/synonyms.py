"""Synonym lines as OpenSearch's own `synonym` filter takes them (the Solr format): "a, b" or "a, b => c"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ltrr_opensearch.normalise import normalise


@dataclass(frozen=True, slots=True)
class Synonym:
    """Who says one of `said` may mean one of `meant`; for words of equal right both hold all of them."""

    said: tuple[str, ...]
    meant: tuple[str, ...]


def parse_synonyms(line: str) -> Synonym | None:
    """None for an empty line and a comment (#). ValueError for a line that says nothing."""
    if not line.strip() or line.lstrip().startswith("#"):
        return None
    left, arrow, right = line.partition("=>")
    said, meant = _words(left), _words(right) if arrow else _words(left)
    if not said or not meant or (not arrow and len(said) < 2):
        raise ValueError(f'{line!r} names no synonyms; write "tv, telly" or "lappy => laptop"')
    return Synonym(said, meant)


def read_synonyms(lines: Iterable[str]) -> tuple[Synonym, ...]:
    return tuple(s for line in lines if (s := parse_synonyms(line)))


def _words(side: str) -> tuple[str, ...]:
    return tuple(n for part in side.split(",") if (n := normalise(part)))
