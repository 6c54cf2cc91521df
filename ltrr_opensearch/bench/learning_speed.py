"""How fast a log is learned, end to end from the index, and in how much memory as it grows tenfold.

A node of its own holds a made-up log (`learning_log`) on the last core; the learner, a process of its own, has the
first one with a single reader, then both with as many readers as pay, where the node has to share. Each run begins
without a policy, reads, joins, judges, trains and publishes: `direct`, the default, and `vowpal` once beside it.
"""

from __future__ import annotations

import os
import subprocess
import sys

import orjson
from rich.console import Console

from ltrr_opensearch.bench import learning_log
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.processes import cores
from ltrr_opensearch.choose.direct import NAME as DIRECT
from ltrr_opensearch.cluster.admin import connect
from ltrr_opensearch.errors import LtrrError
from ltrr_opensearch.node.local import NodeOptions, remove, start
from ltrr_opensearch.node.places import asked_home
from ltrr_opensearch.settings import ClusterSettings
from ltrr_opensearch.types import Json

NODE, PREFIX = "bench-learning", "bench_learning"
TARGET, AIM = 1500.0, 5000.0
GROWTH = 10
MEMORY_TARGET = 1.5
"""Of the peak of a log ten times as long."""


def measure(console: Console, quick: bool) -> list[Figure]:
    searches = 1_000 if quick else 10_000
    home = asked_home(os.environ)
    node = start(NodeOptions(name=NODE, home=home, port=19_500, fresh=True), console.print)
    try:
        mine, other = cores()
        os.sched_setaffinity(node.process.pid, {other})
        _fill(node.url, 0, searches)
        short = _run(console, node.url, 1, {mine})
        vowpal = _run(console, node.url, 1, {mine}, "vowpal")
        spread = _run(console, node.url, 2, {mine, other})
        _fill(node.url, searches, (GROWTH - 1) * searches)
        long = _run(console, node.url, 1, {mine})
        long_spread = _run(console, node.url, 2, {mine, other})
    finally:
        remove(NODE, home)
    return figures(short, spread, long, long_spread, vowpal)


def figures(short: Json, spread: Json, long: Json, long_spread: Json, vowpal: Json) -> list[Figure]:
    """Of a short log on one core and on two, of one ten times as long, and of the short one learned by `vowpal`."""
    count = f"{short['rounds']:,} searches"
    return [
        Figure(f"learned from the index on one core, {count}", _rate(short), "searches/s", target=TARGET),
        Figure(f"learned on two cores, {count}", _rate(spread), "searches/s", aim=AIM),
        Figure("learned on one core, ten times as many", _rate(long), "searches/s", target=TARGET),
        Figure("learned on two cores, ten times as many", _rate(long_spread), "searches/s", aim=AIM),
        Figure("processor time a search", _cost(short), "ms", ("vowpal", _cost(vowpal)), higher_is_better=False),
        Figure(f"peak memory, {count}", short["peak_mb"], "MB", higher_is_better=False),
        Figure(
            "peak memory, ten times as many",
            long["peak_mb"] / short["peak_mb"],
            "x",
            (count, 1.0),
            MEMORY_TARGET,
            higher_is_better=False,
        ),
    ]


def _rate(run: Json) -> float:
    return float(run["rounds"] / run["seconds"])


def _cost(run: Json) -> float:
    """In milliseconds of processor time a search."""
    return float(1e3 * run["processor_s"] / run["rounds"])


def _fill(url: str, first: int, searches: int) -> None:
    settings = learning_log.settings(url, PREFIX)
    with connect(ClusterSettings(url=url)) as client:
        if first == 0:
            learning_log.create(client, settings)
        learning_log.fill(client, settings, first, searches)


def _run(console: Console, url: str, workers: int, on: set[int], policy: str = DIRECT) -> Json:
    with connect(ClusterSettings(url=url)) as client:
        for kind in ("models", "releases"):
            everything: Json = {"query": {"match_all": {}}}
            client.delete_by_query(index=f"{PREFIX}_{kind}", body=everything, params={"refresh": "true"})
    command = [sys.executable, "-m", "ltrr_opensearch.bench.learning_run", url, PREFIX, str(workers), policy]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - ourselves
    os.sched_setaffinity(process.pid, on)
    found: Json = orjson.loads(process.communicate()[0] or b"{}")
    if not found.get("published"):
        raise LtrrError(f"{' '.join(command)} published no policy; run it to see why")
    console.print(f"{policy}: {found['rounds']:,} searches, {workers} readers at most: {_rate(found):.0f} searches/s")
    return found
