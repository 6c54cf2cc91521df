"""What every strategy answered to every query, asked once from the real cluster at the deepest rung.

Lists nest, so a recording answers any draw. Documents are numbers into one table; the file is a compressed `.npz`
without pickles, so that it can be kept, moved and read by anybody.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.types import DocKey, Features, Hit, Matrix, Vector

VERSION = 1
Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Listed:
    """One plan's list for one query, best first. `took_ms` is the request's time, `total` its hits in all."""

    documents: Numbers
    scores: NDArray[np.float32]
    took_ms: float
    total: int


@dataclass(frozen=True)
class Answered:
    """One query: the lists of the plans that had something to ask, by plan, and the features of the documents in them.

    `features` has a row for each of `featured`, under the recording's feature names; NaN where nothing matched.
    """

    text: str
    lists: Mapping[str, Listed]
    featured: Numbers
    features: Matrix
    vector: Vector | None = None

    @cached_property
    def row_of(self) -> Mapping[int, int]:
        return {int(document): row for row, document in enumerate(self.featured)}


@dataclass(frozen=True)
class Recording:
    """`depth` is how deep every plan was asked."""

    index: str
    depth: int
    documents: tuple[str, ...]
    feature_names: tuple[str, ...]
    queries: Mapping[str, Answered]
    gone: frozenset[str] = frozenset()
    """Documents that the index does not hold (any more)."""
    _hits: dict[tuple[str, str], tuple[Hit, ...]] = field(default_factory=dict, compare=False, repr=False)
    _features: dict[tuple[str, str], Features] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def number_of(self) -> Mapping[str, int]:
        return {document: number for number, document in enumerate(self.documents)}

    def hits(self, query: str, plan: str) -> tuple[Hit, ...] | None:
        """A plan's hits as the engine reads them; None where it had nothing to ask. Made once."""
        known = self._hits.get((query, plan))
        if known is None:
            listed = self.queries[query].lists.get(plan)
            if listed is None:
                return None
            known = self._hits[query, plan] = tuple(self._made(listed))
        return known

    def features(self, query: str, document: str) -> Features:
        """The logged features of a document for a query; none where they were not recorded. Made once."""
        known = self._features.get((query, document))
        if known is None:
            answered = self.queries[query]
            row = answered.row_of.get(self.number_of.get(document, -1))
            values = answered.features[row].tolist() if row is not None else ()
            pairs = zip(self.feature_names, values, strict=False)
            # NaN is the one value that differs from itself
            known = self._features[query, document] = {n: v for n, v in pairs if v == v}  # noqa: PLR0124
        return known

    def without(self, documents: Collection[str] = (), plans: Collection[str] = ()) -> Recording:
        """As if the index did not hold `documents`, and `plans` found nothing."""
        gone = self.gone | set(documents)
        numbers = np.array([self.number_of[d] for d in gone if d in self.number_of], dtype=np.int32)
        queries = {
            text: replace(a, lists={p: _left(one, numbers, silent=p in plans) for p, one in a.lists.items()})
            for text, a in self.queries.items()
        }
        return Recording(self.index, self.depth, self.documents, self.feature_names, queries, gone)

    def _made(self, listed: Listed) -> Iterator[Hit]:
        for rank, (number, score) in enumerate(zip(listed.documents, listed.scores, strict=True), start=1):
            id = self.documents[number]
            yield Hit(DocKey(self.index, id), rank, float(score), {"_index": self.index, "_id": id})

    def save(self, path: Path) -> None:
        """Whole or not at all: written beside, then moved into place."""
        beside = path.with_suffix(".part.npz")
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(beside, **_arrays(self))
        beside.replace(path)

    @staticmethod
    def load(path: Path) -> Recording:
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                return _recording({name: stored[name] for name in stored.files})
        except (EOFError, OSError, ValueError, KeyError, BadZipFile) as error:
            raise DataError(f"{path} is no recording that can be read ({error}); record again") from error


def _left(listed: Listed, gone: Numbers, *, silent: bool) -> Listed:
    left = np.zeros(len(listed.documents), np.bool_) if silent else ~np.isin(listed.documents, gone)
    total = 0 if silent else listed.total - int((~left).sum())
    return Listed(listed.documents[left], listed.scores[left], listed.took_ms, total)


def _arrays(recording: Recording) -> dict[str, Any]:
    lists = [(q, plan, one) for q, a in recording.queries.items() for plan, one in a.lists.items()]
    answered = list(recording.queries.values())
    vectors = [a.vector for a in answered if a.vector is not None]
    head = {
        "version": VERSION,
        "index": recording.index,
        "depth": recording.depth,
        "documents": recording.documents,
        "features": recording.feature_names,
        "queries": [a.text for a in answered],
        "lists": [[q, plan, len(one.documents), one.took_ms, one.total] for q, plan, one in lists],
        "featured": [len(a.featured) for a in answered],
        "embedded": [a.vector is not None for a in answered],
    }
    width = len(recording.feature_names)
    return {
        "head": np.frombuffer(json.dumps(head).encode(), dtype=np.uint8),
        "listed": _joined([one.documents for _, _, one in lists], np.int32),
        "scores": _joined([one.scores for _, _, one in lists], np.float32),
        "featured": _joined([a.featured for a in answered], np.int32),
        "features": np.concatenate([a.features for a in answered] or [np.zeros((0, width), np.float32)]),
        "vectors": np.array(vectors, dtype=np.float32),
    }


def _recording(arrays: Mapping[str, NDArray[Any]]) -> Recording:
    head = json.loads(arrays["head"].tobytes())
    if head["version"] != VERSION:
        raise DataError(f"a recording of version {head['version']}, not {VERSION}; record again")
    lists: dict[str, dict[str, Listed]] = {query: {} for query in head["queries"]}
    start = 0
    for query, plan, length, took_ms, total in head["lists"]:
        end = start + length
        lists[query][plan] = Listed(arrays["listed"][start:end], arrays["scores"][start:end], took_ms, total)
        start = end
    ends = np.cumsum(head["featured"])
    queries: dict[str, Answered] = {}
    vectors = iter(arrays["vectors"])
    for query, end, length, embedded in zip(head["queries"], ends, head["featured"], head["embedded"], strict=True):
        rows = slice(int(end) - length, int(end))
        vector = next(vectors) if embedded else None
        queries[query] = Answered(query, lists[query], arrays["featured"][rows], arrays["features"][rows], vector)
    return Recording(head["index"], head["depth"], tuple(head["documents"]), tuple(head["features"]), queries)


def _joined(parts: Sequence[NDArray[Any]], kind: type[Any]) -> NDArray[Any]:
    return np.concatenate([*parts, np.zeros(0, kind)]).astype(kind)
