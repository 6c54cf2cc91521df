"""What one search costs through the engine, beside OpenSearch's own `hybrid` of the same plans and the plain query.

All go over the same connections from the same process and event loop, one at a time, in an order shuffled for every
query, with the query's embedding at hand. The engine runs in this process: the proxy's own HTTP side has a suite of
its own. What an engine does behind its answer is waited for, untimed, before the next search.
"""

from __future__ import annotations

import os
import time
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from random import Random

import orjson
import uvloop
from opensearchpy.exceptions import OpenSearchException
from rich.console import Console

from ltrr_opensearch import assemble
from ltrr_opensearch.bench.figures import Figure, ratio, timing
from ltrr_opensearch.build_serving import ServingBuilder
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.cluster.admin import connect
from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.configuration import load_settings
from ltrr_opensearch.demo import data
from ltrr_opensearch.demo.peers import Peer, peers, request
from ltrr_opensearch.demo.progress import bar
from ltrr_opensearch.demo.results import HYBRID_MEMORY
from ltrr_opensearch.demo.run import QUICK, WHOLE, Demo, Scale
from ltrr_opensearch.demo.stack import Stack
from ltrr_opensearch.engine import Engine
from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.logged import Decision, LaterShown
from ltrr_opensearch.node.places import asked_home
from ltrr_opensearch.paging.build import orders
from ltrr_opensearch.release.store import Release, ReleaseStore
from ltrr_opensearch.retrieve.fan_out import FanOut
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import PlanResult, SearchRequest, Vector
from ltrr_opensearch.understand.encoders import load_encoder
from ltrr_opensearch.understand.query_encoder import QueryEncoder

JSON_HEADERS = ((b"content-type", b"application/json"),)
STRAIGHT, HYBRID = "original query, straight", "hybrid of all plans"
ALONE, DEFAULT, LEARNED = "engine, original query alone", "engine, default depth", "engine, learned"
UNRANKED = "engine, learned, no ranker"
TARGET_DEFAULT, TARGET_LEARNED = 1.25, 1.0
Ask = Callable[[], Awaitable[object]]


@dataclass
class Stages:
    """An engine's observer: the times of its stages, in ms, once `on`; a fall-back is counted as a stage of its own."""

    on: bool = False
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def stage(self, name: str, seconds: float) -> None:
        if self.on:
            self.times[name].append(seconds * 1000)

    def fallback(self, reason: str) -> None:
        self.stage(f"fallback: {reason}", 0.0)

    def retrieved(self, results: Sequence[PlanResult]) -> None: ...
    def searched(self, index: str, phase: str, group: str) -> None: ...


class Unrecorded:
    """Takes records as if they were kept."""

    def keeps(self, _query_id: str) -> bool:
        return True

    keeps_features = keeps

    def __call__(self, decision: Decision, request: SearchRequest) -> None: ...
    def later(self, shown: LaterShown, request: SearchRequest) -> None: ...


@dataclass(frozen=True, slots=True)
class Measured:
    """Times by way, in ms; and by way and stage."""

    times: dict[str, list[float]]
    stages: dict[str, Stages]


@dataclass(frozen=True, slots=True)
class Bench:
    """What is asked, by whom. All of `servings` serve the same release, more or less of it."""

    settings: Settings
    index: str
    upstream: Upstream
    encoder: QueryEncoder[Vector]
    servings: dict[str, Serving]

    def engine(self, serving: Serving, observer: Stages) -> Engine:
        return Engine(
            fan_out=FanOut(self.upstream, self.settings.serve.deadline_ms),
            serving=lambda _key: serving,
            encoder=self.encoder,
            record=Unrecorded(),
            observer=observer,
            orders=orders(self.settings, None),
            limits=assemble.limits(self.settings),
        )

    async def ways(self, text: str, engines: dict[str, Engine]) -> dict[str, Ask]:
        vector = await self.encoder.encode(text)
        served = self.servings[LEARNED]
        made = peers(text, self.index, served.index, served.knowledge, vector, HYBRID_MEMORY)
        plain: dict[str, Ask] = {STRAIGHT: lambda: self._send(made[0]), HYBRID: lambda: self._send(made[-1])}
        return plain | {way: self._searching(engine, text) for way, engine in engines.items()}

    async def _send(self, peer: Peer) -> None:
        reply = await self.upstream.send("POST", peer.target, JSON_HEADERS, orjson.dumps(peer.body))
        if reply.status != 200:
            raise ModelError(f"{peer.system} answered {reply.status}: {reply.body[:200]!r}")

    def _searching(self, engine: Engine, text: str) -> Ask:
        async def search() -> None:
            if await engine.search(request(text, self.index, str(uuid.uuid4())), self.index) is None:
                raise ModelError(f"the engine passed {text!r} through; see its log")

        return search


def measure(console: Console, quick: bool) -> list[Figure]:
    """On the index and release that the demo left; where there are none, the demo runs first."""
    stack = Stack(asked_home(os.environ))
    scale = QUICK if quick else WHOLE
    try:
        if not is_there(stack, scale):
            Demo(console, stack, scale).run()
            stack.stop_proxy()
        return measure_cost(console, stack, scale, rounds=3)
    finally:
        stack.close()


def measure_cost(console: Console, stack: Stack, scale: Scale, rounds: int) -> list[Figure]:
    """Needs what the demo leaves: node, index, release and configuration."""
    catalogue = data.load(data.find(stack.home), scale.products)
    settings = _settings(stack)
    with bar(console, "Cost of a search", rounds * len(catalogue.queries)) as done:
        measured = uvloop.run(_measure(settings, scale.index, catalogue.queries, rounds, done))
    return figures(measured)


def figures(measured: Measured) -> list[Figure]:
    times = measured.times
    return [
        ratio("engine_default_over_hybrid", times[DEFAULT], times[HYBRID], HYBRID, TARGET_DEFAULT),
        ratio("engine_learned_over_hybrid", times[LEARNED], times[HYBRID], HYBRID, TARGET_LEARNED),
        ratio("engine_learned_without_ranker_over_hybrid", times[UNRANKED], times[HYBRID], HYBRID, None),
        ratio("original_only_over_straight", times[ALONE], times[STRAIGHT], STRAIGHT, None),
        *(timing(way, taken) for way, taken in times.items()),
        *(
            timing(f"{way}: {stage}", taken)
            for way, stages in measured.stages.items()
            for stage, taken in stages.times.items()
            if way in (DEFAULT, LEARNED)
        ),
    ]


async def _measure(
    settings: Settings, index: str, queries: tuple[str, ...], rounds: int, done: Callable[[int], None]
) -> Measured:
    times: dict[str, list[float]] = defaultdict(list)
    chance = Random(0)  # noqa: S311
    async with _bench(settings, index) as bench:
        stages = {way: Stages() for way in bench.servings}
        engines = {way: bench.engine(serving, stages[way]) for way, serving in bench.servings.items()}
        for number in range(rounds + 1):
            for text in queries:
                ways = list((await bench.ways(text, engines)).items())
                for way, ask in chance.sample(ways, len(ways)):
                    started = time.perf_counter()
                    await ask()
                    if number:  # the first round only warms
                        times[way].append((time.perf_counter() - started) * 1000)
                    if way in engines:
                        await engines[way].drain()
                done(bool(number))
            for observer in stages.values():
                observer.on = True
    order = (STRAIGHT, HYBRID, *bench.servings)
    return Measured({way: times[way] for way in order}, stages)


@asynccontextmanager
async def _bench(settings: Settings, index: str) -> AsyncIterator[Bench]:
    client = connect(settings.cluster)
    encoder = load_encoder(settings.encoder, None)
    release = ReleaseStore(client, settings.state.prefix).current(index)
    if release is None:
        raise ModelError(f"index {index!r} has no release; run the demo first")
    upstream = Upstream(settings.cluster)
    await upstream.open()
    try:
        yield Bench(
            settings=settings,
            index=index,
            upstream=upstream,
            encoder=QueryEncoder(encoder, 10_000),
            servings=_servings(settings, release, ServingBuilder(settings, client, encoder)),
        )
    finally:
        await upstream.close()


def _servings(settings: Settings, release: Release, builder: ServingBuilder) -> dict[str, Serving]:
    """`DEFAULT` is a cold start that knows what `hybrid` is told: the same plans, nothing learned of them."""
    learned = builder.of_release(release)
    steady = learned.choose.model_copy(update={"floor": 0.0})
    cold = replace(learned, policy=Fixed(settings.choose.safe_depth), choose=steady, ranker=None)
    alone = tuple(s for s, of in zip(learned.strategies, learned.index.strategies, strict=True) if of.use == "original")
    return {
        ALONE: replace(cold, strategies=alone, policy=Fixed(min(d for d in settings.choose.ladder if d))),
        DEFAULT: cold,
        UNRANKED: replace(learned, ranker=None),
        LEARNED: learned,
    }


def _settings(stack: Stack) -> Settings:
    """The demo's, at the address where the node is now."""
    settings = load_settings(stack.config)
    return settings.model_copy(update={"cluster": settings.cluster.model_copy(update={"url": stack.node()})})


def is_there(stack: Stack, scale: Scale) -> bool:
    if not stack.config.exists():
        return False
    settings = _settings(stack)
    if scale.index not in settings.indexes:
        return False
    try:
        return ReleaseStore(connect(settings.cluster), settings.state.prefix).current(scale.index) is not None
    except OpenSearchException:
        return False
