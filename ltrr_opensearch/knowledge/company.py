"""Which fields documents have that say a word: "3 m" beside "filter" is hardly a cable's length.

Kept for the commonest words as one byte a field: the share of the documents with the word that have the field, beside
that of all documents, at most 1. So it only ever takes belief away from a field that a query's other words go without.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import marisa_trie
import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.beliefs import Mentions
from ltrr_opensearch.knowledge.slot_values import trie_from

MOST_WORDS = 20_000
LEAST = 10
"""Documents of the sample that say a word of which anything is told."""
SMOOTHING = 5.0
"""Documents as all are that are added to those of a word."""
LEAST_SHARE = 0.02
_FULL = 255


@dataclass(frozen=True, slots=True)
class Company:
    fields: tuple[str, ...]
    words: marisa_trie.Trie
    shares: NDArray[np.uint8]
    """A row a word, a column a field; 255 is no less than among all documents."""

    @classmethod
    def of(cls, mentions: Mentions) -> Company:
        fields = tuple(sorted(mentions.filled))
        common = sorted((w for w, n in mentions.words.items() if n >= LEAST), key=lambda w: (-mentions.words[w], w))
        words = marisa_trie.Trie(common[:MOST_WORDS] if fields else [])
        shares = np.full((len(words), len(fields)), _FULL, dtype=np.uint8)
        for word, row in words.items():
            shares[row] = [round(_FULL * _share(word, field, mentions)) for field in fields]
        return cls(fields, words, shares)

    def of_words(self, words: Iterable[str]) -> Mapping[str, float]:
        """By field, of the word that goes least with it; empty where nothing is known of any word."""
        rows = [row for word in words if (row := self.words.get(word)) is not None]
        if not rows:
            return {}
        least = np.maximum(self.shares[rows].min(axis=0) / _FULL, LEAST_SHARE)
        return dict(zip(self.fields, least.tolist(), strict=True))

    @property
    def nbytes(self) -> int:
        return self.shares.nbytes + len(self.words.tobytes())

    def blobs(self) -> dict[str, bytes]:
        return {"company": self.shares.tobytes(), "company_words": self.words.tobytes()}

    @classmethod
    def from_blobs(cls, fields: Sequence[str], blobs: Mapping[str, bytes]) -> Company:
        words = trie_from(blobs["company_words"])
        shares = np.frombuffer(blobs["company"], dtype=np.uint8)
        if shares.size != len(words) * len(fields):
            raise ModelError("gazetteer: words and the fields beside them differ; publish it again with `ltrr setup`")
        return cls(tuple(fields), words, shares.reshape(len(words), len(fields)))


def _share(word: str, field: str, mentions: Mentions) -> float:
    usual = mentions.filled[field] / mentions.documents
    have = mentions.beside.get((word, field), 0) + SMOOTHING * usual
    return min(have / (mentions.words[word] + SMOOTHING) / usual, 1.0)
