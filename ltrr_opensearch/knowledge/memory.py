"""The memory: queries that led to entities, and how well (Q2E scores), found again for the same or a similar query.

Similar means alike in spelling (shared character trigrams) or, where an embedding is at hand, in meaning (cosine); the
larger of both counts. What is done with the neighbours' entities is the plan's business (`plan.q2e`).

A million queries must be looked up on the event loop, held by every worker and loaded while it answers: so all is in
packed arrays, which are its bytes, too (`docs/memory.md` has time and size).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.columns import pack_columns, unpack_columns
from ltrr_opensearch.knowledge.entity_lists import EntityLists
from ltrr_opensearch.knowledge.nearest import Nearest
from ltrr_opensearch.knowledge.strings import ByKey, Strings
from ltrr_opensearch.knowledge.transfer import Pair, Transfer, fit
from ltrr_opensearch.knowledge.trigrams import Trigrams
from ltrr_opensearch.knowledge.words import Words, word_columns
from ltrr_opensearch.normalise import fold
from ltrr_opensearch.types import EntityScore, Matrix, Remembered, Vector

_MAGIC = b"LTRRMEM2"
SAME_WORDS = 0.98
"""Similarity of a query of the same words, whatever their order and number (plural)."""
NOT_SAME = 0.97
"""No other neighbour is more similar than this, however close its spelling or embedding."""
LEAST_SPELLING = 0.3
"""Trigram similarity (Jaccard) below which a neighbour is chance."""
TRANSFER_QUERIES = 2000
"""Remembered queries, evenly chosen, from which is learned how far neighbours can be trusted."""
NEIGHBOURS = 10
KEPT_LOOK_UPS = 1000
"""Queries whose neighbours are kept: what many people ask is looked up once a release."""
LEAST_COSINE = 0.5
"""Cosine below which a neighbour is another topic; sentence embeddings of unrelated queries reach 0.4."""

Ids = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """One remembered query, normalised, with its entities and its embedding where there is one."""

    query: str
    entities: tuple[EntityScore, ...]
    vector: Vector | None = None


class Memory:
    """Immutable; built from rows or bytes."""

    __slots__ = (
        "_by_words",
        "_embedded",
        "_entities",
        "_kept",
        "_matrix",
        "_nearest",
        "_queries",
        "_transfer",
        "trigrams",
        "words",
    )

    def __init__(
        self,
        queries: Strings,
        by_words: ByKey,
        trigrams: Trigrams,
        entities: EntityLists,
        words: Words,
        embedded: Ids,
        matrix: Matrix,
        transfer: Transfer | None = None,
    ) -> None:
        """`by_words`: queries by their words. `embedded` says which query each row of the unit-length
        `matrix` belongs to. Without a `transfer`, how far a neighbour can be trusted is learned from the memory itself.
        """
        self._queries, self._by_words, self.trigrams = queries, by_words, trigrams
        self._entities, self.words = entities, words
        self._embedded, self._matrix, self._nearest = embedded, matrix, Nearest(matrix)
        self._kept: dict[tuple[str, bytes, int], tuple[Remembered, ...]] = {}
        self._transfer = transfer or Transfer()
        if transfer is None:
            self._transfer = fit(self._pairs())

    @classmethod
    def from_rows(cls, rows: Iterable[MemoryRow]) -> Memory:
        """Of rows with the same query the last counts; vectors must share one length."""
        last = {row.query: row for row in rows}
        queries = Strings.of(last)
        kept = [last[queries[i]] for i in range(len(queries))]
        embedded = [i for i, row in enumerate(kept) if row.vector is not None]
        vectors = [row.vector for row in kept if row.vector is not None]
        if len({len(v) for v in vectors}) > 1:
            raise ModelError(f"memory: vectors of different lengths {sorted({len(v) for v in vectors})}; embed again")
        matrix = _unit(np.array(vectors, dtype=np.float32)) if vectors else np.zeros((0, 0), dtype=np.float32)
        entities = EntityLists.of([row.entities for row in kept])
        words = Words(len(kept), entities.ids, word_columns([row.query for row in kept], entities))
        return cls(
            queries,
            ByKey.of(queries, _words),
            Trigrams.of(queries),
            entities,
            words,
            np.array(embedded, np.int32),
            matrix,
        )

    def __len__(self) -> int:
        return len(self._queries)

    @property
    def embedded(self) -> int:
        """How many of the queries have an embedding."""
        return len(self._embedded)

    def near(self, normalized: str, vector: Vector | None, limit: int = NEIGHBOURS) -> tuple[Remembered, ...]:
        """The most similar remembered queries, best first; without a vector, by spelling alone."""
        asked = normalized, b"" if vector is None else vector.tobytes(), limit
        known = self._kept.get(asked)
        if known is None:
            known = self._kept[asked] = self._near(normalized, vector, limit)
            if len(self._kept) > KEPT_LOOK_UPS:
                self._kept.pop(next(iter(self._kept)))
        return known

    def _near(self, normalized: str, vector: Vector | None, limit: int) -> tuple[Remembered, ...]:
        similarity = dict(self.trigrams.alike(normalized, LEAST_SPELLING, NOT_SAME, limit))
        for i, cosine in self._by_meaning(vector):
            similarity[i] = max(similarity.get(i, 0.0), min(cosine, NOT_SAME))
        for i in self._by_words.find(_words(normalized)):
            similarity[i] = SAME_WORDS
        if (same := self._queries.find(normalized)) is not None:
            similarity[same] = 1.0
        best = sorted(similarity.items(), key=lambda s: (-s[1], s[0]))[:limit]
        return tuple(Remembered(self._queries[i], s, self._entities[i], self._weight(s)) for i, s in best)

    def _weight(self, similarity: float) -> float:
        return 1.0 if similarity >= SAME_WORDS else self._transfer(similarity)

    def _pairs(self) -> Iterable[Pair]:
        """What neighbours say of each other's entities; only positive scores are remembered, so the rest is 0."""
        rows = {int(query): row for row, query in enumerate(self._embedded)}
        step = max(1, len(self._queries) // TRANSFER_QUERIES)
        for i in range(0, len(self._queries), step):
            own = {e.id: e.score for e in self._entities[i] if not e.predicted}
            vector = self._matrix[rows[i]] if i in rows else None
            for near in self._near(self._queries[i], vector, NEIGHBOURS) if own else ():
                if near.similarity < SAME_WORDS:
                    for entity in near.entities:
                        if not entity.predicted:
                            yield near.similarity, entity.score, own.get(entity.id, 0.0)

    def _by_meaning(self, vector: Vector | None) -> Iterable[tuple[int, float]]:
        if vector is None or not len(self._matrix) or len(vector) != self._matrix.shape[1]:
            return ()
        near = self._nearest.at_least(_unit(np.asarray(vector, dtype=np.float32)), LEAST_COSINE)
        return ((int(self._embedded[row]), cosine) for row, cosine in near)

    def to_bytes(self) -> bytes:
        """Vectors keep half precision, scores six decimals."""
        letters, places = self._queries.columns()
        columns: dict[str, NDArray[Any]] = {
            "query_letters": letters,
            "query_places": places,
            "by_words": self._by_words.rows,
            "word_sums": self._by_words.sums,
            **self.trigrams.columns(),
            **self._entities.columns(),
            **self.words.columns(),
            "embedded": self._embedded,
            "matrix": self._matrix.astype(np.float16),
        }
        return pack_columns(_MAGIC, {"transfer": self._transfer.values}, columns)

    @classmethod
    def from_bytes(cls, data: bytes) -> Memory:
        head, columns = unpack_columns(_MAGIC, data)
        try:
            transfer = Transfer(tuple(float(v) for v in head["transfer"]))
            queries = Strings.of_columns(columns["query_letters"], columns["query_places"])
            trigrams, entities = Trigrams.of_columns(queries, columns), EntityLists.of_columns(columns)
            words = Words(len(queries), entities.ids, columns)
            by_words = ByKey(queries, _words, columns["word_sums"], columns["by_words"])
            embedded, matrix = columns["embedded"], columns["matrix"].astype(np.float32)
        except (KeyError, TypeError, ValueError) as e:
            raise ModelError(f"memory: something is missing: {e!r}; publish it again with `ltrr learn memory`") from e
        if len(queries) != len(entities) or len(embedded) != len(matrix):
            counts = f"{len(queries)} queries, {len(entities)} entity lists, {len(embedded)} ids, {len(matrix)} vectors"
            raise ModelError(f"memory: {counts} do not fit together; publish it again with `ltrr learn memory`")
        if len(embedded) and not 0 <= embedded.min() <= embedded.max() < len(queries):
            raise ModelError(
                f"memory: rows beyond its {len(queries)} queries; publish it again with `ltrr learn memory`"
            )
        if len(transfer.values) != len(Transfer().values):
            raise ModelError(f"memory: a transfer curve of {len(transfer.values)} values; publish it again")
        return cls(queries, by_words, trigrams, entities, words, embedded, matrix, transfer)


def _words(normalized: str) -> str:
    return " ".join(sorted({fold(t) for t in normalized.split()}))


def _unit(vectors: Matrix) -> Matrix:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Matrix = (vectors / np.maximum(norms, 1e-12)).astype(np.float32)
    return unit
