"""What one search costs through the engine, beside OpenSearch's own `hybrid` of the same plans and the plain query.

All go over the same connections from the same process, one at a time, interleaved query by query, with the query's
embedding at hand. The engine runs in this process: the proxy's own HTTP side has a suite of its own.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import orjson
from rich.console import Console

from ltrr_opensearch import assemble
from ltrr_opensearch.answer.pages import PageMemory
from ltrr_opensearch.bench.figures import Figure, ratio, timing
from ltrr_opensearch.cluster.admin import connect
from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.configuration import load_settings
from ltrr_opensearch.demo import data
from ltrr_opensearch.demo.peers import Peer, peers, request
from ltrr_opensearch.demo.progress import bar
from ltrr_opensearch.demo.results import HYBRID_MEMORY
from ltrr_opensearch.demo.run import Scale
from ltrr_opensearch.demo.stack import Stack
from ltrr_opensearch.engine import Engine
from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.proxy.metrics import Metrics
from ltrr_opensearch.release.store import Release, ReleaseStore
from ltrr_opensearch.retrieve.fan_out import FanOut
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.understand.encoders import load_encoder
from ltrr_opensearch.understand.query_encoder import QueryEncoder

JSON_HEADERS = ((b"content-type", b"application/json"),)
ORIGINAL, HYBRID, FIXED, LEARNED = "original query", "hybrid of all plans", "engine, default depth", "engine, learned"
TARGET_FIXED, TARGET_LEARNED = 1.25, 1.0
Ask = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Bench:
    """What is asked, by whom. `fixed` and `learned` serve the same release but for the policy."""

    settings: Settings
    index: str
    upstream: Upstream
    encoder: QueryEncoder
    fixed: Serving
    learned: Serving

    def engine(self, serving: Serving) -> Engine:
        return Engine(
            fan_out=FanOut(self.upstream, self.settings.serve.deadline_ms),
            serving=lambda _key: serving,
            encoder=self.encoder,
            record=lambda _decision, _request: None,
            observer=Metrics(),
            pages=PageMemory(1000, 600.0, time.monotonic),
            limits=assemble.limits(self.settings),
        )

    async def ways(self, text: str, fixed: Engine, learned: Engine) -> dict[str, Ask]:
        vector = await self.encoder.encode(text)
        made = peers(text, self.index, self.learned.index, self.learned.knowledge, vector, HYBRID_MEMORY)
        return {
            ORIGINAL: lambda: self._send(made[0]),
            HYBRID: lambda: self._send(made[-1]),
            FIXED: lambda: self._search(fixed, text),
            LEARNED: lambda: self._search(learned, text),
        }

    async def _send(self, peer: Peer) -> None:
        await self.upstream.send("POST", peer.target, JSON_HEADERS, orjson.dumps(peer.body))

    async def _search(self, engine: Engine, text: str) -> None:
        if await engine.search(request(text, self.index, str(uuid.uuid4())), self.index) is None:
            raise ModelError(f"the engine passed {text!r} through; see its log")


def measure_cost(console: Console, stack: Stack, scale: Scale, rounds: int) -> list[Figure]:
    """Needs what the demo leaves: node, index, release and configuration."""
    catalogue = data.load(data.find(stack.home), scale.products)
    settings = load_settings(stack.config)
    with bar(console, "Cost of a search", rounds * len(catalogue.queries)) as done:
        times = asyncio.run(_measure(settings, scale.index, catalogue.queries, rounds, done))
    return [
        *(timing(f"{way}, median", taken) for way, taken in times.items()),
        ratio("engine at default depth / hybrid", times[FIXED], times[HYBRID], HYBRID, TARGET_FIXED),
        ratio("engine as learned / hybrid", times[LEARNED], times[HYBRID], HYBRID, TARGET_LEARNED),
        ratio("engine as learned / original query", times[LEARNED], times[ORIGINAL], ORIGINAL, None),
    ]


async def _measure(
    settings: Settings, index: str, queries: tuple[str, ...], rounds: int, done: Callable[[int], None]
) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {way: [] for way in (ORIGINAL, HYBRID, FIXED, LEARNED)}
    async with _bench(settings, index) as bench:
        fixed, learned = bench.engine(bench.fixed), bench.engine(bench.learned)
        for number in range(rounds + 1):
            for text in queries:
                for way, ask in (await bench.ways(text, fixed, learned)).items():
                    started = time.perf_counter()
                    await ask()
                    if number:  # the first round only warms
                        times[way].append((time.perf_counter() - started) * 1000)
                    # what an engine still logs behind its answer must not slow the next one
                    await asyncio.gather(fixed.drain(), learned.drain())
                done(bool(number))
    return times


@asynccontextmanager
async def _bench(settings: Settings, index: str) -> AsyncIterator[Bench]:
    client = connect(settings.cluster)
    encoder = load_encoder(settings.encoder, None)
    release = ReleaseStore(client, settings.state.prefix).current(index)
    if release is None:
        raise ModelError(f"index {index!r} has no release; run the demo first")
    choose = settings.choose.model_copy(update={"policy": "fixed"})
    plain = Release(release.id, index, release.created, {k: p for k, p in release.parts.items() if k != "policy"})
    upstream = Upstream(settings.cluster)
    await upstream.open()
    try:
        yield Bench(
            settings=settings,
            index=index,
            upstream=upstream,
            encoder=QueryEncoder(encoder, 10_000),
            fixed=assemble.ServingBuilder(settings.model_copy(update={"choose": choose}), client, encoder).of_release(
                plain
            ),
            learned=assemble.ServingBuilder(settings, client, encoder).of_release(release),
        )
    finally:
        await upstream.close()
