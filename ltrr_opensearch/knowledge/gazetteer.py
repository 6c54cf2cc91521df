"""The index's own values: which stretches of a query name a value of which field, and how a field's numbers lie.

Whole values are matched word by word, whatever their plural, accents and hyphens, by synonyms, joined or split words,
inflection and small mistypings, each of which takes some of the belief that the words mean the value
(`beliefs`). What a number or "without" means is `understand`'s business, as is combining matches into readings.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.alternatives import versions
from ltrr_opensearch.knowledge.beliefs import Mentions
from ltrr_opensearch.knowledge.columns import pack_columns, unpack_columns
from ltrr_opensearch.knowledge.company import Company
from ltrr_opensearch.knowledge.distribution import Distribution
from ltrr_opensearch.knowledge.entries import entries_of
from ltrr_opensearch.knowledge.known_words import KnownWords, words_of
from ltrr_opensearch.knowledge.lookup import word_of
from ltrr_opensearch.knowledge.nested import prefer_longer
from ltrr_opensearch.knowledge.slot_values import SlotValues
from ltrr_opensearch.synonyms import Synonym
from ltrr_opensearch.types import SlotValue

_MAGIC = b"LTRRGAZ3"


@dataclass(frozen=True, slots=True, eq=False)
class Gazetteer:
    documents: int
    values: SlotValues
    words: KnownWords
    company: Company
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Field -> keyword, number, boolean or date, where it is not a keyword."""
    numbers: Mapping[str, Distribution] = field(default_factory=dict)
    """Of number and date fields."""

    @classmethod
    def from_values(
        cls,
        values: Iterable[tuple[str, str, int]],
        documents: int | None = None,
        mentions: Mentions | None = None,
        kinds: Mapping[str, str] | None = None,
        numbers: Mapping[str, Distribution] | None = None,
        synonyms: Sequence[Synonym] = (),
    ) -> Gazetteer:
        """From (field, value or a boolean's name, documents that have it).

        The index's documents default to the fullest field's.
        """
        rows = list(values)
        said = mentions or Mentions()
        entries = entries_of(rows, said, synonyms)
        in_values = words_of((key, sum(e.count for e in of)) for key, of in entries.items())
        words = KnownWords.of(in_values, said.words)
        total = _fullest(rows) if documents is None else documents
        return cls(total, SlotValues.packed(entries), words, Company.of(said), kinds or {}, numbers or {})

    def match(self, tokens: Sequence[str], language: str = "und") -> tuple[SlotValue, ...]:
        """Every stretch of tokens that is a value, in each field that has it; a stretch's confidences sum below 1."""
        plain = [word_of(t) for t in tokens]
        found: dict[tuple[int, int], tuple[float, str]] = {}
        for version in versions(plain, self.words, language):
            for start, end, key in self._named(version.words, version.starts(self.values.longest)):
                if (belief := version.belief(start, end)) is not None:
                    span = version.tokens(start, end)
                    if belief > found.get(span, (0.0, ""))[0]:
                        found[span] = belief, key
        slots = [s for (start, end), (belief, key) in found.items() for s in self._slots(key, start, end, belief)]
        return tuple(prefer_longer(slots))

    def named_in(self, key: str) -> set[str]:
        """The keys of all values that a text says, given as its own key (`lookup.key_of`)."""
        words = key.split(" ")
        return {named for _, _, named in self._named(words, range(len(words)))}

    def _named(self, words: Sequence[str], starts: Iterable[int]) -> Iterator[tuple[int, int, str]]:
        for start in starts:
            for key in self.values.beginning(words[start : start + self.values.longest]):
                yield start, start + key.count(" ") + 1, key

    def _slots(self, key: str, start: int, end: int, belief: float) -> Iterator[SlotValue]:
        for e in self.values.of(key):
            confidence = e.confidence * belief
            if not confidence:
                continue
            if self.kinds.get(e.field) == "boolean":
                yield SlotValue(e.field, "true", start, end, confidence, ("true",), self.idf(e.count), "boolean")
            else:
                yield SlotValue(e.field, e.spellings[0], start, end, confidence, e.spellings, self.idf(e.count))

    def idf(self, count: int) -> float:
        return math.log(1 + max(self.documents - count + 0.5, 0.5) / (count + 0.5))

    @property
    def nbytes(self) -> int:
        """Memory taken by what grows with the index."""
        return self.values.nbytes + self.words.nbytes + self.company.nbytes

    def to_bytes(self) -> bytes:
        head = {
            "documents": self.documents,
            "fields": self.values.names,
            "longest": self.values.longest,
            "company": self.company.fields,
            "kinds": dict(sorted(self.kinds.items())),
            "numbers": {name: d.to_json() for name, d in sorted(self.numbers.items())},
        }
        blobs = {**self.values.blobs(), **self.words.blobs(), **self.company.blobs()}
        return pack_columns(_MAGIC, head, {name: np.frombuffer(blob, np.uint8) for name, blob in blobs.items()})

    @classmethod
    def from_bytes(cls, data: bytes) -> Gazetteer:
        head, columns = unpack_columns(_MAGIC, data)
        blobs = {name: column.tobytes() for name, column in columns.items()}
        try:
            values = SlotValues.from_blobs(head["fields"], int(head["longest"]), blobs)
            numbers = {str(name): Distribution.read(row) for name, row in head["numbers"].items()}
            words, company = KnownWords.from_blobs(blobs), Company.from_blobs(head["company"], blobs)
            return cls(int(head["documents"]), values, words, company, dict(head["kinds"]), numbers)
        except (KeyError, TypeError, ValueError, AttributeError) as e:
            raise ModelError(f"gazetteer: damaged ({e!r}); publish it again with `ltrr setup`") from e


def _fullest(rows: Iterable[tuple[str, str, int]]) -> int:
    totals: dict[str, int] = {}
    for name, _, count in rows:
        totals[name] = totals.get(name, 0) + count
    return max(totals.values(), default=0)
