"""Whole searches through running proxies, beside `hybrid` of the same plans and the client's own query, straight.

Every way is a process of `ltrr serve` on the release that the demo left, each with a configuration of its own. Queries
come as the demo's traffic has them, popular ones more often. One search at a time; the order of the ways is shuffled
for every query; a first round warms (embeddings, connections). Nothing is written to the log.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from statistics import fmean, median
from time import perf_counter
from urllib.parse import urlsplit

import orjson
import yaml

from ltrr_opensearch.bench import ours
from ltrr_opensearch.bench.figures import Figure, mean_ratio, ratio, timing
from ltrr_opensearch.bench.watched import Watch, watching
from ltrr_opensearch.build_serving import knowledge_of
from ltrr_opensearch.cluster.admin import connect
from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.configuration import load_settings
from ltrr_opensearch.demo.data import Catalogue
from ltrr_opensearch.demo.peers import peers
from ltrr_opensearch.demo.results import HYBRID_MEMORY
from ltrr_opensearch.demo.users import application_query, visits
from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.settings import ClusterSettings, Settings
from ltrr_opensearch.types import Json
from ltrr_opensearch.understand.encoders import load_encoder

STRAIGHT, HYBRID = "original query, straight", "hybrid of all plans"
ALONE, DEFAULT = "proxy, original query alone", "proxy, default depth, no ranker"
LEARNED, UNRANKED = "proxy, as learned", "proxy, as learned, no ranker"
WATCHED = "proxy, default depth, watched"
JSON_HEADERS = ((b"content-type", b"application/json"),)
ALONE_FACTOR = 1.1
Ask = Callable[[bytes], Awaitable[float]]
BREATH_S = 0.01
"""After each search, for what a proxy does behind its answer."""


@dataclass(frozen=True, slots=True)
class Shop:
    """What is asked, where: the demo's index with its release, and requests as traffic has them."""

    config: Json
    settings: Settings
    index: str
    catalogue: Catalogue

    def asked(self, count: int) -> list[str]:
        made = visits(self.catalogue.traffic, count, 100, seed=1)
        return [visit.query for visit in made]

    def variant(self, url: str, **changes: Json) -> Json:
        """The demo's configuration for a cluster at `url`, quiet: no polling, nothing logged, pages kept by itself."""
        quiet: Json = {
            "cluster": {"url": url},
            "serve": {"poll_s": 3600.0, "share_pages": False},
            "log": {"sample_rate": 0.0},
        }
        merged = {**self.config}
        for section, values in [*quiet.items(), *changes.items()]:
            merged[section] = {**merged.get(section, {}), **values}
        return merged


def shop(config: Path, url: str, index: str, catalogue: Catalogue) -> Shop:
    content = yaml.safe_load(config.read_text(encoding="utf-8"))
    content["cluster"] = {**content.get("cluster", {}), "url": url}
    settings = load_settings(config)
    cluster = settings.cluster.model_copy(update={"url": url})
    return Shop(content, settings.model_copy(update={"cluster": cluster}), index, catalogue)


@asynccontextmanager
async def ways(place: Shop, folder: Path, watch: Watch) -> AsyncIterator[dict[str, ours.Proxy]]:
    """A proxy for each way; `WATCHED` is `DEFAULT` asking through the watch."""
    url, seen = place.settings.cluster.url, f"http://127.0.0.1:{watch.port}"
    fixed = {"policy": "fixed", "floor": 0.0}
    plain = {"rank_depth": 1}
    least = fixed | {"safe_depth": min(depth for depth in place.settings.choose.ladder if depth)}
    one = {**place.config["indexes"][place.index], "strategies": [{"name": "original", "use": "original"}]}
    made = {
        ALONE: place.variant(url, choose=least, serve=plain, indexes={place.index: one}),
        DEFAULT: place.variant(url, choose=fixed, serve=plain),
        WATCHED: place.variant(seen, choose=fixed, serve=plain),
        UNRANKED: place.variant(url, serve=plain),
        LEARNED: place.variant(url),
    }
    async with AsyncExitStack() as stack:
        started = {}
        for name, settings in made.items():
            started[name] = await stack.enter_async_context(ours.beside(folder, settings))
        yield started


@dataclass
class Measured:
    """ms of whole searches by way."""

    times: dict[str, list[float]]
    own: list[float]
    """Of the watched ones, the time in which nothing was asked of the cluster."""
    winners_ms: float = 0.0
    """Mean time for the winners' fetch of a search as learned without ranker."""


async def measure_times(place: Shop, folder: Path, count: int, done: Callable[[int], None]) -> Measured:
    there = urlsplit(place.settings.cluster.url)
    measured = Measured(defaultdict(list), [])
    hybrid = await asyncio.to_thread(_hybrid_bodies, place)
    warm = list(place.catalogue.traffic)
    async with (
        watching(there.hostname or "", there.port or 80) as watch,
        ways(place, folder, watch) as proxies,
        _askers(place, proxies, next(iter(hybrid.values()))[0]) as ask,
    ):
        chance = Random(0)  # noqa: S311
        for number, text in enumerate([*warm, *place.asked(count)]):
            if number == len(warm):
                before = ours.stage_ms(proxies[UNRANKED].admin, "winners")
            own = application_query(text)
            bodies = dict.fromkeys(ask, own) | {STRAIGHT: straight_body(place, own), HYBRID: hybrid[text][1]}
            for name in chance.sample(sorted(bodies), len(bodies)):
                watch.forget()
                taken = await ask[name](orjson.dumps(bodies[name]))
                await asyncio.sleep(BREATH_S if name in proxies else 0)
                if number >= len(warm):
                    measured.times[name].append(taken)
                    measured.own += [taken - watch.waited() * 1000] if name == WATCHED else []
            done(1)
        spent = ours.stage_ms(proxies[UNRANKED].admin, "winners") - before
        measured.winners_ms = spent / count
    return measured


@asynccontextmanager
async def _askers(place: Shop, proxies: Mapping[str, ours.Proxy], peer: str) -> AsyncIterator[dict[str, Ask]]:
    search, url = f"/{place.index}/_search", place.settings.cluster.url
    async with AsyncExitStack() as stack:
        asks = {n: await _asker(stack, f"http://127.0.0.1:{p.port}", search) for n, p in proxies.items()}
        yield asks | {STRAIGHT: await _asker(stack, url, search), HYBRID: await _asker(stack, url, peer)}


def straight_body(place: Shop, own: Json) -> Json:
    """What the client would ask without us: our vectors would not be in its documents."""
    vector = place.settings.indexes[place.index].vector
    return own | ({"_source": {"excludes": [vector.field]}} if vector else {})


def _hybrid_bodies(place: Shop) -> dict[str, tuple[str, Json]]:
    """`hybrid` of all plans, by query: the same plans as the proxies ask, 50 deep each."""
    settings, index = place.settings, place.settings.indexes[place.index]
    release = ReleaseStore(connect(settings.cluster), settings.state.prefix).current(place.index)
    knowledge = knowledge_of(release.parts if release else {})
    texts = list(place.catalogue.traffic)
    vectors = load_encoder(settings.encoder, None).encode(texts)
    made = {}
    for text, vector in zip(texts, vectors, strict=True):
        peer = peers(text, place.index, index, knowledge, vector, HYBRID_MEMORY)[-1]
        assert peer.body is not None
        made[text] = (peer.target, peer.body)
    return made


async def _asker(stack: AsyncExitStack, url: str, target: str) -> Ask:
    """Sends a search over kept-alive connections; the time in ms."""
    upstream = Upstream(ClusterSettings(url=url))
    await upstream.open()
    stack.push_async_callback(upstream.close)

    async def ask(body: bytes) -> float:
        started = perf_counter()
        reply = await upstream.send("POST", target, JSON_HEADERS, body)
        taken = (perf_counter() - started) * 1000
        if reply.status != 200:
            raise ModelError(f"{url}{target} answered {reply.status}: {reply.body[:200]!r}")
        return taken

    return ask


def figures(measured: Measured) -> list[Figure]:
    t = measured.times
    own = timing("time of a search at default depth that is not waiting for the cluster", measured.own)
    learned = mean_ratio("as learned, beside hybrid of all plans (means)", t[LEARNED], t[HYBRID], HYBRID, 0.8)
    bare = fmean(t[UNRANKED]) - measured.winners_ms
    more = [time - measured.winners_ms for time in t[UNRANKED]]
    all_of_it = mean_ratio("with features logged, ranker and winners, to without (means)", t[LEARNED], more, "", 1.5)
    alone = median(t[ALONE]) - ALONE_FACTOR * median(t[STRAIGHT])
    return [
        replace(own, target=3.0, aim=1.0),
        replace(ratio("default depth, beside hybrid of the same plans", t[DEFAULT], t[HYBRID], HYBRID, 1.25), aim=1.0),
        replace(learned, aim=0.5),
        replace(all_of_it, beside=("as learned, without", bare), aim=1.35),
        Figure("original alone, less 1.1 times straight", alone, "ms", (STRAIGHT, median(t[STRAIGHT])), 2.0, False),
        replace(ratio("original alone, beside straight", t[ALONE], t[STRAIGHT], STRAIGHT, None), aim=1.03),
        *(timing(name, times) for name, times in t.items()),
    ]
