"""What the log says of strategies, as features: worked out once a snapshot for every kind, query and person.

Numbers keep four decimals, in 16 bits: more say nothing, every search logs them, and a snapshot has a million of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.knowledge.aggregates import Aggregates
from ltrr_opensearch.knowledge.cells import KIND, OVERALL, QUERY, USER, Cell, Key

_SCALE = 10_000
_UNKNOWN = -1
"""Stands in the first column where a strategy was never asked under a key."""
_COLUMNS = (
    *("found", "reciprocal_rank", "rewarded", "score", "level", "last_level", "results", "last_results"),
    *("took", "candidates", "rare", "popular", "personal", "agreement"),
)
_FEATURES: Mapping[str, Iterable[tuple[str, str]]] = {
    "": (
        *(("overall", name) for name in ("found", "reciprocal_rank", "score", "results", "took", "candidates")),
        *(("entities", name) for name in ("rare", "popular", "personal", "agreement")),
    ),
    KIND: (
        *(("by_kind", name) for name in ("found", "reciprocal_rank", "level", "results")),
        ("entities", "agreement"),
    ),
    QUERY: (
        *(("by_query", name) for name in ("found", "reciprocal_rank", "rewarded", "level", "last_level", "results")),
        *(("by_query", "last_results"), ("entities", "rare"), ("entities", "popular"), ("entities", "agreement")),
    ),
    USER: (("by_user", "found"), ("by_user", "rewarded")),
}
"""By dimension, (group, column) of the features; their names are the columns' with the dimension before them."""

Floats = NDArray[np.floating[Any]]
Told = Mapping[str, Mapping[str, float]]
"""By strategy."""


class _Snapshot:
    """A snapshot's features; what holds for every search of a kind is kept as it is told."""

    def __init__(self, aggregates: Aggregates) -> None:
        sums = aggregates.sums[:, 1:]
        usual = sums[aggregates.rows.get(OVERALL, 0)] if len(sums) else sums
        features = np.stack(_features(_columns(sums), _columns(usual)), axis=-1)
        self.table = np.clip(np.rint(features * _SCALE), 0, np.iinfo(np.int16).max).astype(np.int16)
        self.table[sums[..., 0] == 0, 0] = _UNKNOWN
        self.kinds: dict[object, Told] = {}


_snapshots: WeakKeyDictionary[Aggregates, _Snapshot] = WeakKeyDictionary()


def told_of(aggregates: Aggregates, key: Key, groups: tuple[str, ...]) -> Told:
    """The features of each strategy that was asked under a key. Not to be changed."""
    row = aggregates.rows.get(key)
    if row is None:
        return {}
    if (snapshot := _snapshots.get(aggregates)) is None:
        snapshot = _snapshots[aggregates] = _Snapshot(aggregates)
    if key[0] in (QUERY, USER):
        return _told(snapshot, aggregates.strategies, row, key[0], groups)
    if (told := snapshot.kinds.get((key, groups))) is None:
        told = snapshot.kinds[key, groups] = _told(snapshot, aggregates.strategies, row, key[0], groups)
    return told


def _told(snapshot: _Snapshot, strategies: Sequence[str], row: int, dimension: str, groups: tuple[str, ...]) -> Told:
    names, pick = _named(dimension, groups)
    return {
        strategy: dict(zip(names, [n / _SCALE for n in pick(numbers)], strict=True))
        for strategy, numbers in zip(strategies, snapshot.table[row].tolist(), strict=True)
        if numbers[0] != _UNKNOWN
    }


@lru_cache(maxsize=64)
def _named(dimension: str, groups: tuple[str, ...]) -> tuple[list[str], Callable[[Sequence[int]], Sequence[int]]]:
    """The names of a dimension's features, and what picks their columns."""
    columns = [column for group, column in _FEATURES[dimension] if group in groups]
    at = [_COLUMNS.index(column) for column in columns]
    prefix = f"{dimension}_" if dimension else ""
    # of a single column an itemgetter gives no tuple
    pick = itemgetter(*at) if len(at) > 1 else lambda numbers: [numbers[i] for i in at]
    return [prefix + column for column in columns], pick


def _columns(sums: Floats) -> dict[str, Floats]:
    return {name: sums[..., i] for i, name in enumerate(Cell._fields)}


def _features(of: Mapping[str, Floats], usual: Mapping[str, Floats]) -> list[Floats]:
    """The columns, each [row, strategy]; `usual` is what the strategies do overall."""
    level = _share(usual["top_scores"], usual["answered"])
    score = _share(of["top_scores"], of["answered"])
    return [
        _share(of["found"], of["rewarded"]),
        _share(of["reciprocal_ranks"], of["rewarded"]),
        np.log1p(of["rewarded"]) / 10,
        np.log1p(score) / 5,
        _share(score, score + level),
        _share(of["last_score"], of["last_score"] + level),
        np.log1p(_share(of["results"], of["asked"])) / 15,
        np.log1p(of["last_results"]) / 15,
        _share(of["took_ms"], of["asked"]) / 1000,
        _share(of["candidates"], of["asked"]) / 100,
        _share(of["rare"], of["answered"]),
        _share(of["popular"], of["answered"]),
        _share(of["personal"], of["profiled"]),
        _share(of["agreed"], of["compared"]),
    ]


def _share(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(whole), where=whole > 0)
