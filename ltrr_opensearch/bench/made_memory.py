"""A million remembered pairs, made up: queries of words that are used as unevenly as words are, by Zipf's law.

Words are made of syllables, which are used as unevenly, so that some trigrams stand in a tenth of the queries, as
" th" or "ing" do; one word in eight is a model's number. Lengths are those of shop queries: one word in six, mostly
two to four. What people ask is a remembered query, one misspelled, or one put together anew.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from ltrr_opensearch.knowledge.memory import MemoryRow
from ltrr_opensearch.types import EntityScore

ONSETS = ("", *"bcdfghjklmnprstvwz", "br", "ch", "cl", "cr", "dr", "fl", "gr", "ph", "pl", "pr", "sh", "st", "th", "tr")
VOWELS = (*"aeiou", "ai", "ea", "ee", "ou", "io")
CODAS = (*("",) * 20, *"dklmnrst", "ck", "ng", "nt", "st", "ll")
LENGTHS = (0.17, 0.30, 0.25, 0.14, 0.07, 0.04, 0.02, 0.01)
"""Share of queries of one word, of two, ..."""
VOCABULARY = 60_000
CATALOGUE = 200_000
ENTITIES = 50
"""Most a query."""


class MadeQueries:
    """The vocabulary, and queries drawn from it."""

    def __init__(self, seed: int = 0) -> None:
        self._rng = np.random.default_rng(seed)
        syllables = ["".join(parts) for parts in product(ONSETS, VOWELS, CODAS)]
        self._rng.shuffle(syllables)
        parts = self._rng.choice(len(syllables), p=_zipf(len(syllables)), size=(2 * VOCABULARY, 3))
        lengths = self._rng.choice([1, 2, 3], p=[0.3, 0.5, 0.2], size=2 * VOCABULARY)
        made = ["".join(syllables[i] for i in row[:n]) for row, n in zip(parts, lengths, strict=True)]
        for at in self._rng.choice(len(made), len(made) // 8, replace=False).tolist():
            made[at] = f"{made[at][:2]}{self._rng.integers(1, 10_000)}"
        self._words = list(dict.fromkeys(word for word in made if len(word) > 1))[:VOCABULARY]

    def drawn(self, queries: int) -> list[str]:
        """So many, with repetitions; queries of several words repeat seldom."""
        lengths = self._rng.choice(len(LENGTHS), p=LENGTHS, size=queries) + 1
        words = self._rng.choice(len(self._words), p=_zipf(len(self._words)), size=int(lengths.sum()))
        ends = np.cumsum(lengths)
        return [" ".join(self._words[w] for w in words[e - n : e]) for e, n in zip(ends, lengths, strict=True)]

    def misspelled(self, query: str) -> str:
        """With two neighbouring letters swapped."""
        if len(query) < 3:
            return query
        at = int(self._rng.integers(0, len(query) - 1))
        return query[:at] + query[at + 1] + query[at] + query[at + 2 :]

    def rows(self, pairs: int) -> list[MemoryRow]:
        """Remembered queries with so many pairs in all."""
        entities: dict[str, dict[str, float]] = {}
        left = pairs
        while left > 0:
            which = self._rng.choice(CATALOGUE, p=_zipf(CATALOGUE), size=left)
            scores = self._rng.uniform(0.05, 0.95, size=left)
            for query, entity, score in zip(self.drawn(left), which.tolist(), scores.tolist(), strict=True):
                if len(of := entities.setdefault(query, {})) < ENTITIES:
                    of[f"sku{entity:07d}"] = score
            left = pairs - sum(map(len, entities.values()))
        scored = {q: tuple(EntityScore(id, s) for id, s in of.items()) for q, of in entities.items()}
        return [MemoryRow(query, of) for query, of in scored.items()]


def _zipf(number: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    weights = 1 / np.arange(1, number + 1, dtype=np.float64)
    return np.asarray(weights / weights.sum())
