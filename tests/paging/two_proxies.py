"""Two engines on one node, as two proxies behind a load balancer have them: what they share is in the cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import orjson

from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.paging.shared import SharedPages
from ltrr_opensearch.plan.registry import build_strategies
from ltrr_opensearch.rank.feature_sets import derive
from ltrr_opensearch.rank.rows import feature_names
from ltrr_opensearch.retrieve.fan_out import FanOut
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.settings import ClusterSettings
from ltrr_opensearch.types import Json
from tests.engine.worlds import Bench, request_of, serving_of
from tests.paging.catalogue import QUERY, SETTINGS, Encoder
from tests.paging.walks import Ask


def serving(index: IndexSettings = SETTINGS, **changes: Any) -> Serving:
    knowledge = Knowledge.empty()
    served = serving_of(index=index, strategies=build_strategies(index, knowledge), columns=feature_names(index))
    return replace(served, logged=replace(served.logged, features=derive(index)), **changes)


class Proxies:
    """`engines` answer in turn; each with an account, a memory and a serving of its own."""

    def __init__(self, index: str, engines: list[Bench]) -> None:
        self.index = index
        self.engines = engines

    def asks(self, query: Json = QUERY, filters: tuple[Json, ...] = (), **body: Any) -> list[Ask]:
        return [self._ask(engine, query, filters, body) for engine in self.engines]

    def _ask(self, engine: Bench, query: Json, filters: tuple[Json, ...], body: Json) -> Ask:
        async def ask(offset: int, size: int) -> Json:
            request = request_of(self.index, "shoes", size, offset, query=query, **body)
            answer = await engine.engine.search(replace(request, filters=filters), "products")
            assert answer is not None, engine.counts.reasons
            found: Json = orjson.loads(answer.body)
            return found

        return ask

    def serve(self, served: Serving) -> None:
        for engine in self.engines:
            engine.serving = served

    @property
    def union(self) -> set[str]:
        """What the plans of the first page's draw found."""
        first = next(d for engine in self.engines for d in engine.decisions)
        return {c.key.id for c in first.candidates if c.found}

    @property
    def reasons(self) -> list[str]:
        return [reason for engine in self.engines for reason in engine.counts.reasons]


@asynccontextmanager
async def proxies(
    url: str,
    index: str,
    served: Serving | None = None,
    *,
    share: bool = True,
    window: int = 1000,
    count: int = 2,
    deadline_ms: float = 5000,
) -> AsyncIterator[Proxies]:
    upstream = Upstream(ClusterSettings(url=url))
    await upstream.open()
    made, started = [], []
    for _ in range(count):
        engine = Bench(upstream, served or serving(), window, encoder=Encoder())
        if share:
            shared = SharedPages(upstream, (), f"{index.partition(',')[0]}_pages", 600, engine.counts.fallback)
            engine.share(shared)
            started.append(shared.running())
        engine.ask_through(FanOut(upstream, deadline_ms))
        made.append(engine)
    try:
        for each in started:
            await each.__aenter__()
        yield Proxies(index, made)
    finally:
        for each in started:
            await each.__aexit__(None, None, None)
        for engine in made:
            await engine.engine.drain()
        await upstream.close()
