"""The learning job: reads what people did, trains, judges, and publishes what holds, all parts in one release.

A run that meets nothing new does nothing; one that broke off is simply started again. What a refused kind would have
learned from is read again by the next run, together with what came since.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256

from opensearchpy import OpenSearch

from ltrr_opensearch.errors import ModelError, SettingsError
from ltrr_opensearch.learn import candidates, read
from ltrr_opensearch.learn.gate import Verdict, too_few
from ltrr_opensearch.learn.join import read_rounds
from ltrr_opensearch.learn.judgments import judgments_from_clicks
from ltrr_opensearch.learn.read import Window
from ltrr_opensearch.learn.remember import MemoryStore, snapshot
from ltrr_opensearch.learn.watermarks import THROUGH, MemoryMark, through
from ltrr_opensearch.protocols import Encoder
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.settings import IndexSettings, Settings
from ltrr_opensearch.types import Json, Part, Round

KINDS = ("policy", "ranker", "memory")

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

    @property
    def prefix(self) -> str:
        return self.settings.state.prefix

    @property
    def index_settings(self) -> IndexSettings:
        if self.index not in self.settings.indexes:
            known = ", ".join(self.settings.indexes) or "none"
            raise SettingsError(f"no index {self.index!r} in the configuration; configured: {known}")
        return self.settings.indexes[self.index]

    @property
    def store(self) -> ReleaseStore:
        return ReleaseStore(self.client, self.prefix, lambda: self.now)

    @property
    def memory(self) -> MemoryStore:
        return MemoryStore(self.client, self.prefix, self.index)

    @property
    def mark(self) -> MemoryMark:
        return MemoryMark(self.client, self.prefix, self.index)

    def count(self, window: Window) -> int:
        return read.count_decisions(self.client, self.prefix, self.index, window)

    def read(self, window: Window, counts: Counter[str]) -> list[Round]:
        total = min(self.count(window), self.settings.learn.max_rounds)
        seen = 0

        def advance(searches: int) -> None:
            nonlocal seen
            seen += searches
            self.progress("reading searches", seen, total)

        return read_rounds(self.client, self.settings.state, self.settings.learn, self.index, window, counts, advance)


def learn(kinds: Collection[str], job: Job, *, window_s: float | None = None, dry_run: bool = False) -> Learned:
    """Learn `kinds` from the searches whose attribution window is closed, and publish one release.

    `window_s` overrides how old a search must be; 0 takes all searches up to now. A dry run trains and judges only.
    """
    index, learn = job.index_settings, job.settings.learn
    until = job.now - timedelta(seconds=learn.window_s if window_s is None else window_s)
    counts: Counter[str] = Counter()
    read.refresh(job.client, job.prefix, job.settings.state.ubi_events)
    serving = _serving(job, counts)
    done = _done(job, serving)
    broken_off = None if dry_run else _finish_broken_off(job, counts)
    if broken_off:
        done["memory"] = broken_off
    due = [k for k in KINDS if k in kinds and (job.count(Window(done[k], until)) or (k == "memory" and broken_off))]
    if not due:
        return Learned(job.index, until, counts, ())
    rounds = job.read(_window(due, done, until, timedelta(days=learn.history_days)), counts)
    trained: list[candidates.Trained] = []
    parts: dict[str, Part] = {}
    if "policy" in due:
        job.progress("training the policy", 0, None)
        trained.append(candidates.policy(_since(rounds, done["policy"]), job.settings, serving.get("policy")))
        parts |= _aggregates(job, _since(rounds, done["aggregates"]), serving.get("aggregates"))
    if "ranker" in due:
        job.progress("training the ranker", 0, None)
        trained.append(candidates.ranker(rounds, job.settings, index, serving.get("ranker")))
    if "memory" in due:
        job.progress("bringing the memory up to date", 0, None)
        fresh = _since(rounds, done["memory"])
        if few := None if broken_off else too_few("memory", len(fresh), learn):
            trained.append(candidates.Trained(few))
        else:
            trained.append(_memory(job, fresh, Window(done["memory"], until), counts, dry_run=dry_run))
    parts |= {one.verdict.kind: one.part for one in trained if one.part}
    verdicts = tuple(one.verdict for one in trained)
    if dry_run or not parts:
        return Learned(job.index, until, counts, verdicts)
    dated = {kind: _dated(part, until) for kind, part in parts.items()}
    release = job.store.publish(job.index, dated, "learn " + " ".join(due))
    if "memory" in parts:
        job.mark.finish(until)
    return Learned(job.index, until, counts, verdicts, release)


def _serving(job: Job, counts: Counter[str]) -> dict[str, Part]:
    """The parts of the current release; a damaged release counts as none, so that learning replaces it."""
    try:
        release = job.store.current(job.index)
    except ModelError:
        counts["damaged releases"] += 1
        return {}
    return dict(release.parts) if release else {}


def _done(job: Job, serving: Mapping[str, Part]) -> dict[str, datetime | None]:
    """Per kind, the time up to which searches have been learned."""
    learned = {kind: through(serving.get(kind)) for kind in ("policy", "ranker", "aggregates")}
    return {**learned, "memory": job.mark.read()[0]}


def _window(due: Sequence[str], done: Mapping[str, datetime | None], until: datetime, history: timedelta) -> Window:
    """Everything that some due kind wants to see: what is new to it, for the ranker its whole history."""
    wanted = {kind for kind in due if kind != "ranker"} | ({"aggregates"} if "policy" in due else set())
    starts = [done[kind] for kind in sorted(wanted)]
    starts += [until - history] if "ranker" in due else []
    known = [start for start in starts if start is not None]
    return Window(min(known) if len(known) == len(starts) else None, until)


def _since(rounds: Sequence[Round], after: datetime | None) -> list[Round]:
    return [one for one in rounds if after is None or one.decision.at > after]


def _aggregates(job: Job, rounds: Sequence[Round], serving: Part | None) -> dict[str, Part]:
    """Counts need no gate: they say what happened, and change no order by themselves."""
    if len(rounds) < job.settings.learn.min_rounds:
        return {}
    payload = candidates.aggregates(rounds, job.settings, serving)
    return {"aggregates": _part("aggregates", job, payload, {"rounds": len(rounds)})}


def _memory(
    job: Job, rounds: Sequence[Round], window: Window, counts: Counter[str], *, dry_run: bool
) -> candidates.Trained:
    if dry_run:
        queries = len({one.decision.normalized for one in rounds if one.gains})
        return candidates.Trained(Verdict("memory", True, f"{queries} queries have actions to remember"))
    job.mark.begin(window.after, window.until)
    _count_in(job, rounds, window.until, counts)
    encoder = job.encoder() if job.encoder else None
    rows = job.memory.rows(job.settings.learn, encoder, counts)
    meta = {"queries": len(rows), "encoder": encoder.digest if encoder else None}
    part = _part("memory", job, snapshot(rows), meta)
    return candidates.Trained(Verdict("memory", True, f"{len(rows)} queries remembered"), part)


def _count_in(job: Job, rounds: Sequence[Round], until: datetime, counts: Counter[str]) -> None:
    examination = judgments_from_clicks(rounds).examination
    job.memory.count_in(rounds, examination, job.settings.learn, until.isoformat(), counts)


def _finish_broken_off(job: Job, counts: Counter[str]) -> datetime | None:
    """A run that stopped before it had published is finished under its own name, which counts nothing twice.

    Returns the time up to which the memory's documents are then complete, None where no run had stopped.
    """
    _, window = job.mark.read()
    if window is None:
        return None
    counts["runs finished"] += 1
    _count_in(job, job.read(window, Counter()), window.until, counts)
    return window.until


def _part(kind: str, job: Job, payload: bytes, meta: Json) -> Part:
    digest = sha256(payload).hexdigest()
    return Part(kind, job.index, digest[:12], kind, payload, digest, job.now, meta)


def _dated(part: Part, until: datetime) -> Part:
    """The part with what it has seen; the version says so too, since a version never changes its content."""
    version = f"{until:%Y%m%dT%H%M%S.%f}-{part.sha256[:8]}"
    return replace(part, version=version, meta={**part.meta, THROUGH: until.isoformat()})
