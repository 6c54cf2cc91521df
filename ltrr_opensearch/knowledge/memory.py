"""The memory: queries that led to entities, and how well (Q2E scores), found again for the same or a similar query.

Similar means alike in spelling (shared character trigrams) or, where an embedding is at hand, in meaning (cosine); the
larger of both counts. What is done with the neighbours' entities is the plan's business (`plan.q2e`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.nearest import Nearest
from ltrr_opensearch.knowledge.packed import pack, unpack
from ltrr_opensearch.knowledge.transfer import Pair, Transfer, fit
from ltrr_opensearch.knowledge.words import Words
from ltrr_opensearch.normalise import fold
from ltrr_opensearch.types import EntityScore, Json, Matrix, Remembered, Vector

_MAGIC = b"LTRRMEM1"
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
        "_by_query",
        "_by_words",
        "_embedded",
        "_entities",
        "_kept",
        "_matrix",
        "_nearest",
        "_postings",
        "_queries",
        "_sizes",
        "_transfer",
        "words",
    )

    def __init__(
        self,
        queries: Sequence[str],
        entities: Sequence[tuple[EntityScore, ...]],
        embedded: Ids,
        matrix: Matrix,
        transfer: Transfer | None = None,
    ):
        """`embedded` says which query each row of the unit-length `matrix` belongs to.

        Without a `transfer`, how far a neighbour can be trusted is learned from the memory itself.
        """
        self._queries = tuple(queries)
        self._entities = tuple(entities)
        self._embedded = embedded
        self._matrix = matrix
        self._nearest = Nearest(matrix)
        self._kept: dict[tuple[str, bytes, int], tuple[Remembered, ...]] = {}
        self._by_query = {q: i for i, q in enumerate(self._queries)}
        self._by_words: dict[str, list[int]] = {}
        postings: dict[str, list[int]] = {}
        sizes = np.zeros(len(self._queries), dtype=np.int32)
        for i, query in enumerate(self._queries):
            self._by_words.setdefault(_words(query), []).append(i)
            grams = _trigrams(query)
            sizes[i] = len(grams)
            for gram in grams:
                postings.setdefault(gram, []).append(i)
        self._sizes = sizes
        self.words = Words(zip(self._queries, self._entities, strict=True))
        self._postings = {gram: np.array(ids, dtype=np.int32) for gram, ids in postings.items()}
        self._transfer = transfer or Transfer()
        if transfer is None:
            self._transfer = fit(self._pairs())

    @classmethod
    def from_rows(cls, rows: Iterable[MemoryRow]) -> Memory:
        """Of rows with the same query the last counts; vectors must share one length."""
        kept = list({row.query: row for row in rows}.values())
        embedded = [i for i, row in enumerate(kept) if row.vector is not None]
        vectors = [row.vector for row in kept if row.vector is not None]
        if len({len(v) for v in vectors}) > 1:
            raise ModelError(f"memory: vectors of different lengths {sorted({len(v) for v in vectors})}; embed again")
        matrix = _unit(np.array(vectors, dtype=np.float32)) if vectors else np.zeros((0, 0), dtype=np.float32)
        return cls([r.query for r in kept], [r.entities for r in kept], np.array(embedded, dtype=np.int32), matrix)

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
        similarity = self._by_spelling(normalized)
        for i, cosine in self._by_meaning(vector):
            similarity[i] = max(similarity.get(i, 0.0), min(cosine, NOT_SAME))
        for i in self._by_words.get(_words(normalized), ()):
            similarity[i] = SAME_WORDS
        if (same := self._by_query.get(normalized)) is not None:
            similarity[same] = 1.0
        best = sorted(similarity.items(), key=lambda s: (-s[1], self._queries[s[0]]))[:limit]
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

    def _by_spelling(self, normalized: str) -> dict[int, float]:
        grams = _trigrams(normalized)
        lists = [ids for gram in grams if (ids := self._postings.get(gram)) is not None]
        if not lists:
            return {}
        shared = np.bincount(np.concatenate(lists), minlength=len(self._queries))
        jaccard = shared / (len(grams) + self._sizes - shared)
        alike = np.flatnonzero(jaccard >= LEAST_SPELLING)
        return {int(i): min(float(jaccard[i]), NOT_SAME) for i in alike}

    def _by_meaning(self, vector: Vector | None) -> Iterable[tuple[int, float]]:
        if vector is None or not len(self._matrix) or len(vector) != self._matrix.shape[1]:
            return ()
        near = self._nearest.at_least(_unit(np.asarray(vector, dtype=np.float32)), LEAST_COSINE)
        return ((int(self._embedded[row]), cosine) for row, cosine in near)

    def to_bytes(self) -> bytes:
        """Vectors keep half precision."""
        entities = [[[e.id, round(e.score, 6), int(e.predicted)] for e in es] for es in self._entities]
        head: Json = {"queries": self._queries, "entities": entities, "embedded": self._embedded.tolist()}
        head["transfer"] = self._transfer.values
        return pack(_MAGIC, head, self._matrix)

    @classmethod
    def from_bytes(cls, data: bytes) -> Memory:
        head, matrix = unpack(_MAGIC, data)
        try:
            queries = [str(q) for q in head["queries"]]
            entities = [tuple(EntityScore(str(i), float(s), bool(p)) for i, s, p in es) for es in head["entities"]]
            embedded = np.array(head["embedded"], dtype=np.int32)
            transfer = Transfer(tuple(float(v) for v in head["transfer"]))
        except (KeyError, TypeError, ValueError) as e:
            raise ModelError(f"memory: a row is not (id, score, predicted): {e!r}") from e
        fits = len(queries) == len(entities) and len(embedded) == len(matrix)
        if not fits or any(i not in range(len(queries)) for i in embedded):
            counts = f"{len(queries)} queries, {len(entities)} entity lists, {len(embedded)} ids, {len(matrix)} vectors"
            raise ModelError(f"memory: {counts} do not fit together; publish it again with `ltrr learn memory`")
        if len(transfer.values) != len(Transfer().values):
            raise ModelError(f"memory: a transfer curve of {len(transfer.values)} values; publish it again")
        return cls(queries, entities, embedded, matrix, transfer)


def _words(normalized: str) -> str:
    return " ".join(sorted({fold(t) for t in normalized.split()}))


def _trigrams(normalized: str) -> set[str]:
    padded = f" {normalized} "
    return {padded[i : i + 3] for i in range(len(padded) - 2)}


def _unit(vectors: Matrix) -> Matrix:
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Matrix = (vectors / np.maximum(norms, 1e-12)).astype(np.float32)
    return unit
