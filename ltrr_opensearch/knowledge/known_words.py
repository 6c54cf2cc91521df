"""The words that values and documents are made of: what is known is never corrected, what is not may be mistyped.

A word of the catalogue stays itself however near it is to another, so "Dell" never becomes "bell". Correction leads to
words of values only, because only they name anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import marisa_trie
import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.deletions import SHORTEST, Deletions, edits_for
from ltrr_opensearch.knowledge.slot_values import trie_from

LEAST_SAID = 2
"""Documents of the sample that make a word known: one alone may have mistyped it."""
MOST_SAID = 300_000
"""Words of documents kept, the commonest first."""
MOST_CORRECTED = 500_000
"""Words of values that others are corrected to, the commonest first; 16 to 230 bytes each, by length."""


@dataclass(frozen=True, slots=True)
class Near:
    word: str
    edits: int
    count: int
    """Documents behind the values that have the word."""


@dataclass(frozen=True, slots=True)
class KnownWords:
    trie: marisa_trie.Trie
    counts: NDArray[np.uint32]
    """Documents behind the values of the word; 0 for one that only documents say."""
    deletions: Deletions

    @classmethod
    def of(cls, in_values: Mapping[str, int], said: Mapping[str, int]) -> KnownWords:
        common = sorted((w for w, n in said.items() if n >= LEAST_SAID), key=lambda w: (-said[w], w))[:MOST_SAID]
        trie = marisa_trie.Trie([*in_values, *common])
        counts = np.zeros(len(trie), dtype=np.uint32)
        for word, count in in_values.items():
            counts[trie[word]] = min(count, 2**32 - 1)
        return cls.numbered(trie, counts)

    @classmethod
    def numbered(cls, trie: marisa_trie.Trie, counts: NDArray[np.uint32]) -> KnownWords:
        if len(counts) != len(trie):
            raise ModelError("gazetteer: its words and their counts differ; publish it again with `ltrr setup`")
        known = counts.tolist()
        words = [(w, n) for w, n in trie.items() if known[n] and len(w) >= SHORTEST and w.isalpha()]
        if len(words) > MOST_CORRECTED:
            words = sorted(words, key=lambda word: -known[word[1]])[:MOST_CORRECTED]
        return cls(trie, counts, Deletions.of([w for w, _ in words], [n for _, n in words]))

    def __contains__(self, word: str) -> bool:
        return word in self.trie

    def in_values(self, word: str) -> int:
        """Documents behind the values that have the word."""
        number = self.trie.get(word)
        return 0 if number is None else int(self.counts[number])

    def near(self, word: str, most: int = 3) -> list[Near]:
        """Words of values within an edit (two in long words; the first letter then holds), the likeliest first."""
        edits = edits_for(len(word))
        if not edits or not word.isalpha():
            return []
        numbers = self.deletions.near(word)
        others = [self.trie.restore_key(number) for number in numbers]
        found = [
            Near(other, distance, int(self.counts[numbers[at]]))
            for other, distance, at in extract(word, others, scorer=OSA.distance, score_cutoff=edits, limit=None)
            if distance <= edits_for(len(other)) and (distance < 2 or word[0] == other[0])
        ]
        return sorted(found, key=lambda n: (n.edits, -n.count, n.word))[:most]

    @property
    def nbytes(self) -> int:
        return len(self.trie.tobytes()) + self.counts.nbytes + self.deletions.nbytes

    def blobs(self) -> dict[str, bytes]:
        return {"words": self.trie.tobytes(), "word_counts": self.counts.astype("<u4").tobytes()}

    @classmethod
    def from_blobs(cls, blobs: Mapping[str, bytes]) -> KnownWords:
        return cls.numbered(trie_from(blobs["words"]), np.frombuffer(blobs["word_counts"], dtype="<u4"))


def words_of(keys: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Documents behind the values of each word, of (key, documents)."""
    counts: dict[str, int] = {}
    for key, count in keys:
        for word in key.split(" "):
            counts[word] = counts.get(word, 0) + count
    return counts
