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

from ltrr_opensearch.entity_settings import EntitySettings
from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.alternatives import versions
from ltrr_opensearch.knowledge.beliefs import Mentions
from ltrr_opensearch.knowledge.columns import pack_columns, unpack_columns
from ltrr_opensearch.knowledge.company import Company
from ltrr_opensearch.knowledge.degrees import Degrees
from ltrr_opensearch.knowledge.distribution import Distribution
from ltrr_opensearch.knowledge.entity_keys import EntityKeys
from ltrr_opensearch.knowledge.entity_names import EntityName, kept_as
from ltrr_opensearch.knowledge.entries import entries_of
from ltrr_opensearch.knowledge.known_words import KnownWords, words_of
from ltrr_opensearch.knowledge.members import Member
from ltrr_opensearch.knowledge.nested import prefer_longer
from ltrr_opensearch.knowledge.slot_values import SlotValues
from ltrr_opensearch.lookup import word_of
from ltrr_opensearch.synonyms import Synonym
from ltrr_opensearch.types import TYPE, SlotValue

_MAGIC = b"LTRRGAZ7"


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
    type_field: str = ""
    name_fields: Mapping[str, str] = field(default_factory=dict)
    """Type of entities -> the first field that holds their names."""
    entity_keys: EntityKeys = field(default_factory=EntityKeys)
    degrees: Degrees = field(default_factory=Degrees.of)

    @classmethod
    def from_values(
        cls,
        values: Iterable[tuple[str, str, int]],
        documents: int | None = None,
        mentions: Mentions | None = None,
        kinds: Mapping[str, str] | None = None,
        numbers: Mapping[str, Distribution] | None = None,
        synonyms: Sequence[Synonym] = (),
        entities: EntitySettings | None = None,
        names: Sequence[EntityName] = (),
        members: Sequence[Member] = (),
    ) -> Gazetteer:
        """From (field, value or a boolean's name, documents that have it), and what is known of entities.

        The index's documents default to the fullest field's.
        """
        rows = list(values)
        said = mentions or Mentions()
        entries = entries_of(rows, said, synonyms, entities, names)
        in_values = words_of((key, sum(e.count for e in of)) for key, of in entries.items())
        words = KnownWords.of(in_values, said.words)
        total = _fullest(rows) if documents is None else documents
        packed, company, keys = SlotValues.packed(entries), Company.of(said), EntityKeys.of(names)
        shown = {one.type: one.name_fields[0] for one in entities.types} if entities else {}
        type_field = entities.type_field if entities else ""
        of_entities = type_field, shown, keys, Degrees.of(members)
        return cls(total, packed, words, company, kinds or {}, numbers or {}, *of_entities)

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
            shown, idf = e.spellings[0], self.idf(e.count)
            if (of := kept_as(e.field)) is not None:
                field = self.type_field if of.kind == TYPE else self.name_fields[of.type]
                yield SlotValue(field, shown, start, end, confidence, e.spellings, idf, of.kind, entity=of.type)
            elif self.kinds.get(e.field) == "boolean":
                yield SlotValue(e.field, "true", start, end, confidence, ("true",), idf, "boolean")
            else:
                yield SlotValue(e.field, shown, start, end, confidence, e.spellings, idf)

    def idf(self, count: int) -> float:
        return math.log(1 + max(self.documents - count + 0.5, 0.5) / (count + 0.5))

    @property
    def nbytes(self) -> int:
        """Memory taken by what grows with the index."""
        return sum(part.nbytes for part in (self.values, self.words, self.company, self.entity_keys, self.degrees))

    def to_bytes(self) -> bytes:
        head = {
            "documents": self.documents,
            "fields": self.values.names,
            "longest": self.values.longest,
            "company": self.company.fields,
            "kinds": dict(sorted(self.kinds.items())),
            "numbers": {name: d.to_json() for name, d in sorted(self.numbers.items())},
            "type_field": self.type_field,
            "name_fields": dict(sorted(self.name_fields.items())),
        }
        parts = (self.values, self.words, self.company, self.entity_keys, self.degrees)
        blobs = {name: blob for part in parts for name, blob in part.blobs().items()}
        return pack_columns(_MAGIC, head, {name: np.frombuffer(blob, np.uint8) for name, blob in blobs.items()})

    @classmethod
    def from_bytes(cls, data: bytes) -> Gazetteer:
        head, columns = unpack_columns(_MAGIC, data)
        blobs = {name: column.tobytes() for name, column in columns.items()}
        try:
            values = SlotValues.from_blobs(head["fields"], int(head["longest"]), blobs)
            numbers = {str(name): Distribution.read(row) for name, row in head["numbers"].items()}
            words, company = KnownWords.from_blobs(blobs), Company.from_blobs(head["company"], blobs)
            named = str(head["type_field"]), dict(head["name_fields"])
            related = EntityKeys.from_blobs(blobs), Degrees.from_blobs(blobs)
            return cls(int(head["documents"]), values, words, company, dict(head["kinds"]), numbers, *named, *related)
        except (KeyError, TypeError, ValueError, AttributeError) as e:
            raise ModelError(f"gazetteer: damaged ({e!r}); publish it again with `ltrr setup`") from e


def _fullest(rows: Iterable[tuple[str, str, int]]) -> int:
    totals: dict[str, int] = {}
    for name, _, count in rows:
        totals[name] = totals.get(name, 0) + count
    return max(totals.values(), default=0)
