"""The demo, from nothing to a report: the story that `scripts/demo` tells."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from opensearchpy import OpenSearch
from rich.console import Console

from ltrr_opensearch import __version__
from ltrr_opensearch.arena.clicks import PositionBased
from ltrr_opensearch.build_serving import knowledge_of
from ltrr_opensearch.configuration import load_settings
from ltrr_opensearch.demo import cluster, data, examples, measure
from ltrr_opensearch.demo.evaluation import Judge, Systems, with_candidates
from ltrr_opensearch.demo.progress import bar, waiting
from ltrr_opensearch.demo.results import COLD, HELD_OUT, LEARNED, ORIGINAL, TRAFFIC, Example, Result, Step
from ltrr_opensearch.demo.shop_index import PREFIX, configuration
from ltrr_opensearch.demo.stack import Stack
from ltrr_opensearch.demo.steps import step
from ltrr_opensearch.demo.users import Shop, visits
from ltrr_opensearch.knowledge.memory import Memory
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.logged import Decision, Judgment
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Vector
from ltrr_opensearch.understand.encoders import load_encoder

PICK_UP_S = 3.0
"""Time for the proxy to notice a release; the demo's configuration lets it look twice a second."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How much of everything: the whole catalogue, or the quick run."""

    index: str
    products: int | None
    batches: int
    searches: int
    """Visits of each batch; some of them ask twice."""
    users: int


WHOLE = Scale(index="icecat", products=None, batches=6, searches=800, users=400)
QUICK = Scale(index="icecat-quick", products=3000, batches=4, searches=500, users=250)


@dataclass
class Demo:
    """One run. `stack` is closed by whoever made it."""

    console: Console
    stack: Stack
    scale: Scale
    timings: dict[str, float] = field(default_factory=dict)

    def run(self) -> Result:
        catalogue = self.catalogue()
        with self.stage("node"), waiting(self.console, "Starting the local OpenSearch node"):
            url = self.stack.node()
        client = cluster.connect(url)
        settings = self.prepare(client, url, catalogue)
        index = settings.indexes[self.scale.index]
        judged = measure.judgments(catalogue.judges)
        with waiting(self.console, "Encoding the judged queries"):
            vectors = encode(settings, catalogue.queries)
        with self.stage("proxy"), waiting(self.console, "Starting the proxy"):
            self.stack.serve()
        judge = Judge(url, self.stack.proxy_url, self.scale.index, index, vectors)
        untaught = self.knowledge(client)
        systems = self.cold(client, judge, catalogue)
        steps = self.live(client, catalogue, judged)
        learned = self.knowledge(client)
        systems = self.judge_all(client, judge, catalogue, untaught, learned) | systems
        shown = self.explain(client, judge, catalogue, systems, judged, learned.memory)
        return self.result(client, catalogue, systems, steps, shown, judged)

    def catalogue(self) -> data.Catalogue:
        with self.stage("data"), waiting(self.console, "Reading Icecat") as say:
            folder = data.find(self.stack.home, say)
            return data.load(folder, self.scale.products)

    def prepare(self, client: OpenSearch, url: str, catalogue: data.Catalogue) -> Settings:
        """The shop's index with all products, set up for us; what an earlier run learned is forgotten."""
        name = self.scale.index
        with self.stage("index"):
            cluster.forget(client)
            cluster.prepare_peers(client)
            cluster.create_shop(client, name, catalogue.products)
            self.stack.configure(configuration(name, url, self.stack.ports, self.stack.home))
            if not cluster.holds(client, name, len(catalogue.products)):
                file = self.stack.folder / f"{name}.jsonl"
                file.write_text("".join(json.dumps(p) + "\n" for p in catalogue.products), encoding="utf-8")
                failed = str(self.stack.folder / "failed.jsonl")
                self.stack.run("load", name, str(file), "--id-field", "id", "--failed", failed, shown=True)
            self.stack.run("setup", name, shown=True)
        return load_settings(self.stack.config)

    def cold(self, client: OpenSearch, judge: Judge, catalogue: data.Catalogue) -> Systems:
        """The proxy before anybody clicked; its log is cleared, since judges are no users."""
        with self.stage("cold evaluation"), bar(self.console, "Before learning", len(catalogue.queries)) as done:
            systems = asyncio.run(judge.through_proxy(COLD, catalogue.queries, done))
        systems[COLD] = with_candidates(client, systems[COLD])
        cluster.clear_logs(client)
        return systems

    def live(self, client: OpenSearch, catalogue: data.Catalogue, judged: list[Judgment]) -> list[Step]:
        """Batch by batch: users search and click, we learn, the running proxy picks up what was learned."""
        model = PositionBased()
        base = self.stack.proxy_url
        shop = Shop(f"{base}/{self.scale.index}/_search", f"{base}/_ltrr/events", model, catalogue.users)
        steps = []
        with self.stage("traffic and learning"):
            for number in range(1, self.scale.batches + 1):
                made = visits(catalogue.traffic, self.scale.searches, self.scale.users, seed=number)
                with bar(self.console, f"Users, batch {number} of {self.scale.batches}", len(made)) as done:
                    seen = asyncio.run(shop.serve(made, done))
                cluster.settle(client)
                logged = cluster.decisions(client, [search.query_id for search in seen])
                steps.append(step(number, seen, logged, judged))
                with waiting(self.console, f"Learning from batch {number}"):
                    self.stack.run("learn", "all", "--window-s", "0")
                    time.sleep(PICK_UP_S)
        return steps

    def judge_all(
        self, client: OpenSearch, judge: Judge, catalogue: data.Catalogue, untaught: Knowledge, learned: Knowledge
    ) -> Systems:
        with self.stage("evaluation"), bar(self.console, "After learning, and peers", len(catalogue.queries)) as done:
            systems = asyncio.run(judge.everything(LEARNED, catalogue.queries, untaught, learned, done))
        systems[LEARNED] = with_candidates(client, systems[LEARNED])
        return systems

    def explain(
        self,
        client: OpenSearch,
        judge: Judge,
        catalogue: data.Catalogue,
        systems: Systems,
        judged: list[Judgment],
        memory: Memory,
    ) -> tuple[Example, ...]:
        before, after = systems[ORIGINAL], systems[LEARNED]
        chosen = examples.choose(catalogue, before, after, judged)
        exploring = asyncio.run(judge.exploring(chosen))
        logged = cluster.decisions(client, [*(after[q].query_id for q in chosen), *exploring.values()])
        pairs = {q: _pair(logged, after[q].query_id, exploring[q]) for q in chosen}
        return tuple(
            examples.example(q, catalogue, (before[q], after[q]), judged, pair, memory, judge.vectors[q])
            for q, pair in pairs.items()
            if pair is not None
        )

    def result(
        self,
        client: OpenSearch,
        catalogue: data.Catalogue,
        systems: Systems,
        steps: list[Step],
        shown: tuple[Example, ...],
        judged: list[Judgment],
    ) -> Result:
        ordered = {name: systems[name] for name in systems if name not in (COLD, LEARNED)}
        ordered |= {COLD: systems[COLD], LEARNED: systems[LEARNED]}
        parts = ((TRAFFIC, catalogue.traffic), (HELD_OUT, catalogue.held_out))
        return Result(
            rows=tuple(r for part, qs in parts for r in measure.rows(ordered, part, qs, judged)),
            differences=tuple(d for part, qs in parts for d in measure.differences(ordered, part, qs, judged)),
            steps=tuple(steps),
            examples=shown,
            environment=self.environment(client, catalogue, steps),
            timings_s=self.timings,
        )

    def knowledge(self, client: OpenSearch) -> Knowledge:
        """What the current release knows, read as any proxy reads it."""
        release = ReleaseStore(client, PREFIX).current(self.scale.index)
        return knowledge_of(release.parts if release else {})

    def environment(self, client: OpenSearch, catalogue: data.Catalogue, steps: list[Step]) -> dict[str, str]:
        return {
            "LTR&R": __version__,
            "OpenSearch": cluster.version(client),
            "Python": platform.python_version(),
            "cores": str(os.cpu_count()),
            "products": f"{len(catalogue.products):,}",
            "queries": f"{len(catalogue.traffic)} with traffic, {len(catalogue.held_out)} held out",
            "searches by users": f"{sum(s.searches for s in steps):,} in {len(steps)} batches",
        }

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.timings[name] = self.timings.get(name, 0.0) + time.monotonic() - started


def encode(settings: Settings, texts: tuple[str, ...]) -> dict[str, Vector]:
    """Embeddings of the judged queries, for the peers; the proxy makes its own."""
    encoder = load_encoder(settings.encoder, None)
    return dict(zip(texts, encoder.encode(list(texts)), strict=True))


def report_path(home: Path, scale: Scale) -> Path:
    return home / "demo" / f"report-{scale.index}.html"


def _pair(logged: dict[str, Decision], served: str, exploring: str) -> tuple[Decision, Decision] | None:
    """Both decisions, unless sampling or a full queue left one of them out of the log."""
    return (logged[served], logged[exploring]) if served in logged and exploring in logged else None
