"""How well entities worked for the queries that hold a word: what a new query inherits by its words.

A word's share of an entity is the mean of the entity's scores over the remembered queries that hold the word; rare
words speak louder. Neighbours by spelling or meaning are few and alike as a whole; words are shared across all queries.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import log

from ltrr_opensearch.normalise import fold
from ltrr_opensearch.types import EntityScore

PRIOR = 1.0
"""Queries that led to nothing, added to those that hold a word: one query alone is half believed."""
MOST = 200
"""Entities kept a word, the best first."""


class Words:
    """Immutable. Made of remembered queries, normalised, with their entities."""

    __slots__ = ("_queries", "_shares", "_weights")

    def __init__(self, remembered: Iterable[tuple[str, Sequence[EntityScore]]]) -> None:
        holding: defaultdict[str, int] = defaultdict(int)
        sums: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
        self._queries = 0
        for query, entities in remembered:
            self._queries += 1
            for word in {fold(token) for token in query.split()}:
                holding[word] += 1
                into = sums[word]
                for entity in entities:
                    into[entity.id] += entity.score
        self._weights = {word: self._weight(count) for word, count in holding.items()}
        self._shares = {word: _best(into, holding[word] + PRIOR) for word, into in sums.items()}

    def __len__(self) -> int:
        return len(self._shares)

    def knows(self, tokens: Iterable[str]) -> bool:
        return any(fold(token) in self._shares for token in tokens)

    def worked(self, tokens: Iterable[str]) -> Mapping[str, float]:
        """Entity -> mean of its shares of the words, each word weighing as it is rare; unknown words count as 0."""
        found: defaultdict[str, float] = defaultdict(float)
        whole = 0.0
        for word in sorted({fold(token) for token in tokens}):
            weight = self._weights.get(word) or self._weight(0)
            whole += weight
            for id, share in self._shares.get(word, {}).items():
                found[id] += weight * share
        return {id: sum / whole for id, sum in found.items()}

    def _weight(self, holding: int) -> float:
        """ln(1 + queries / (1 + queries that hold the word))."""
        return log(1 + self._queries / (1 + holding))


def _best(sums: Mapping[str, float], queries: float) -> Mapping[str, float]:
    best = sorted(sums, key=lambda id: (-sums[id], id))[:MOST]
    return {id: sums[id] / queries for id in best}
