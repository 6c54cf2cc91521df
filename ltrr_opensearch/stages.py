"""What makes an order after the ranker, where an index asks for it: a second stage, then keeping alike documents apart.

A stage that fails or is late leaves the order as it came, and is counted under its name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ltrr_opensearch.behind import Observer
from ltrr_opensearch.errors import Unreachable
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.rank.diverse import alike_by_values, alike_by_vectors, diversified
from ltrr_opensearch.record import Stage
from ltrr_opensearch.retrieve.contents import texts_of, values_of, vectors_of
from ltrr_opensearch.retrieve.fan_out import FanOut
from ltrr_opensearch.serving import Asked
from ltrr_opensearch.stage_settings import DiversifySettings, SecondStageSettings
from ltrr_opensearch.types import DocKey, Doubles, Ranked
from ltrr_opensearch.understand.batched import Batched
from ltrr_opensearch.understand.cross_encoder import Pair

RANKER, SECOND, DIVERSITY = "ranker", "second_stage", "diversity"

Pairs = Batched[Pair, float]
Order = tuple[Ranked, ...]


class Stages:
    """`pairs`: the second stage of each index that has one. `deadline_ms`: longest wait for what tells alike ones."""

    def __init__(self, fan_out: FanOut, observer: Observer, deadline_ms: float, pairs: Mapping[str, Pairs]) -> None:
        self._fan_out = fan_out
        self._observer = observer
        self._deadline_s = deadline_ms / 1000
        self._pairs = pairs

    async def after(self, asked: Asked, ranked: Order) -> tuple[Order, tuple[Stage, ...]]:
        """The final order, and that of every stage that made one; the ranker's first."""
        index, stages = asked.serving.index, [_stage(RANKER, ranked)]
        if (second := index.second_stage) and (pairs := self._pairs.get(asked.serving.key)):
            ranked = await self._second(asked, ranked, second, pairs)
            stages.append(_stage(SECOND, ranked))
        if index.diversify:
            ranked = await self._diverse(asked, ranked, index.diversify)
            stages.append(_stage(DIVERSITY, ranked))
        return ranked, tuple(stages)

    async def _second(self, asked: Asked, ranked: Order, settings: SecondStageSettings, pairs: Pairs) -> Order:
        head = ranked[: settings.depth]
        try:
            async with asyncio.timeout(settings.budget_ms / 1000):
                texts = await texts_of(
                    asked.documents(self._fan_out),
                    _keys(head),
                    settings.fields or tuple(asked.serving.index.text_fields),
                )
                scores = await asyncio.gather(*(pairs.get((asked.request.text, text)) for text in texts))
        except TimeoutError:
            self._observer.fallback(f"{SECOND}_late")
            return ranked
        except Exception:  # whatever a model or the cluster makes of it, the ranker's order is at hand
            self._observer.fallback(SECOND)
            return ranked
        order = np.argsort(-np.asarray(scores), kind="stable")
        return _in_order([head[i] for i in order], ranked)

    async def _diverse(self, asked: Asked, ranked: Order, settings: DiversifySettings) -> Order:
        head = ranked[: settings.depth]
        try:
            async with asyncio.timeout(self._deadline_s):
                alike = await self._alike(asked, _keys(head), settings)
            return diversified(ranked, alike, settings.places)
        except Exception:  # whatever the documents hold, the order is at hand
            self._observer.fallback(DIVERSITY)
            return ranked

    async def _alike(self, asked: Asked, keys: Sequence[DocKey], settings: DiversifySettings) -> Doubles:
        documents = asked.documents(self._fan_out)
        if settings.field:
            return alike_by_values(await values_of(documents, keys, settings.field))
        return alike_by_vectors(await vectors_of(documents, keys, _vector_field(asked.serving.index)))


def _vector_field(index: IndexSettings) -> str:
    if index.vector is None:
        raise Unreachable("there are no vectors to tell alike documents by")  # still being written, or no encoder
    return index.vector.field


def _keys(ranked: Sequence[Ranked]) -> list[DocKey]:
    return [r.candidate.key for r in ranked]


def _stage(name: str, ranked: Sequence[Ranked]) -> Stage:
    return Stage(name, tuple(_keys(ranked)))


def _in_order(head: Sequence[Ranked], ranked: Order) -> Order:
    moved = [*head, *ranked[len(head) :]]
    return tuple(r if r.rank == at else replace(r, rank=at) for at, r in enumerate(moved, start=1))
