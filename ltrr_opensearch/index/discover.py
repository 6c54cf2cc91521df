"""Reads an index's mapping, a sample of its documents and its counts, and proposes a configuration. Pure.

The rules are plain: a field is text to match if it is analysed, filled often enough and not merely a label; a slot if
it is a keyword of few and short values; popularity and dates go by type and name. The unsure is proposed as a comment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from ltrr_opensearch.index.fields import DATES, NUMERIC, Field
from ltrr_opensearch.index.texts import text_of

_TITLE = re.compile(r"(^|[._])(title|name|headline|heading|label|subject)s?$", re.I)
_POPULAR = re.compile(
    r"popular|sales|sold|views?($|_)|clicks?($|_)|review_?count|num_?reviews|rating_?count|votes|downloads|plays|likes|"
    r"orders|favou?rites|shares|trend|subscribers|followers",
    re.I,
)
_DATE = re.compile(r"releas|publish|launch|created|date|issued|added", re.I)
_MOST_TEXT, _MOST_SLOTS = 6, 20
_FILLED = 0.2  # share of the sample that must have a text field or a date
_COUNTED = 0.5  # share that must have a popularity: where it is missing, a document looks like the least popular
_SLOT_VALUES = (2, 5000)
_SLOT_LENGTH = 40  # characters, on average: longer values are prose


@dataclass(frozen=True, slots=True)
class Seen:
    """What the sample shows of a field: share of documents that have it, words and characters of a value."""

    share: float
    words: float
    characters: float
    lettered: float
    """Share of the values with a letter."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A proposed field, with the reason in words; `sure` ones are switched on."""

    path: str
    reason: str
    sure: bool = True
    number: float = 0.0
    """Boost of a text field, pivot of a popularity."""


@dataclass(frozen=True, slots=True)
class Proposal:
    texts: tuple[Finding, ...]
    slots: tuple[Finding, ...]
    popularity: tuple[Finding, ...]
    dates: tuple[Finding, ...]
    vectors: tuple[Field, ...]
    skipped_nested: tuple[str, ...]
    sampled: int


def see(fields: Mapping[str, Field], sample: Sequence[Mapping[str, Any]]) -> dict[str, Seen]:
    """Looks at every field's values in the sample."""
    return {path: _see(field, sample) for path, field in fields.items()}


def countable(fields: Mapping[str, Field], seen: Mapping[str, Seen]) -> list[str]:
    """Keyword fields that may be slots, whose distinct values are worth counting."""
    return [
        f.path
        for f in fields.values()
        if f.type == "keyword" and not f.nested and _label_like(seen[f.path]) and f.body.get("doc_values", True)
    ]


def propose(
    fields: Mapping[str, Field],
    seen: Mapping[str, Seen],
    distinct: Mapping[str, int],
    medians: Mapping[str, float],
    sampled: int,
) -> Proposal:
    """`distinct` values of the countable fields, `medians` of the numbers, over the whole index."""
    slots = _slots(fields, seen, distinct)
    return Proposal(
        texts=_texts(fields, seen, {fields[s.path].source for s in slots}),
        slots=slots,
        popularity=_popularity(fields, seen, medians),
        dates=_dates(fields, seen),
        vectors=tuple(f for f in fields.values() if f.type == "knn_vector" and not f.nested),
        skipped_nested=tuple(sorted(f.path for f in fields.values() if f.nested and f.type in ("text", "keyword"))),
        sampled=sampled,
    )


def numeric_candidates(fields: Mapping[str, Field]) -> list[str]:
    """Numbers whose name speaks of popularity."""
    return [f.path for f in fields.values() if f.type in NUMERIC and not f.nested and _POPULAR.search(f.path)]


def _see(field: Field, sample: Sequence[Mapping[str, Any]]) -> Seen:
    values = [text for document in sample if (text := text_of(document, (field.source,)))]
    if not values:
        return Seen(0.0, 0.0, 0.0, 0.0)
    lettered = sum(any(c.isalpha() for c in v) for v in values) / len(values)
    words = mean(len(v.split()) for v in values)
    return Seen(len(values) / len(sample), words, mean(map(len, values)), lettered)


def _label_like(seen: Seen) -> bool:
    return seen.share > 0 and seen.characters <= _SLOT_LENGTH and seen.lettered > 0.5


def _texts(fields: Mapping[str, Field], seen: Mapping[str, Seen], labels: set[str]) -> tuple[Finding, ...]:
    analysed = [f for f in fields.values() if f.type == "text" and not f.nested and f.path == f.source]
    filled = [f for f in analysed if seen[f.path].share >= _FILLED]
    worded = [f for f in filled if seen[f.path].lettered > 0.5]  # the rest are numbers and codes
    prose = [f for f in worded if f.source not in labels or _TITLE.search(f.path)]
    best = sorted(prose or worded or analysed, key=lambda f: (-_boost(f), -seen[f.path].share, f.path))[:_MOST_TEXT]
    return tuple(
        Finding(f.path, f"{seen[f.path].share:.0%} filled, {seen[f.path].words:.0f} words", number=_boost(f))
        for f in best
    )


def _boost(field: Field) -> float:
    return 3.0 if _TITLE.search(field.path) else 1.0


def _slots(fields: Mapping[str, Field], seen: Mapping[str, Seen], distinct: Mapping[str, int]) -> tuple[Finding, ...]:
    low, high = _SLOT_VALUES
    fit = [p for p in distinct if low <= distinct[p] <= high and not _TITLE.search(fields[p].source)]
    fit.sort(key=lambda p: (-seen[p].share, distinct[p], p))
    return tuple(
        Finding(p, f"{distinct[p]} values, {seen[p].share:.0%} filled", sure=n < _MOST_SLOTS and seen[p].share >= 0.05)
        for n, p in enumerate(fit)
    )


def _popularity(
    fields: Mapping[str, Field], seen: Mapping[str, Seen], medians: Mapping[str, float]
) -> tuple[Finding, ...]:
    found = sorted(numeric_candidates(fields), key=lambda p: (-seen[p].share, p))
    return tuple(
        Finding(p, f"{seen[p].share:.0%} filled", seen[p].share >= _COUNTED, max(medians.get(p) or 0.0, 1.0))
        for p in found
    )


def _dates(fields: Mapping[str, Field], seen: Mapping[str, Seen]) -> tuple[Finding, ...]:
    found = [f for f in fields.values() if f.type in DATES and not f.nested]
    found.sort(key=lambda f: (not _DATE.search(f.path), -seen[f.path].share, f.path))
    return tuple(
        Finding(f.path, f"{share:.0%} filled", bool(_DATE.search(f.path)) and share >= _FILLED)
        for f in found
        for share in [seen[f.path].share]
    )
