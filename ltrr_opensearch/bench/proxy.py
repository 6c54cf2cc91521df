"""The proxy beside its peers: passing through beside nginx, searches beside `hybrid`, `_msearch`, the query alone."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import orjson
import uvloop
from rich.console import Console

from ltrr_opensearch.bench import capacity, cost, nginx, passing, starting, streaming, whole
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.passing import Effort
from ltrr_opensearch.bench.processes import cores
from ltrr_opensearch.cluster.admin import connect
from ltrr_opensearch.demo import cluster, data
from ltrr_opensearch.demo.progress import bar
from ltrr_opensearch.demo.run import QUICK, WHOLE, Demo
from ltrr_opensearch.demo.stack import Stack
from ltrr_opensearch.node.places import asked_home

BULK_BYTES = 1 << 30
QUICK_BULK_BYTES = 1 << 28
ANSWER = "/answer"


def measure(console: Console, quick: bool) -> list[Figure]:
    """On the index and release that the demo left; where there are none, the demo runs first."""
    nginx.binary()  # its absence should be told before anything else is done
    stack = Stack(asked_home(os.environ))
    scale = QUICK if quick else WHOLE
    try:
        if not cost.is_there(stack, scale):
            Demo(console, stack, scale).run()
            stack.stop_proxy()
        catalogue = data.load(data.find(stack.home), scale.products)
        place = whole.shop(stack.config, stack.node(), scale.index, catalogue)
        cluster.prepare_peers(connect(place.settings.cluster))
        with tempfile.TemporaryDirectory(prefix="ltrr-bench-") as folder:
            figures = [
                *_relayed(console, Path(folder), quick),
                *_from_node(console, Path(folder), place),
                *_searches(console, Path(folder), place, quick),
            ]
        node = f"OpenSearch {cluster.version(connect(place.settings.cluster))}, nginx {nginx.version()}"
        return [replace(f, made_with=f"{f.made_with}; {node}" if f.made_with else node) for f in figures]
    finally:
        stack.close()


def _relayed(console: Console, folder: Path, quick: bool) -> list[Figure]:
    asking, _ = cores()
    effort = Effort(rounds=3, seconds=2, calls=300) if quick else Effort(rounds=5, seconds=5, calls=1000)
    size, repeats = (QUICK_BULK_BYTES, 2) if quick else (BULK_BYTES, 3)
    with nginx.fixed_answer(folder, asking) as upstream:
        with bar(console, "Passing through 4 KB", 2 * (effort.rounds + 1)) as done:
            made = passing.measure(folder, upstream, ANSWER, "4 KB", effort, done)
        with bar(console, "Starting", repeats) as done:
            settings = {"cluster": {"url": f"http://127.0.0.1:{upstream}"}}
            made += starting.measure(folder, settings, repeats, done)
    with bar(console, "Streaming a large body", repeats + 1) as done:
        return made + streaming.measure(folder, size, repeats, done)


def _from_node(console: Console, folder: Path, place: whole.Shop) -> list[Figure]:
    """The same with a real document of about 4 KB from the node, which then takes most of the time: no targets."""
    effort = Effort(rounds=2, seconds=2, calls=200)
    vector = place.settings.indexes[place.index].vector
    hidden = f"?_source_excludes={vector.field}" if vector else ""
    product = min(place.catalogue.products, key=lambda p: abs(len(orjson.dumps(p)) - nginx.ANSWER_BYTES))
    port = urlsplit(place.settings.cluster.url).port or 80
    with bar(console, "Passing through a document", 2 * (effort.rounds + 1)) as done:
        target = f"/{place.index}/_doc/{product['id']}{hidden}"
        made = passing.measure(folder, port, target, "a document of the node", effort, done)
    return [replace(figure, target=None, aim=None) for figure in made]


def _searches(console: Console, folder: Path, place: whole.Shop, quick: bool) -> list[Figure]:
    count = 150 if quick else 500
    clients = (4, 16) if quick else (2, 4, 8, 16, 32)
    rounds, seconds = (2, 2.0) if quick else (3, 4.0)
    with bar(console, "Whole searches", count + len(place.catalogue.traffic)) as done:
        made = whole.figures(uvloop.run(whole.measure_times(place, folder, count, done)))
    with bar(console, "Searches under load", rounds) as done:
        return made + uvloop.run(capacity.measure(place, folder, clients, rounds, seconds, done))
