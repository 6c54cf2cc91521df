"""What a ranker learns from: logged rows of candidates, grouped by search, with a grade each.

Grades come from all rounds of the query together, rows from each search as it ran, so that a strategy that was not
asked looks in training as it does in serving. Every query weighs the same, however often it was asked.

A candidate that was never shown has grade 0: most of the union is irrelevant, and a ranker that saw only what an
earlier ranker had put on top would not know it. Since some of these are merely unseen, they weigh less.

A search with a memory is given twice, each with half the weight: as it was, and as if nobody had asked it before
(`memory_names` unknown). Otherwise the ranker would learn to repeat what earlier users clicked, which says nothing
about a query that is new.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.learn.judgments import judgments_from_clicks
from ltrr_opensearch.rank.rows import dense
from ltrr_opensearch.types import Decision, Matrix, Round

UNSHOWN_WEIGHT = 0.2
SEARCHES_A_QUERY = 10
"""Most searches of one query that are learned from: the latest. More of them add nothing but time."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """`group[i]` numbers the search of row i; rows of a search lie together. `query[g]` is the text of search g."""

    names: tuple[str, ...]
    rows: Matrix
    grades: NDArray[np.float64]
    weights: NDArray[np.float64]
    group: NDArray[np.intp]
    query: tuple[str, ...]

    @property
    def sizes(self) -> NDArray[np.intp]:
        """Rows of each search."""
        return np.bincount(self.group, minlength=len(self.query))

    def columns(self, names: Sequence[str]) -> Dataset:
        """The same rows with some of the columns, for a ranker that has to do without the others."""
        rows = self.rows[:, [self.names.index(n) for n in names]]
        return Dataset(tuple(names), rows, self.grades, self.weights, self.group, self.query)

    def only(self, queries: Iterable[str]) -> Dataset:
        """The searches of some queries."""
        wanted = set(queries)
        kept = [g for g, q in enumerate(self.query) if q in wanted]
        number = np.full(len(self.query), -1, dtype=np.intp)
        number[kept] = np.arange(len(kept))
        mask = number[self.group] >= 0
        query = tuple(self.query[g] for g in kept)
        group = number[self.group[mask]]
        return Dataset(self.names, self.rows[mask], self.grades[mask], self.weights[mask], group, query)


def dataset_from_rounds(rounds: Sequence[Round], names: Sequence[str], memory: Sequence[str]) -> Dataset:
    """Rows of the searches in which something was acted upon for the query; the rest say nothing about order."""
    grades = {(j.query, j.id): (j.grade, j.weight) for j in judgments_from_clicks(rounds).judgments}
    liked = {r.decision.normalized for r in rounds if any(g > 0 for g in r.gains.values())}
    searches: dict[str, list[Decision]] = defaultdict(list)
    for r in sorted(rounds, key=lambda r: (r.decision.at, r.decision.query_id)):
        if r.decision.normalized in liked:
            searches[r.decision.normalized].append(r.decision)
    forgotten = [i for i, name in enumerate(names) if name in memory]
    parts: list[tuple[str, Matrix, list[float], list[float]]] = []
    for query in sorted(searches):
        latest = searches[query][-SEARCHES_A_QUERY:]
        for decision in latest:
            parts.extend(_groups(decision, grades, names, forgotten, share=1 / len(latest)))
    return _stack(parts, tuple(names))


def _groups(
    decision: Decision,
    grades: dict[tuple[str, str], tuple[float, float]],
    names: Sequence[str],
    forgotten: Sequence[int],
    share: float,
) -> list[tuple[str, Matrix, list[float], list[float]]]:
    logged = [c for c in decision.candidates if c.features is not None]
    table = dense([c.features or {} for c in logged], names)
    judged = [grades.get((decision.normalized, c.key.id), (0.0, UNSHOWN_WEIGHT)) for c in logged]
    grade = [g for g, _ in judged]
    if len(logged) < 2 or max(grade) == min(grade):
        return []
    new = table.copy()
    new[:, forgotten] = np.nan
    versions = [table] if np.array_equal(table, new, equal_nan=True) else [table, new]
    weights = [w * share / len(versions) for _, w in judged]
    return [(decision.normalized, version, grade, weights) for version in versions]


def _stack(parts: Sequence[tuple[str, Matrix, list[float], list[float]]], names: tuple[str, ...]) -> Dataset:
    if not parts:
        empty = np.zeros(0)
        rows = np.zeros((0, len(names)), dtype=np.float32)
        return Dataset(names, rows, empty, empty, np.zeros(0, dtype=np.intp), ())
    return Dataset(
        names,
        np.concatenate([rows for _, rows, _, _ in parts]),
        np.concatenate([grades for _, _, grades, _ in parts]),
        np.concatenate([weights for _, _, _, weights in parts]),
        np.repeat(np.arange(len(parts)), [len(rows) for _, rows, _, _ in parts]),
        tuple(query for query, _, _, _ in parts),
    )
