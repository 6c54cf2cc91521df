"""An engine on a real node, with what it recorded and counted."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson

from ltrr_opensearch.answer.pages import PageMemory
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.cluster.feature_logging import NamedScores
from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.encoding import TextEncoder
from ltrr_opensearch.engine import Engine, Limits
from ltrr_opensearch.fuse.rrf import Rrf
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.logged import Decision, LaterShown
from ltrr_opensearch.paging.orders import Orders
from ltrr_opensearch.paging.shared import SharedPages
from ltrr_opensearch.plan.registry import build_strategies
from ltrr_opensearch.rank.feature_sets import derive
from ltrr_opensearch.rank.rows import feature_names
from ltrr_opensearch.retrieve.fan_out import FanOut, Logged
from ltrr_opensearch.rule_settings import RuleSettings
from ltrr_opensearch.rules.book import RuleBook
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.settings import ClusterSettings
from ltrr_opensearch.stages import Pairs
from ltrr_opensearch.types import (
    Asker,
    Json,
    Matrix,
    PlanResult,
    SearchRequest,
    Vector,
)

F = TypeVar("F", bound=FanOut)
INDEX = IndexSettings(text_fields={"title": 2, "body": 1})
CHOOSE = ChooseSettings(floor=0.0)
COLOURS = ("red", "blue", "green")


class Counts:
    def __init__(self) -> None:
        self.reasons: list[str] = []

    def stage(self, name: str, seconds: float) -> None: ...
    def fallback(self, reason: str) -> None:
        self.reasons.append(reason)

    def retrieved(self, results: Sequence[PlanResult]) -> None: ...
    def searched(self, index: str, phase: str, group: str) -> None: ...


class Recorded:
    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self.pages: list[LaterShown] = []
        self.kept = True
        self.features_kept = True

    def keeps(self, _query_id: str) -> bool:
        return self.kept

    def keeps_features(self, _query_id: str) -> bool:
        return self.features_kept

    def __call__(self, decision: Decision, request: SearchRequest) -> None:
        self.decisions.append(decision)

    def later(self, shown: LaterShown, request: SearchRequest) -> None:
        self.pages.append(shown)


class Bench:
    """An engine with what it recorded and counted."""

    def __init__(
        self, upstream: Upstream, serving: Serving, window: int = 1000, encoder: TextEncoder[Vector] | None = None
    ) -> None:
        self.upstream = upstream
        self.serving = serving
        self.counts = Counts()
        self.recorded = Recorded()
        self.encoder = encoder
        self.window = window
        self.rules: RuleBook | None = None
        self.pairs: dict[str, Pairs] = {}
        self.explain_ms = 5000.0
        self.engine: Engine
        self.share(None)

    def hold(self, *rules: Json) -> None:
        """From now on these rules hold, and no others."""
        self.rules = RuleBook([RuleSettings.model_validate({"id": f"rule-{n}"} | rule) for n, rule in enumerate(rules)])

    @property
    def decisions(self) -> list[Decision]:
        return self.recorded.decisions

    def share(self, shared: SharedPages | None) -> None:
        """Forgets all orders; from now on they are shared, or kept by this engine alone."""
        self.orders = Orders(PageMemory(100, 300, time.monotonic), shared, self.window)
        self.ask_through(FanOut(self.upstream, deadline_ms=5000))

    def ask_through(self, fan_out: F) -> F:
        self.engine = Engine(
            fan_out,
            lambda _key: self.serving,
            self.encoder,
            self.recorded,
            self.counts,
            self.orders,
            Limits(deadline_ms=5000, rank_depth=100, secret="s", feature_sample=3, explain_ms=self.explain_ms),
            lambda _key: self.rules,
            self.pairs,
        )
        return fan_out

    async def page(self, request: SearchRequest) -> Json:
        answer = await self.engine.search(request, "products")
        await self.engine.drain()
        assert answer is not None
        assert answer.status == 200
        body: Json = orjson.loads(answer.body)
        return body


def serving_of(**changes: Any) -> Serving:
    knowledge = Knowledge.empty()
    serving = Serving(
        key="products",
        index=INDEX,
        choose=CHOOSE,
        release="none",
        phase="cold",
        knowledge=knowledge,
        strategies=build_strategies(INDEX, knowledge),
        policy=Fixed(50),
        fusion=Rrf(),
        ranker=None,
        columns=feature_names(INDEX),
        logged=Logged(derive(INDEX), NamedScores()),
        hidden=(),
    )
    return replace(serving, **changes)


@asynccontextmanager
async def bench(url: str, serving: Serving, window: int = 1000) -> AsyncIterator[Bench]:
    upstream = Upstream(ClusterSettings(url=url))
    await upstream.open()
    try:
        yield Bench(upstream, serving, window)
    finally:
        await upstream.close()


def request_of(target: str, text: str = "red shoes", size: int = 10, offset: int = 0, **body: Any) -> SearchRequest:
    query = {"multi_match": {"query": text, "fields": ["title", "body"]}}
    whole = {"query": query, "size": size, "from": offset} | body
    return SearchRequest(
        query_id=f"q{offset}",
        target=target,
        text=text,
        body=whole,
        params=(),
        headers=(),
        filters=tuple(body.get("query", {}).get("bool", {}).get("filter", ())),
        size=size,
        offset=offset,
        asker=Asker(),
        ubi=None,
        at=datetime.now(UTC),
    )


class Backwards:
    """Ranks what the fusion had last first."""

    name = "backwards"
    features: tuple[str, ...] = ("plans.fused",)

    def score(self, rows: Matrix) -> Matrix:
        return -rows[:, 0]
