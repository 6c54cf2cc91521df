"""The pieces of a document by which people name it, and how a query is put together from them. Pure.

Pieces are whole values of short fields ("manufacturer"), parts of the title, which shops set off by dashes, colons and
brackets ("name.1", "name.last"), and the first words of such a part ("name.1<2"). A pattern is what a query is made of
from left to right; a word of the query that the document lacks stays as it is ("=game").
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ltrr_opensearch.normalise import fold, tokenize
from ltrr_opensearch.predict.predictor import Described

Pattern = tuple[str, ...]
Tokens = tuple[str, ...]

_PARTS = re.compile(r"\s+[-\u2013\u2014|/]\s+|[:;,(\[]\s*|[)\]]")
_FIRST_WORDS = (1, 2, 3)
_MOST_PARTS = 3
_LONGEST = 6
"""Words of a value; what is longer is a text, which nobody types."""
_MOST_LITERALS = 1


def pieces(document: Described) -> dict[str, Tokens]:
    """By name; where two names have the same words, the first one is meant."""
    found: dict[str, Tokens] = {}
    for place, (field, values) in enumerate(document.values.items()):
        for value in values[:1]:
            whole = tokenize(value)
            if place == 0:
                found |= _of_title(field, value)
            if 0 < len(whole) <= _LONGEST:
                found.setdefault(field, whole)
    return found


def pattern_of(query: Tokens, named: Mapping[str, Tokens]) -> Pattern | None:
    """How a query names the document with these pieces; None where it hardly does."""
    by_words: dict[Tokens, str] = {}
    for name, words in named.items():
        by_words.setdefault(_folded(words), name)
    asked, at, found = _folded(query), 0, []
    while at < len(asked):
        length = next((n for n in range(len(asked) - at, 0, -1) if asked[at : at + n] in by_words), 0)
        found.append(by_words[asked[at : at + length]] if length else f"={query[at]}")
        at += length or 1
    literals = sum(one.startswith("=") for one in found)
    return tuple(found) if literals < len(found) and literals <= _MOST_LITERALS else None


def filled(pattern: Pattern, named: Mapping[str, Tokens]) -> str | None:
    """The query of a pattern for a document; None where it lacks a piece, or would say a word twice."""
    words: list[str] = []
    for one in pattern:
        if one.startswith("="):
            words.append(one[1:])
        elif one in named:
            words += named[one]
        else:
            return None
    return " ".join(words) if len({fold(word) for word in words}) == len(words) else None


def _of_title(field: str, title: str) -> dict[str, Tokens]:
    parts = [words for part in _PARTS.split(title) if (words := tokenize(part))]
    named: dict[str, Tokens] = {}
    for number, words in enumerate(parts[:_MOST_PARTS], start=1):
        if len(words) <= _LONGEST:
            named[f"{field}.{number}"] = words
        named |= {f"{field}.{number}<{n}": words[:n] for n in _FIRST_WORDS if n < len(words)}
    if len(parts) > 1 and len(parts[-1]) <= _LONGEST:
        named[f"{field}.last"] = parts[-1]
    return named


def _folded(words: Tokens) -> Tokens:
    return tuple(fold(word) for word in words)
