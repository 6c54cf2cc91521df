"""What every job of learning works with: the index and its stores, what it reads, what it says it has done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from opensearchpy import OpenSearch

from ltrr_opensearch.errors import ClusterError, ModelError, SettingsError
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.learn import candidates, read
from ltrr_opensearch.learn.backlog import Backlog
from ltrr_opensearch.learn.gate import Verdict
from ltrr_opensearch.learn.in_cluster import Place, bring
from ltrr_opensearch.learn.join import read_rounds
from ltrr_opensearch.learn.read import Window
from ltrr_opensearch.learn.remember import MemoryStore, snapshot
from ltrr_opensearch.learn.watermarks import LateMark, MemoryMark
from ltrr_opensearch.logged import GATE, Part, Round
from ltrr_opensearch.protocols import Encoder
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json

LEFT_OUT = "searches left out by learn.max_rounds"
"""The older ones of the ranker's history."""

Progress = Callable[[str, int, int | None], None]
"""(what is being done, how much of it is done, of how much)"""


@dataclass(frozen=True, slots=True)
class Learned:
    """What a run did. `release` is None where nothing was published."""

    index: str
    until: datetime
    counts: Counter[str]
    verdicts: tuple[Verdict, ...]
    release: str | None = None
    pinned: str | None = None
    """The release that somebody went back to: the run was a dry one."""

    @property
    def nothing_new(self) -> bool:
        return not self.verdicts


@dataclass(frozen=True, slots=True)
class Job:
    """A run for one configured index. `encoder` loads what embeds remembered queries; without it, spelling must do."""

    client: OpenSearch
    settings: Settings
    index: str
    now: datetime
    encoder: Callable[[], Encoder] | None = None
    progress: Progress = lambda _what, _done, _of: None

    def __post_init__(self) -> None:
        if self.index not in self.settings.indexes:
            known = ", ".join(self.settings.indexes) or "none"
            raise SettingsError(f"no index {self.index!r} in the configuration; configured: {known}")

    @property
    def prefix(self) -> str:
        return self.settings.state.prefix

    @property
    def index_settings(self) -> IndexSettings:
        return self.settings.indexes[self.index]

    @property
    def store(self) -> ReleaseStore:
        return ReleaseStore(self.client, self.prefix, lambda: self.now)

    @property
    def memory(self) -> MemoryStore:
        return MemoryStore(self.client, self.settings, self.index)

    @property
    def mark(self) -> MemoryMark:
        return MemoryMark(self.client, self.prefix, self.index)

    @property
    def late_mark(self) -> LateMark:
        return LateMark(self.client, self.prefix, self.index)

    def count(self, window: Window) -> int:
        return read.count_decisions(self.client, self.prefix, self.index, window)

    def read(self, window: Window, counts: Counter[str]) -> list[Round]:
        """With the rows that a ranker learns from; the newest `learn.max_rounds`."""
        found, most = self.count(window), self.settings.learn.max_rounds
        counts[LEFT_OUT] += max(0, found - most)
        advance = self.advance("reading searches for the ranker", min(found, most))
        return read_rounds(self.client, self.settings.state, self.settings.learn, self.index, window, counts, advance)

    @contextmanager
    def backlog(self, window: Window, counts: Counter[str]) -> Iterator[Backlog]:
        """All searches of a window, without such rows."""
        advance = self.advance("reading searches", self.count(window))
        with closing(Backlog(self.client, self.settings, self.index, window, counts, advance)) as backlog:
            yield backlog

    def advance(self, what: str, total: int) -> Callable[[int], None]:
        seen = 0

        def advance(searches: int) -> None:
            nonlocal seen
            seen += searches
            self.progress(what, seen, total)

        return advance


def serving_parts(job: Job) -> tuple[dict[str, Part], frozenset[str]]:
    """The parts that serve, and the kinds whose part is damaged."""
    current = next((r for r in job.store.history(job.index) if r.current), None)
    parts: dict[str, Part] = {}
    damaged = set()
    for kind, version in current.versions.items() if current else ():
        try:
            parts[kind] = job.store.part(job.index, kind, version)
        except ModelError:
            damaged.add(kind)
    return parts, frozenset(damaged)


def brought(trained: candidates.Trained, rounds: Sequence[Round], job: Job) -> candidates.Trained:
    """A ranker with its model in the cluster, where that is wanted; refused, with the reason, where it cannot be."""
    if job.settings.learn.rank_in == "proxy" or trained.part is None:
        return trained
    job.progress("bringing the ranker into the cluster", 0, None)
    place = Place(job.client, job.settings, job.index, job.encoder() if job.encoder else None)
    try:
        return replace(trained, part=bring(trained.part, rounds, place))
    except (ClusterError, ModelError) as cause:
        return trained.refused(f"not in the cluster: {cause}")


def memory_part(job: Job, encoder: Encoder | None, counts: Counter[str]) -> Part:
    """The memory as its documents are now."""
    rows = job.memory.rows(encoder, counts)
    meta: Json = {"queries": len(rows), "encoder": encoder.digest if encoder else None}
    return Part.of("memory", job.index, "memory", snapshot(rows), job.now, meta)


def with_verdict(part: Part, verdict: Verdict) -> Part:
    """The part with what the gate found, for operators to follow."""
    found = verdict.compared
    if found is None or found.refusal:
        return part
    gate = {"measure": found.measure, "means": {"candidate": found.candidate, "replaced": found.serving}}
    return replace(part, metrics={**part.metrics, GATE: gate})
