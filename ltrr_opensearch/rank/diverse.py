"""Keeps what is alike apart: a document falls for being like one above it. Pure.

Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998), with the relevance counted in ranks, since scores of
rankers have no scale: the next document is the one whose rank, plus `places` times its largest similarity to those
chosen already, is smallest. So a document that is wholly like one above it falls by at most `places`, and what is like
nothing keeps its order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ltrr_opensearch.types import Doubles, Ranked, Vector

Values = frozenset[str]
"""What a document has in a field; empty where nothing is known of it."""


def diversified(ranked: Sequence[Ranked], alike: Doubles, places: float) -> tuple[Ranked, ...]:
    """The order with its first documents kept apart, for as many as `alike` has rows: similarities from 0 to 1."""
    count = len(alike)
    rank, likest = np.arange(count, dtype=np.float64), np.zeros(count)
    order: list[int] = []
    for _ in range(count):
        chosen = int(np.argmin(rank + places * likest))
        order.append(chosen)
        likest = np.maximum(likest, alike[chosen])
        rank[chosen] = np.inf
    moved = [ranked[i] for i in order] + list(ranked[count:])
    return tuple(r if r.rank == at else replace(r, rank=at) for at, r in enumerate(moved, start=1))


def alike_by_values(values: Sequence[Values]) -> Doubles:
    """Values in common over all values of both (Jaccard); a document of which nothing is known is like none."""
    count = len(values)
    alike = np.zeros((count, count))
    for i, one in enumerate(values):
        for j, other in enumerate(values[:i]):
            if shared := len(one & other):
                alike[i, j] = alike[j, i] = shared / len(one | other)
    return alike


def alike_by_vectors(vectors: Sequence[Vector | None]) -> Doubles:
    """Cosines, 0 where they are negative; a document without a vector is like none."""
    known = [i for i, vector in enumerate(vectors) if vector is not None]
    alike = np.zeros((len(vectors), len(vectors)))
    if not known:
        return alike
    table = np.stack([vectors[i] for i in known]).astype(np.float64)  # type: ignore[misc]  # those are known
    lengths = np.linalg.norm(table, axis=1, keepdims=True)
    unit = np.divide(table, lengths, out=np.zeros_like(table), where=lengths > 0)
    alike[np.ix_(known, known)] = np.clip(unit @ unit.T, 0.0, 1.0)
    return alike
