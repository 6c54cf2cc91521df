"""Words that say how what follows is meant ("under", "without"), by language, from `cues.toml`.

A query's language is a guess and often none, so every language's cues are known at any time; where two languages mean
different things by a word, the query's own is heard first and English next.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ltrr_opensearch.normalise import tokenize

Phrase = tuple[str, ...]
_TABLES: Mapping[str, Mapping[str, str]] = tomllib.loads(
    Path(__file__).with_name("cues.toml").read_text(encoding="utf-8")
)
LANGUAGES = tuple(_TABLES)
CONNECTING = frozenset(
    word for table in _TABLES.values() for kind in ("connecting", "articles") for word in table[kind].split(", ")
)
"""Words of any language that stand between the parts of a query that is all names."""


@dataclass(frozen=True, slots=True)
class Cues:
    meanings: Mapping[Phrase, frozenset[str]]
    longest: Mapping[str, int]
    """Words of the longest cue that begins with a word."""

    def at(self, words: Sequence[str], start: int, wanted: frozenset[str]) -> tuple[str, int] | None:
        """The meaning among the wanted ones of the longest cue that starts here, and where it ends."""
        longest = self.longest.get(words[start], 0) if start < len(words) else 0
        for end in range(min(start + longest, len(words)), start, -1):
            if meant := sorted(self.meanings.get(tuple(words[start:end]), frozenset()) & wanted):
                return meant[0], end
        return None


@lru_cache
def cues_of(language: str) -> Cues:
    meanings: dict[Phrase, frozenset[str]] = {}
    for table in dict.fromkeys((language if language in _TABLES else "en", "en", *LANGUAGES)):
        own: dict[Phrase, set[str]] = {}
        for meaning, phrases in _TABLES[table].items():
            # what connects names says nothing of numbers, and must not hide what another language means by it
            for phrase in phrases.split(", ") if meaning != "connecting" else ():
                own.setdefault(tuple(_words(phrase)), set()).add(meaning)
        meanings = {phrase: frozenset(meant) for phrase, meant in own.items()} | meanings
    longest: dict[str, int] = {}
    for words in meanings:
        longest[words[0]] = max(len(words), longest.get(words[0], 0))
    return Cues(meanings, longest)


def _words(phrase: str) -> Sequence[str]:
    """As the query's items are cut: symbols are words of their own."""
    return phrase.split() if not phrase[0].isalpha() else tokenize(phrase)
