"""Ten minutes at the highest load that the proxy holds: whether memory, sockets or tasks grow.

The load is a closed loop of as many clients as gave the best rate with a p99 below 250 ms in a short trial. A line is
fitted through the samples after the first fifth, in which caches fill and the allocator finds its size; a growth is
what that line gains over the whole run. Logging is on, as in production; what it wrote is deleted at the end.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import orjson
import uvloop
from rich.console import Console

from ltrr_opensearch.bench import cost, ours, whole
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.load import Load, Refused, closed_loop, request
from ltrr_opensearch.cluster.admin import connect
from ltrr_opensearch.demo import data
from ltrr_opensearch.demo.progress import bar
from ltrr_opensearch.demo.run import QUICK, WHOLE, Demo
from ltrr_opensearch.demo.stack import Stack
from ltrr_opensearch.demo.users import application_query
from ltrr_opensearch.node.places import asked_home
from ltrr_opensearch.settings import Settings

SECONDS, QUICK_SECONDS = 600.0, 120.0
EVERY_S = 3.0
WARM_SHARE = 0.2
CLIENTS = (2, 4, 8, 16, 32)
TRIAL_S = 5.0
P99_MS = 250.0
PORTION_S = 10.0
"""Length of one closed loop; connections are made anew for each, as clients come and go."""
MEMORY_MIB, SOCKETS, TASKS = 8.0, 10.0, 10.0
"""Growth over the run that would still be chance: a few per cent of the memory, a few connections and searches."""
FAILED = ("ltrr_refused_total", "ltrr_shed_total", "ltrr_upstream_failures_total")
COUNTED = ("ltrr_tasks", "ltrr_fallbacks_total", *FAILED)


@dataclass(frozen=True, slots=True)
class Sample:
    at_s: float
    memory_mib: float
    sockets: float
    tasks: float


def measure(console: Console, quick: bool) -> list[Figure]:
    """On the index and release that the demo left; where there are none, the demo runs first."""
    stack, scale = Stack(asked_home(os.environ)), QUICK if quick else WHOLE
    seconds = QUICK_SECONDS if quick else SECONDS
    try:
        if not cost.is_there(stack, scale):
            Demo(console, stack, scale).run()
            stack.stop_proxy()
        catalogue = data.load(data.find(stack.home), scale.products)
        place = whole.shop(stack.config, stack.node(), scale.index, catalogue)
        bodies = [orjson.dumps(application_query(text)) for text in place.asked(500)]
        started = datetime.now(UTC)
        with tempfile.TemporaryDirectory(prefix="ltrr-bench-") as folder, bar(console, "Soak", int(seconds)) as done:
            try:
                with ours.proxy(Path(folder), place.config) as proxy:
                    return uvloop.run(soaked(proxy, f"/{place.index}/_search", bodies, seconds, done))
            finally:
                _forget(place.settings, started)
    finally:
        stack.close()


async def soaked(
    proxy: ours.Proxy, target: str, bodies: Sequence[bytes], seconds: float, done: Callable[[int], None]
) -> list[Figure]:
    requests = [request("POST", target, body) for body in bodies]
    clients = await _stable(proxy.port, requests)
    before = counted(proxy.admin)
    samples: list[Sample] = []
    sampling = asyncio.create_task(_sample_on(proxy, samples))
    started, loads = time.monotonic(), list[Load]()
    while (spent := time.monotonic() - started) < seconds:
        loads.append(await closed_loop(proxy.port, requests, clients, min(PORTION_S, seconds - spent)))
        done(int(PORTION_S))
    sampling.cancel()
    after = counted(proxy.admin)
    came = {name: after[name] - before[name] for name in COUNTED}
    times = [t for load in loads for t in load.times_ms]
    made = f"{clients} clients for {seconds:.0f} s, load on the same cores"
    figures = [
        *growths(samples),
        Figure("searches shed, refused or failed", sum(came[n] for n in FAILED), "", None, 0.0, False, runs=len(times)),
        Figure("fall-backs, mostly rows left out under load", came["ltrr_fallbacks_total"], "", runs=len(times)),
        Figure("searches a second, mean", len(times) / seconds, "1/s", runs=len(times)),
        Figure("time of a search, p99", float(np.quantile(times, 0.99)), "ms", None, P99_MS, False, runs=len(times)),
    ]
    return [replace(figure, made_with=made) for figure in figures]


async def _stable(port: int, requests: list[bytes]) -> int:
    """The number of clients with the best rate below the limit of time; a refusal is beyond it."""
    best, rate = CLIENTS[0], 0.0
    for clients in CLIENTS:
        try:
            load = await closed_loop(port, requests, clients, TRIAL_S)
        except Refused:
            break
        if load.p99_ms < P99_MS and load.rate > rate:
            best, rate = clients, load.rate
    return best


async def _sample_on(proxy: ours.Proxy, samples: list[Sample]) -> None:
    started = time.monotonic()
    while True:
        await asyncio.sleep(EVERY_S)
        samples.append(await asyncio.to_thread(_sample, proxy, started))


def _sample(proxy: ours.Proxy, started: float) -> Sample:
    pages = int(Path(f"/proc/{proxy.pid}/statm").read_text(encoding="ascii").split()[1])
    folder = Path(f"/proc/{proxy.pid}/fd")
    links = [_link(entry) for entry in folder.iterdir()]
    return Sample(
        time.monotonic() - started,
        pages * os.sysconf("SC_PAGE_SIZE") / 2**20,
        sum(link.startswith("socket:") for link in links),
        counted(proxy.admin)["ltrr_tasks"],
    )


def _link(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except OSError:  # closed since it was listed
        return ""


def counted(admin: int) -> dict[str, float]:
    """Sums over labels of what a proxy counts."""
    with urlopen(f"http://127.0.0.1:{admin}/_ltrr/metrics", timeout=5) as reply:
        lines = [line.rpartition(" ") for line in reply.read().decode().splitlines() if not line.startswith("#")]
    return {name: sum(float(v) for key, _, v in lines if key.partition("{")[0] == name) for name in COUNTED}


def growths(samples: Sequence[Sample]) -> list[Figure]:
    limits = {"memory_mib": ("MiB", MEMORY_MIB), "sockets": ("", SOCKETS), "tasks": ("", TASKS)}
    names = {"memory_mib": "resident memory", "sockets": "open sockets", "tasks": "tasks of the event loop"}
    steady = samples[int(WARM_SHARE * len(samples)) :]
    times = [s.at_s for s in steady]
    figures = []
    for field, (unit, limit) in limits.items():
        values = [float(getattr(s, field)) for s in steady]
        gained, interval = growth(times, values)
        figures.append(Figure(f"{names[field]}, at the end", values[-1], unit, runs=len(values)))
        name = f"{names[field]}, growth over the run"
        figures.append(Figure(name, gained, unit, None, limit, False, interval, runs=len(values)))
    return figures


def growth(times: Sequence[float], values: Sequence[float]) -> tuple[float, tuple[float, float]]:
    """What the fitted line gains from the first to the last sample, with its 95 % interval (ordinary least squares)."""
    t, v = np.array(times), np.array(values)
    span, centred = float(t[-1] - t[0]), t - t.mean()
    slope = float(centred @ v / (centred @ centred))
    rest = v - v.mean() - slope * centred
    error = float(np.sqrt(rest @ rest / max(len(t) - 2, 1) / (centred @ centred)))
    low, high = slope - 1.96 * error, slope + 1.96 * error
    return slope * span, (float(low * span), float(high * span))


def _forget(settings: Settings, since: datetime) -> None:
    """Deletes what the run has logged."""
    state, client = settings.state, connect(settings.cluster)
    times = {f"{state.prefix}_decisions-*": "@timestamp", state.ubi_queries: "timestamp", state.ubi_events: "timestamp"}
    for index, field in times.items():
        body = {"query": {"range": {field: {"gte": since.isoformat(timespec="milliseconds")}}}}
        client.delete_by_query(index=index, body=body, params={"ignore_unavailable": "true", "refresh": "true"})
