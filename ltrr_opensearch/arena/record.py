"""Records what every strategy answers: the engine's own fan-out, drawn to the deepest rung, features of all it found.

Read-only. Queries are asked a few at a time, so that a cluster that serves people is not crowded out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from ltrr_opensearch.arena.recording import Answered, Listed, Recording
from ltrr_opensearch.choose.draw import draw
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.errors import ClusterError
from ltrr_opensearch.rank.rows import dense
from ltrr_opensearch.retrieve.fan_out import FanOut
from ltrr_opensearch.retrieve.sending import Sender
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.types import (
    Asker,
    DocKey,
    Encoded,
    Features,
    Json,
    Outcome,
    PlanResult,
    SearchRequest,
    SparseVector,
    Vector,
)

AT_ONCE = 2
PATIENCE_MS = 30_000.0
FEATURED_AT_ONCE = 500
"""Documents whose features one request reads."""
LOST = (Outcome.TIMED_OUT, Outcome.FAILED)

Template = Callable[[str], Json]
"""The application's own search body for a text."""


@dataclass(frozen=True, slots=True)
class Recorder:
    """`serving` gives strategies and features; its policy and ranker are not asked.

    `vectors`: embeddings by text; `sparse`: sparse vectors.
    """

    sender: Sender
    serving: Serving
    target: str
    template: Template
    depth: int
    vectors: Mapping[str, Vector]
    sparse: Mapping[str, SparseVector] = field(default_factory=dict)

    async def record(
        self,
        queries: Sequence[str],
        done: Callable[[int], None] = lambda _: None,
        also: Mapping[str, Iterable[str]] | None = None,
    ) -> Recording:
        """`also`: further documents by query whose features are recorded although no plan may have found them."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(text: str) -> tuple[Sequence[PlanResult], Mapping[DocKey, Features]]:
            async with gate:
                found = await self._asked(text, (also or {}).get(text, ()))
            done(1)
            return found

        texts = list(dict.fromkeys(queries))
        answers = await asyncio.gather(*map(one, texts))
        return self._recording(dict(zip(texts, answers, strict=True)))

    async def _asked(self, text: str, also: Iterable[str]) -> tuple[Sequence[PlanResult], Mapping[DocKey, Features]]:
        asked = request(text, self.target, self.template)
        encoded = Encoded(self.vectors.get(text), self.sparse.get(text))
        query = self.serving.analyze(asked)
        plans = self.serving.propose(query, lambda _: None)
        choose = self.serving.choose.model_copy(
            update={"ladder": (0, self.depth), "safe_depth": self.depth, "budget": self.depth * len(plans), "floor": 0}
        )
        drawn = draw(Fixed(self.depth), plans, {}, [{}] * len(plans), choose, 0, explore=False)
        fan_out = FanOut(self.sender, PATIENCE_MS)
        hidden, own_ids = self.serving.hidden, self.serving.index.id_field
        found = await fan_out.retrieve(asked, plans, drawn, encoded, hidden, "arena", own_ids)
        if lost := next((r for r in found.results if r.outcome in LOST), None):
            raise ClusterError(f"query {text!r}, strategy {lost.plan.name}: {lost.outcome}: {lost.error}")
        keys = list(dict.fromkeys([*found.keys(), *(DocKey(self.serving.key, id) for id in also)]))
        features: dict[DocKey, Features] = {}
        for start in range(0, len(keys), FEATURED_AT_ONCE):
            some = keys[start : start + FEATURED_AT_ONCE]
            features |= await fan_out.features(asked, some, encoded.dense, self.serving.logged, "arena")
        return found.results, features

    def _recording(self, answers: Mapping[str, tuple[Sequence[PlanResult], Mapping[DocKey, Features]]]) -> Recording:
        number: dict[str, int] = {}
        names = self.serving.logged.features.names

        def numbers(keys: Iterable[DocKey]) -> list[int]:
            return [number.setdefault(key.id, len(number)) for key in keys]

        queries = {}
        for text, (results, features) in answers.items():
            lists = {
                r.plan.name: Listed(
                    np.array(numbers(h.key for h in r.hits), dtype=np.int32),
                    np.array([h.score for h in r.hits], dtype=np.float32),
                    r.took_ms,
                    r.total,
                )
                for r in results
                if r.outcome is Outcome.OK
            }
            featured = np.array(numbers(features), dtype=np.int32)
            rows = dense(features.values(), names)
            queries[text] = Answered(text, lists, featured, rows, self.vectors.get(text))
        return Recording(self.serving.key, self.depth, tuple(number), names, queries)


def request(
    text: str,
    target: str,
    template: Template,
    query_id: str = "",
    at: datetime | None = None,
    asker: Asker | None = None,
) -> SearchRequest:
    """The application's search as the proxy reads it."""
    body = template(text)
    return SearchRequest(
        query_id=query_id,
        target=target,
        text=text,
        body=body,
        params=(),
        headers=(),
        filters=(),
        size=body.get("size", 10),
        offset=0,
        asker=asker or Asker(),
        ubi=None,
        at=at or datetime.now(UTC),
    )
