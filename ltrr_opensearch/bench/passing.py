"""What passes through: requests a second on one core, what one request waits longer, beside nginx. Linux only.

Proxy and nginx run on one core, in turns; whoever asks, and the upstream, on the other. The upstream is nginx with a
fixed answer of 4 KB, and then a real node with a document of about that size.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from ltrr_opensearch.bench import nginx, ours
from ltrr_opensearch.bench.figures import Figure, ratio, repeated, timing
from ltrr_opensearch.bench.load import Caller, Load, closed_loop, has_wrk, request, wrk, wrk_version
from ltrr_opensearch.bench.processes import cores, cpu_s

OURS, NGINX, DIRECT = "ltrr serve", "nginx proxy_pass", "no proxy"
CONNECTIONS = 32
RATE_TARGET, RATE_AIM = 0.5, 0.7
ADDED_TARGET_MS, ADDED_AIM_MS = 0.5, 0.2
Step = Callable[[int], None]
Rounds = Mapping[str, list[float]]
"""Way -> a figure of each round."""


@dataclass(frozen=True, slots=True)
class Way:
    port: int
    pid: int = 0
    """Of the process between; 0 where there is none."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long and how often."""

    rounds: int
    seconds: float
    calls: int
    """Calls of each way in a round, one at a time."""


@contextmanager
def ways(folder: Path, upstream: int) -> Iterator[Mapping[str, Way]]:
    """The upstream itself, and both proxies in front of it."""
    _, measured = cores()
    settings = {"cluster": {"url": f"http://127.0.0.1:{upstream}"}}
    with (
        nginx.relay(folder, upstream, measured) as (port, pid),
        ours.proxy(folder, settings, (measured,)) as proxy,
    ):
        yield {DIRECT: Way(upstream), NGINX: Way(port, pid), OURS: Way(proxy.port, proxy.pid)}


def measure(folder: Path, upstream: int, target: str, named: str, effort: Effort, done: Step) -> list[Figure]:
    """Both figures for one upstream; `named` ends their names. Targets hold for the fixed answer."""
    with ways(folder, upstream) as between:
        rates, late, used = _rates(between, target, effort, done)
        times = _times(between, request("GET", target), effort, done)
    return [*_rate_figures(rates, late, used, named), *_added(times, named)]


def _rates(between: Mapping[str, Way], target: str, effort: Effort, done: Step) -> tuple[Rounds, Rounds, Rounds]:
    """Answers a second, their 99th percentile in ms, and ms of processor time an answer, of each way and round."""
    rates, late, used = defaultdict(list), defaultdict(list), defaultdict(list)
    for number in range(effort.rounds + 1):
        for name, way in between.items():
            before = cpu_s(way.pid) if way.pid else 0.0
            load = _load(way.port, target, effort.seconds if number else 1.0)
            if number:  # the first round only warms
                rates[name].append(load.rate)
                late[name].append(load.p99_ms)
                if way.pid:
                    used[name].append((cpu_s(way.pid) - before) * 1000 / (load.rate * effort.seconds))
        done(1)
    return rates, late, used


def _load(port: int, target: str, seconds: float) -> Load:
    asking, _ = cores()
    if has_wrk():
        return wrk(port, target, CONNECTIONS, seconds, asking)
    return asyncio.run(closed_loop(port, [request("GET", target)], CONNECTIONS, seconds))


def _times(between: Mapping[str, Way], sent: bytes, effort: Effort, done: Step) -> dict[str, list[float]]:
    """ms of single requests, one at a time over one connection each, a few of each way in turn."""
    callers = {name: Caller(way.port) for name, way in between.items()}
    times = defaultdict[str, list[float]](list)
    try:
        for number in range(effort.rounds * 10 + 1):
            for name, call in callers.items():
                taken = [call(sent) for _ in range(effort.calls // 10)]
                times[name] += taken if number else []
            done(number % 10 == 0)
    finally:
        for call in callers.values():
            call.close()
    return times


def _rate_figures(rates: Rounds, late: Rounds, used: Rounds, named: str) -> list[Figure]:
    by = f"{wrk_version()}, {CONNECTIONS} connections" if has_wrk() else f"our own load, {CONNECTIONS} connections"
    shares = [a / b for a, b in zip(rates[OURS], rates[NGINX], strict=True)]
    share = repeated(f"pass-through rate of nginx's, {named}", shares, "x")
    cost = [a / b for a, b in zip(used[NGINX], used[OURS], strict=True)]
    return [
        replace(share, beside=(NGINX, 1.0), target=RATE_TARGET, aim=RATE_AIM, made_with=f"{by}; one core"),
        replace(repeated(f"pass-through processor time, nginx's of ours, {named}", cost, "x"), beside=(NGINX, 1.0)),
        *(
            replace(
                repeated(f"pass-through, {name}, {named}", each, "1/s"), made_with=f"p99 {median(late[name]):.3g} ms"
            )
            for name, each in rates.items()
        ),
        *(
            repeated(f"pass-through processor time, {name}, {named}", each, "ms", higher_is_better=False)
            for name, each in used.items()
        ),
    ]


def _added(times: Mapping[str, list[float]], named: str) -> list[Figure]:
    more = median(times[OURS]) - median(times[NGINX])
    compared = ratio(f"pass-through time of nginx's, {named}", times[OURS], times[NGINX], NGINX, None)
    added = Figure(
        name=f"pass-through, median more than nginx's, {named}",
        value=more,
        unit="ms",
        beside=(NGINX, median(times[NGINX])),
        target=ADDED_TARGET_MS,
        aim=ADDED_AIM_MS,
        higher_is_better=False,
        runs=len(times[OURS]),
    )
    return [added, compared, *(timing(f"pass-through, {name}, one at a time, {named}", t) for name, t in times.items())]
