"""How well entities worked for the queries that hold a word: what a new query inherits by its words.

A word's share of an entity is the mean of the entity's scores over the remembered queries that hold the word; rare
words speak louder. Neighbours by spelling or meaning are few and alike as a whole; words are shared across all queries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.columns import Columns
from ltrr_opensearch.knowledge.entity_lists import EntityLists
from ltrr_opensearch.knowledge.strings import Strings
from ltrr_opensearch.normalise import fold
from ltrr_opensearch.types import EntityScore

PRIOR = 1.0
"""Queries that led to nothing, added to those that hold a word: one query alone is half believed."""
MOST = 200
"""Entities kept a word, the best first."""

Shares = NDArray[np.float32]


class Words:
    """Immutable. Word `i` is held by `holding[i]` of the queries, and has the shares from `starts[i]` on."""

    __slots__ = ("_holding", "_ids", "_queries", "_shares", "_starts", "_which", "_words")

    def __init__(self, queries: int, ids: Strings, columns: Columns) -> None:
        """`ids`: the entities that `word_which` counts through."""
        self._queries, self._ids = queries, ids
        self._words = Strings.of_columns(columns["word_letters"], columns["word_places"])
        self._holding = columns["word_holding"]
        self._starts = np.concatenate([[0], np.cumsum(columns["word_counts"], dtype=np.int64)])
        self._which, self._shares = columns["word_which"], columns["word_shares"]
        whole = len(self._holding) == len(self._starts) - 1 == len(self._words) and self._starts[-1] == len(self._which)
        if not whole or len(self._which) != len(self._shares) or (len(self._which) and self._which.max() >= len(ids)):
            raise ModelError(f"{len(self._words)} words and {len(self._which)} shares do not fit together")

    @classmethod
    def of(cls, remembered: Iterable[tuple[str, Sequence[EntityScore]]]) -> Words:
        """Of remembered queries, normalised, with their entities."""
        rows = list(remembered)
        entities = EntityLists.of([one for _, one in rows])
        return cls(len(rows), entities.ids, word_columns([query for query, _ in rows], entities))

    def columns(self) -> Columns:
        letters, places = self._words.columns()
        return {
            "word_letters": letters,
            "word_places": places,
            "word_holding": self._holding,
            "word_counts": np.diff(self._starts).astype(np.uint32),
            "word_which": self._which,
            "word_shares": self._shares,
        }

    def __len__(self) -> int:
        return len(self._words)

    def knows(self, tokens: Iterable[str]) -> bool:
        return any(self._words.find(fold(token)) is not None for token in tokens)

    def worked(self, tokens: Iterable[str]) -> Mapping[str, float]:
        """Entity -> mean of its shares of the words, each word weighing as it is rare; unknown words count as 0."""
        found: defaultdict[int, float] = defaultdict(float)
        whole = 0.0
        for word in sorted({fold(token) for token in tokens}):
            row = self._words.find(word)
            weight = self._weight(int(self._holding[row]) if row is not None else 0)
            whole += weight
            for which, share in self._of(row):
                found[which] += weight * share
        return {self._ids[which]: sum / whole for which, sum in found.items()}

    def _of(self, row: int | None) -> Iterable[tuple[int, float]]:
        if row is None:
            return ()
        part = slice(self._starts[row], self._starts[row + 1])
        return zip(self._which[part].tolist(), self._shares[part].tolist(), strict=True)

    def _weight(self, holding: int) -> float:
        """ln(1 + queries / (1 + queries that hold the word))."""
        return log(1 + self._queries / (1 + holding))


def word_columns(queries: Sequence[str], entities: EntityLists) -> Columns:
    """What `Words` holds of queries and, row by row, their entities."""
    held = [(word, row) for row, query in enumerate(queries) for word in {fold(token) for token in query.split()}]
    words = Strings.of(word for word, _ in held)
    number = {words[i]: i for i in range(len(words))}
    word = np.array([number[one] for one, _ in held], np.int64)
    holding = np.bincount(word, minlength=len(words))
    cells, sums = _summed(word, np.array([row for _, row in held], np.intp), entities)
    of_word, which = np.divmod(cells, max(len(entities.ids), 1))
    order = np.lexsort((which, -sums, of_word))
    kept = order[(_place(of_word[order]) < MOST) & (sums[order] > 0)]
    letters, places = words.columns()
    return {
        "word_letters": letters,
        "word_places": places,
        "word_holding": holding.astype(np.uint32),
        "word_counts": np.bincount(of_word[kept], minlength=len(words)).astype(np.uint32),
        "word_which": which[kept].astype(np.uint32),
        "word_shares": (sums[kept] / (holding[of_word[kept]] + PRIOR)).astype(np.float32),
    }


def _summed(
    word: NDArray[np.int64], row: NDArray[np.intp], entities: EntityLists
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Cells of a word and an entity, as one number, with the sum of the entity's scores over the word's queries."""
    owners, which, scores = entities.pairs()
    counts = np.bincount(owners, minlength=len(entities))
    first = np.cumsum(counts) - counts
    repeats = counts[row]
    pair = np.repeat(first[row] - (np.cumsum(repeats) - repeats), repeats) + np.arange(repeats.sum())
    key = np.repeat(word, repeats) * max(len(entities.ids), 1) + which[pair]
    cells, into = np.unique(key, return_inverse=True)
    return cells, np.bincount(into, scores[pair], len(cells))


def _place(sorted_keys: NDArray[np.int64]) -> NDArray[np.intp]:
    """The how manieth of its key each one is, from 0."""
    first = np.flatnonzero(np.diff(sorted_keys, prepend=-1))
    lengths = np.diff(first, append=len(sorted_keys))
    return np.arange(len(sorted_keys)) - np.repeat(first, lengths)
