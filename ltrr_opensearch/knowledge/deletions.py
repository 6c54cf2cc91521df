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

_FACTOR = np.uint32(0x01000193)
_MIX = np.uint32(0x9E3779B1)


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
        hashes, owners = [np.empty(0, np.uint32)], [np.empty(0, np.uint32)]
        lengths = np.array([len(w) for w in words], dtype=np.int64)
        numbered = np.array(numbers, dtype=np.uint32)
        letters = np.array(words, dtype=f"<U{PREFIX}").view("<u4").reshape(len(words), -1) if words else None
        for length in range(SHORTEST, LONG + 1):
            rows = np.flatnonzero(lengths >= LONG if length == LONG else lengths == length)
            if letters is None or not rows.size:
                continue
            for kept in _kept(min(length, PREFIX), edits_for(length)):
                hashes.append(_hash(letters[rows][:, kept]))
                owners.append(numbered[rows])
        hashed, owned = np.concatenate(hashes), np.concatenate(owners)
        order = np.argsort(hashed, kind="stable")
        return cls(hashed[order], owned[order])

    def near(self, word: str) -> list[int]:
        """Numbers of the words that may be near, with some that are not."""
        codes = np.array([word], dtype=f"<U{PREFIX}").view("<u4")
        length = min(len(word), PREFIX)
        groups = _by_size(length, edits_for(len(word)))
        asked = np.concatenate([_hash(codes[kept]) for kept in groups]) if groups else np.empty(0, np.uint32)
        first = np.searchsorted(self.hashes, asked, "left")
        last = np.searchsorted(self.hashes, asked, "right")
        found = {
            int(n) for a, b in zip(first, last, strict=True) if a < b for n in self.numbers[a : min(b, a + MOST_NEAR)]
        }
        return sorted(found)[:MOST_NEAR]

    @property
    def nbytes(self) -> int:
        return self.hashes.nbytes + self.numbers.nbytes


def _hash(letters: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """FNV-like over the last axis, which is as long as the form."""
    value = np.full(letters.shape[:-1], letters.shape[-1], dtype=np.uint32)
    for i in range(letters.shape[-1]):
        value = (value ^ (letters[..., i] * _MIX)) * _FACTOR
        value ^= value >> np.uint32(15)
    return value


@lru_cache
def _kept(length: int, edits: int) -> list[list[int]]:
    return [list(kept) for gone in range(edits + 1) for kept in combinations(range(length), length - gone)]


@lru_cache
def _by_size(length: int, edits: int) -> list[NDArray[np.int64]]:
    """The same, those of one size as one array of indexes."""
    return [np.array(list(combinations(range(length), length - gone))) for gone in range(edits + 1)] if edits else []
