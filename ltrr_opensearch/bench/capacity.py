"""Searches a second on two cores shared with the node: the proxy, the same `_msearch` straight, the query alone.

A closed loop of ever more clients, in turns; what counts is the best rate whose 99th percentile stays below 250 ms.
The `_msearch` holds what the proxy asks at once for a search (plans and the client's own query), as it was seen on the
way. The load comes from this process, on the same cores as all the rest.
"""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from urllib.parse import parse_qsl, urlsplit

import orjson

from ltrr_opensearch.bench import ours
from ltrr_opensearch.bench.figures import Figure, repeated
from ltrr_opensearch.bench.load import Caller, Load, Refused, closed_loop, request
from ltrr_opensearch.bench.watched import Exchange, Watch, watching
from ltrr_opensearch.bench.whole import JSON_HEADERS, Shop, straight_body
from ltrr_opensearch.cluster.upstream import Upstream
from ltrr_opensearch.demo.users import application_query
from ltrr_opensearch.settings import ClusterSettings

PROXY, MSEARCH, SINGLE = "through the proxy", "the same _msearch, straight", "the client's query, straight"
P99_MS = 250.0
RATE_TARGET, RATE_AIM = 0.85, 0.95
SHARED_CORES = 2
NOTHING = Load(0.0, float("inf"))
"""What comes of a load that is never sustained."""


async def measure(
    place: Shop, folder: Path, clients: tuple[int, ...], rounds: int, seconds: float, done: Callable[[int], None]
) -> list[Figure]:
    there = urlsplit(place.settings.cluster.url)
    port = there.port or 80
    single, searched = f"/{place.index}/_search", {}
    texts = place.asked(500)
    async with watching(there.hostname or "", port) as watch:
        searched = await _seen(place, folder, watch)
    with ours.proxy(folder, place.variant(place.settings.cluster.url), _shared()) as proxy:
        own = [application_query(text) for text in texts]
        asked = {
            PROXY: (proxy.port, [request("POST", single, orjson.dumps(body)) for body in own]),
            MSEARCH: (port, [searched[text] for text in texts]),
            SINGLE: (port, [request("POST", single, orjson.dumps(straight_body(place, body))) for body in own]),
        }
        best: dict[str, list[Load]] = defaultdict(list)
        for to, requests in asked.values():
            await asyncio.to_thread(_warm, to, requests)
        for _ in range(rounds):
            for name, (to, requests) in asked.items():
                loads = [await _load(to, requests, many, seconds) for many in clients]
                good = [load for load in loads if load.p99_ms < P99_MS]
                best[name].append(max(good, key=lambda load: load.rate, default=NOTHING))
            done(1)
    return figures(best, clients)


def figures(best: dict[str, list[Load]], clients: tuple[int, ...]) -> list[Figure]:
    pairs = zip(best[PROXY], best[MSEARCH], strict=True)
    shares = [a.rate / b.rate if b.rate else 0.0 for a, b in pairs]
    made = f"best of {', '.join(map(str, clients))} clients with p99 below {P99_MS:g} ms; the load on the same cores"
    share = repeated("searches a second, of the same _msearch", shares, "x")
    return [
        replace(share, beside=(MSEARCH, 1.0), target=RATE_TARGET, aim=RATE_AIM, made_with=made),
        *(_rate(name, loads) for name, loads in best.items()),
    ]


def _rate(name: str, loads: list[Load]) -> Figure:
    rate = repeated(f"searches a second, {name}", [load.rate for load in loads], "1/s")
    return replace(rate, made_with=f"p99 {median(load.p99_ms for load in loads):.3g} ms")


async def _seen(place: Shop, folder: Path, watch: Watch) -> dict[str, bytes]:
    """For each query of the traffic, what a proxy asks at once for it, as one `_msearch`."""
    made, search = {}, f"/{place.index}/_search"
    async with ours.beside(folder, place.variant(f"http://127.0.0.1:{watch.port}")) as proxy:
        upstream = Upstream(ClusterSettings(url=f"http://127.0.0.1:{proxy.port}"))
        await upstream.open()
        for text in place.catalogue.traffic:
            body = orjson.dumps(application_query(text))
            await upstream.send("POST", search, JSON_HEADERS, body)  # encodes the text
            await asyncio.sleep(0.05)
            watch.forget()
            await upstream.send("POST", search, JSON_HEADERS, body)
            made[text] = request("POST", "/_msearch", _msearch(place.index, watch.to(search)), "application/x-ndjson")
        await upstream.close()
    return made


def _msearch(index: str, exchanges: list[Exchange]) -> bytes:
    lines = []
    for exchange in filter(_is_plan, exchanges):
        said = dict(parse_qsl(exchange.target.partition("?")[2]))
        lines += [orjson.dumps({"index": index, "preference": said["preference"]}), exchange.body]
    return b"\n".join(lines) + b"\n"


def _is_plan(exchange: Exchange) -> bool:
    """Whether a request looks for documents; what is asked later names those that were found."""
    filters = orjson.loads(exchange.body)["query"].get("bool", {}).get("filter", [])
    return not any("ids" in each for each in filters)


def _warm(port: int, requests: list[bytes]) -> None:
    """Each request once, so that no text is encoded under load."""
    call = Caller(port)
    for each in dict.fromkeys(requests):
        call(each)
    call.close()


def _shared() -> tuple[int, ...]:
    return tuple(sorted(os.sched_getaffinity(0)))[:SHARED_CORES]


async def _load(port: int, requests: list[bytes], clients: int, seconds: float) -> Load:
    """A load under which something was refused counts as one that was not sustained."""
    try:
        return await closed_loop(port, requests, clients, seconds)
    except Refused:
        return NOTHING
