"""The entities of a million remembered queries with their scores, packed: 13 bytes a pair and each id once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.columns import Columns
from ltrr_opensearch.knowledge.strings import Strings
from ltrr_opensearch.types import Doubles, EntityScore

_MICRO = 1e6
KEPT_LISTS = 2_000
"""Lists kept as objects, the last ones made."""


class EntityLists:
    """Immutable. Row `i` has the pairs from `starts[i]` to `starts[i + 1]`; `which` are rows of `ids`."""

    __slots__ = ("_kept", "_predicted", "_scores", "_starts", "_which", "ids")

    def __init__(
        self,
        ids: Strings,
        starts: NDArray[np.int64],
        which: NDArray[np.uint32],
        scores: Doubles,
        predicted: NDArray[np.bool_],
    ) -> None:
        whole = len(starts) and not starts[0] and starts[-1] == len(which) == len(scores) == len(predicted)
        if not whole or (np.diff(starts) < 0).any() or (len(which) and which.max() >= len(ids)):
            raise ModelError(f"{len(which)} pairs, {len(scores)} scores and {len(ids)} entities do not fit together")
        self.ids, self._starts, self._which, self._scores, self._predicted = ids, starts, which, scores, predicted
        self._kept: dict[int, tuple[EntityScore, ...]] = {}

    @classmethod
    def of(cls, lists: Sequence[Sequence[EntityScore]]) -> EntityLists:
        flat = [entity for one in lists for entity in one]
        ids = Strings.of(entity.id for entity in flat)
        row = {ids[i]: i for i in range(len(ids))}
        starts = np.zeros(len(lists) + 1, np.int64)
        starts[1:] = np.cumsum([len(one) for one in lists])
        which = np.array([row[entity.id] for entity in flat], np.uint32)
        predicted = np.array([entity.predicted for entity in flat], np.bool_)
        return cls(ids, starts, which, np.array([entity.score for entity in flat], np.float64), predicted)

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, row: int) -> tuple[EntityScore, ...]:
        known = self._kept.get(row)
        if known is None:
            known = self._kept[row] = self._made(row)
            if len(self._kept) > KEPT_LISTS:
                self._kept.pop(next(iter(self._kept)))
        return known

    def _made(self, row: int) -> tuple[EntityScore, ...]:
        part = slice(self._starts[row], self._starts[row + 1])
        told = zip(self._which[part].tolist(), self._scores[part].tolist(), self._predicted[part].tolist(), strict=True)
        return tuple(EntityScore(self.ids[i], score, predicted) for i, score, predicted in told)

    def pairs(self) -> tuple[NDArray[np.intp], NDArray[np.uint32], Doubles]:
        """(row, entity, score) of every pair; what is only predicted has not worked yet, and counts 0."""
        worked = np.where(self._predicted, 0.0, self._scores)
        return np.repeat(np.arange(len(self)), np.diff(self._starts)), self._which, worked

    def columns(self) -> Columns:
        """Scores to six decimals."""
        letters, places = self.ids.columns()
        return {
            "entity_letters": letters,
            "entity_places": places,
            "entity_counts": np.diff(self._starts).astype(np.uint32),
            "entity_which": self._which,
            "entity_scores": np.rint(self._scores * _MICRO).astype(np.uint32),
            "entity_predicted": self._predicted.astype(np.uint8),
        }

    @classmethod
    def of_columns(cls, columns: dict[str, NDArray[Any]]) -> EntityLists:
        ids = Strings.of_columns(columns["entity_letters"], columns["entity_places"])
        starts = np.concatenate([[0], np.cumsum(columns["entity_counts"], dtype=np.int64)])
        scores = columns["entity_scores"] / _MICRO
        return cls(ids, starts, columns["entity_which"], scores, columns["entity_predicted"].astype(np.bool_))
