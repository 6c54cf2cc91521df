"""The kind of a query: what its text looks like, and how a logged context spells it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ltrr_opensearch.types import AnalyzedQuery, Features

KIND = "kind="
"""What the feature of a kind starts with."""
KINDS = ("values", "mixed", "identifier", "word", "words", "sentence")


def kind_of(query: AnalyzedQuery) -> str:
    """What the text looks like: recognised values, an identifier, one word, some words, a sentence."""
    if query.readings and query.readings[0].slots:
        return "mixed" if query.readings[0].residual.strip() else "values"
    return kind_of_words(query.tokens)


def kind_of_words(tokens: Sequence[str]) -> str:
    """The kind of a text in which no value is recognised."""
    if any(_has_digit(t) for t in tokens) and (len(tokens) == 1 or any(_mixes(t) for t in tokens)):
        return "identifier"
    if len(tokens) <= 1:
        return "word"
    return "words" if len(tokens) <= 4 else "sentence"


def kind_in(context: Features) -> str:
    """The kind of query that a logged context recorded, or nothing."""
    return next((name[len(KIND) :] for name in context if name.startswith(KIND)), "")


def _has_digit(token: str) -> bool:
    return any(c.isdigit() for c in token)


def _mixes(token: str) -> bool:
    return any(a.isdigit() != b.isdigit() for a, b in pairwise(token))
