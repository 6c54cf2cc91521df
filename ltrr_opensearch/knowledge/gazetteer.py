"""A dictionary of the index's own values: which stretches of a query name a value of which field.

It matches whole values, word by word with plurals folded, and says how likely each match is meant: of the documents
whose text says the words, how many have the value? "Dell" is mostly said by documents of that brand; "desk" mostly by
documents that are not mounted on one. Combining matches into readings of the whole query is `understand.readings`'
business.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.packed import pack, unpack
from ltrr_opensearch.normalise import fold, tokenize
from ltrr_opensearch.types import SlotValue

_MAGIC = b"LTRRGAZ1"
MAX_TOKENS = 5
"""Longer values are descriptions, which no query spells out."""
MAX_VALUES = 200_000
"""Most values kept, the frequent ones first."""
DOUBT = 5.0
"""Documents' worth of doubt that a match is no slot at all: a value seen in five documents is believed by half."""
SUREST = 0.98
"""What the fields that know some words claim of them together, at most."""

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mentions:
    """How a sample of documents uses the words of values in its text."""

    said: Mapping[Key, int] = field(default_factory=dict)
    """Documents whose text says the words."""
    meant: Mapping[tuple[str, Key], int] = field(default_factory=dict)
    """Of these, the ones that have the value in the field."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A value of a field under its folded words, the documents that have it, and how likely the words mean it."""

    field: str
    spellings: tuple[str, ...]
    count: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Gazetteer:
    documents: int
    entries: dict[Key, tuple[Entry, ...]]
    longest: int = field(default=0)

    @classmethod
    def from_values(
        cls, values: Iterable[tuple[str, str, int]], documents: int | None = None, mentions: Mentions | None = None
    ) -> Gazetteer:
        """From (field, value, documents that have it); the index's documents default to the fullest field's."""
        rows = list(values)
        spelled = _spellings(rows)
        counts = {slot: sum(n for n, _ in ways) for slot, ways in spelled.items()}
        fields: dict[Key, list[str]] = {}
        for name, key in sorted(counts, key=lambda slot: (-counts[slot], slot))[:MAX_VALUES]:
            fields.setdefault(key, []).append(name)
        repeats = _repeats(rows)
        entries = {}
        for key, names in fields.items():
            here = {name: counts[name, key] for name in names}
            beliefs = _confidences(key, here, repeats, mentions or Mentions())
            entries[key] = [Entry(f, tuple(v for _, v in spelled[f, key]), n, beliefs[f]) for f, n in here.items()]
        if documents is None:
            totals: Counter[str] = Counter()
            for name, _, count in rows:
                totals[name] += count
            documents = max(totals.values(), default=0)
        return _frozen(documents, entries)

    def match(self, tokens: Sequence[str]) -> tuple[SlotValue, ...]:
        """Every stretch of tokens that is a value, in each field that has it; a stretch's confidences sum below 1."""
        folded = [fold(t) for t in tokens]
        return tuple(
            SlotValue(e.field, e.spellings[0], start, end, e.confidence, e.spellings, self._idf(e.count))
            for start, end, key in self._known(folded)
            for e in self.entries[key]
        )

    def named_in(self, text: str) -> set[Key]:
        """The words of all values that the text says."""
        return {key for _, _, key in self._known(key_of(text))}

    def _known(self, folded: Sequence[str]) -> Iterator[tuple[int, int, Key]]:
        for start in range(len(folded)):
            for end in range(start + 1, min(start + self.longest, len(folded)) + 1):
                key = tuple(folded[start:end])
                if key in self.entries:
                    yield start, end, key

    def _idf(self, count: int) -> float:
        return math.log(1 + max(self.documents - count + 0.5, 0.5) / (count + 0.5))

    def to_bytes(self) -> bytes:
        rows = [
            [" ".join(key), e.field, list(e.spellings), e.count, round(e.confidence, 6)]
            for key, entries in self.entries.items()
            for e in entries
        ]
        return pack(_MAGIC, {"documents": self.documents, "entries": rows})

    @classmethod
    def from_bytes(cls, data: bytes) -> Gazetteer:
        head, _ = unpack(_MAGIC, data)
        entries: dict[Key, list[Entry]] = {}
        try:
            for key, name, spellings, count, confidence in head["entries"]:
                entries.setdefault(tuple(key.split()), []).append(
                    Entry(str(name), tuple(spellings), int(count), float(confidence))
                )
            return _frozen(int(head["documents"]), entries)
        except (KeyError, TypeError, ValueError, AttributeError) as e:
            raise ModelError(f"gazetteer: a row is not (words, field, spellings, count, confidence): {e!r}") from e


def key_of(value: str) -> Key:
    """The words under which a value is looked up."""
    return tuple(fold(t) for t in tokenize(value))


def is_slot(key: Key) -> bool:
    """Whether a query that contains these words may mean the value: not too long, and more than a bare short number."""
    return 0 < len(key) <= MAX_TOKENS and (len(key) > 1 or (len(key[0]) > 1 and not _is_number(key[0])))


def _spellings(rows: Iterable[tuple[str, str, int]]) -> dict[tuple[str, Key], list[tuple[int, str]]]:
    """Per field and folded words, how the field spells them with how many documents, the usual spelling first."""
    spelled: dict[tuple[str, Key], list[tuple[int, str]]] = {}
    for name, value, count in rows:
        key = key_of(value)
        if is_slot(key):
            spelled.setdefault((name, key), []).append((count, value))
    return {slot: sorted(ways, key=lambda w: (-w[0], w[1])) for slot, ways in spelled.items()}


def _repeats(rows: Iterable[tuple[str, str, int]]) -> dict[str, float]:
    """Per field, 1 - distinct values / documents: 0 for an identifier, whose values nobody asks for as slots."""
    totals: dict[str, list[int]] = {}
    for name, _, count in rows:
        totals.setdefault(name, []).append(count)
    return {name: 1 - len(counts) / max(sum(counts), 1) for name, counts in totals.items()}


def _confidences(
    key: Key, counts: Mapping[str, int], repeats: Mapping[str, float], mentions: Mentions
) -> dict[str, float]:
    """Per field, how likely the words mean its value.

    By counts alone a value is as likely as its share of all that the words may name; what the text says moves that
    belief, as if DOUBT documents had said it before.
    """
    total = DOUBT + sum(counts.values())
    said = DOUBT + mentions.said.get(key, 0)
    beliefs = {
        field: repeats[field] * (mentions.meant.get((field, key), 0) + DOUBT * count / total) / said
        for field, count in counts.items()
    }
    scale = SUREST / max(sum(beliefs.values()), SUREST)
    return {field: belief * scale for field, belief in beliefs.items()}


def _is_number(token: str) -> bool:
    return token.replace(".", "").replace(",", "").isdigit()


def _frozen(documents: int, entries: Mapping[Key, Sequence[Entry]]) -> Gazetteer:
    longest = max((len(key) for key in entries), default=0)
    return Gazetteer(documents, {key: tuple(es) for key, es in entries.items()}, longest)
