"""Words near a mistyped one, by symmetric deletion: two words within k edits share a form from which k letters or fewer
were taken away. Only the first PREFIX letters are taken, which keeps long words cheap (SymSpell, Garbe 2012).

Forms are kept as 32-bit hashes in order, so that a look-up is a few binary searches; that a word is really near is
checked afterwards (optimal string alignment: a swap of neighbouring letters is one edit).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

PREFIX = 7
SHORTEST = 4
"""Of shorter words every neighbour is a word."""
LONG = 8
"""Letters from which two edits are forgiven."""
MOST_NEAR = 1000
"""Candidates that are checked; more share a form only where the form is hardly a word."""

_HALF = np.uint64(32)
_FACTORS = np.random.default_rng(0).integers(1, 2**63, PREFIX, dtype=np.uint64) * np.uint64(2) + np.uint64(1)


def edits_for(length: int) -> int:
    """How many edits are forgiven in a word of so many letters."""
    return 0 if length < SHORTEST else 1 if length < LONG else 2


@dataclass(frozen=True, slots=True)
class Deletions:
    hashes: NDArray[np.uint32]
    numbers: NDArray[np.uint32]
    """Of the word whose form has the hash at the same place."""

    @classmethod
    def of(cls, words: Sequence[str], numbers: Sequence[int]) -> Deletions:
        pairs = [np.empty(0, np.uint64)]
        lengths = np.array([len(w) for w in words], dtype=np.int64)
        numbered = np.array(numbers, dtype=np.uint64)
        letters = _letters(words) if words else np.empty((0, PREFIX + 1), np.uint64)
        for length in range(SHORTEST, LONG + 1):
            rows = np.flatnonzero(lengths >= LONG if length == LONG else lengths == length)
            for kept in _kept(min(length, PREFIX), edits_for(length)) if rows.size else ():
                pairs.append((_hash(letters[rows][:, kept]).astype(np.uint64) << _HALF) | numbered[rows])
        paired = np.sort(np.concatenate(pairs))
        return cls((paired >> _HALF).astype(np.uint32), paired.astype(np.uint32))

    def near(self, word: str) -> list[int]:
        """Numbers of the words that may be near, with some that are not."""
        if not len(self.hashes):
            return []
        kept = _kept(min(len(word), PREFIX), edits_for(len(word)))
        asked = _hash(_letters_of(word)[kept])
        asked.sort()
        first = np.searchsorted(self.hashes, asked)
        hit = self._at(first) == asked
        last = np.searchsorted(self.hashes, asked[hit], "right")
        places = zip(first[hit].tolist(), last.tolist(), strict=True)
        found = [self.numbers[a : min(b, a + MOST_NEAR)] for a, b in places]
        return sorted(set(np.concatenate(found).tolist()))[:MOST_NEAR] if found else []

    def _at(self, places: NDArray[np.int64]) -> NDArray[np.uint32]:
        """Hashes at these places, of which the last may be one behind all."""
        return self.hashes[np.minimum(places, len(self.hashes) - 1)]

    @property
    def nbytes(self) -> int:
        return self.hashes.nbytes + self.numbers.nbytes


def _letters(words: Sequence[str]) -> NDArray[np.uint64]:
    """Code points of the first letters, a row each, with a column of nothing behind them."""
    codes = np.array([word[:PREFIX] for word in words], dtype=f"<U{PREFIX + 1}").view("<u4")
    return codes.reshape(len(words), PREFIX + 1).astype(np.uint64)


def _letters_of(word: str) -> NDArray[np.uint64]:
    """The row of one word, without the detour by numpy's strings."""
    padded = word[:PREFIX].ljust(PREFIX + 1, "\0")
    return np.frombuffer(padded.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint64)


def _hash(letters: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Multilinear, over the last axis: the high half of a sum of products (Lemire and Kaser 2014)."""
    sums: NDArray[np.uint64] = (letters * _FACTORS).sum(-1)
    return (sums >> _HALF).astype(np.uint32)


@lru_cache
def _kept(length: int, edits: int) -> NDArray[np.int64]:
    """Which letters each form keeps, filled up with the column of nothing."""
    forms = [kept for gone in range(edits + 1) for kept in combinations(range(length), length - gone)]
    return np.array([[*kept, *[PREFIX] * (PREFIX - len(kept))] for kept in forms])
