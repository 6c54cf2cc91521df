"""One run of the learning job: reads what is new, trains, judges, counts, and publishes what holds in one release.

A run that meets nothing new does nothing; one that broke off is simply started again. What a refused kind would have
learned from is read again by the next run, together with what came since.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain

from opensearchpy.exceptions import TransportError

from ltrr_opensearch.choose.registry import LEARNING
from ltrr_opensearch.cluster.capabilities import detect
from ltrr_opensearch.errors import ClusterError, ModelError
from ltrr_opensearch.knowledge.personal import PersonalMemory
from ltrr_opensearch.learn import candidates, collecting, read
from ltrr_opensearch.learn.backlog import Backlog
from ltrr_opensearch.learn.gate import Verdict, too_few
from ltrr_opensearch.learn.job import LEFT_OUT, Job, Learned, brought, memory_part, serving_parts, with_verdict
from ltrr_opensearch.learn.judgments import judgments_from_clicks
from ltrr_opensearch.learn.late import EVENTS, Found, LateEvents
from ltrr_opensearch.learn.parts import goes_on
from ltrr_opensearch.learn.plugin_models import delete_unnamed
from ltrr_opensearch.learn.publishable import servable
from ltrr_opensearch.learn.read import Window
from ltrr_opensearch.learn.watermarks import THROUGH, Met, through
from ltrr_opensearch.logged import Part, Round
from ltrr_opensearch.types import Json

_log = logging.getLogger(__name__)

NOBODY = PersonalMemory().to_bytes()
KINDS = ("policy", "ranker", "memory")


@dataclass(frozen=True, slots=True)
class _Run:
    """What a run has found out before it reads. `forced`: kinds to publish anew although nothing happened since."""

    until: datetime
    serving: Mapping[str, Part]
    damaged: frozenset[str]
    done: Mapping[str, datetime | None]
    forced: frozenset[str]
    dry: bool
    counts: Counter[str]


def learn(kinds: Collection[str], job: Job, *, window_s: float | None = None, dry_run: bool = False) -> Learned:
    """Learn `kinds` from the searches whose attribution window is closed, and publish one release.

    `window_s` overrides how old a search must be; 0 takes all searches up to now. A dry run trains and judges only, and
    so does a run for an index that is pinned to a release.
    """
    closed = job.settings.learn.window_s if window_s is None else window_s
    pinned = job.store.pinned(job.index)
    dry_run = dry_run or pinned is not None
    read.refresh(job.client, job.prefix, job.settings.state.ubi_events)
    until = job.now - timedelta(seconds=closed)
    # a clock that runs ahead, or records that wait on a proxy's disk, must not be taken for learned
    until = read.last_search(job.client, job.prefix, job.index, until) or until
    run = _begin(job, until, dry=dry_run)
    due = [k for k in KINDS if k in kinds and (k in run.forced or job.count(Window(run.done[k], run.until)))]
    if not due:
        return Learned(job.index, run.until, run.counts, (), pinned=pinned)
    with collecting.rarely():
        trained, counted = _train(due, job, run)
    verdicts = tuple(one.verdict for one in trained)
    parts = {one.verdict.kind: with_verdict(one.part, one.verdict) for one in trained if one.part}
    parts |= counted
    if dry_run or not parts:
        return Learned(job.index, run.until, run.counts, verdicts, pinned=pinned)
    dated = {kind: _dated(part, run.until) for kind, part in parts.items()}
    release = job.store.publish(job.index, dated, "learn " + " ".join(due), run.damaged, unless_pinned=True)
    if "memory" in parts:
        if job.settings.learn.late_days:
            job.late_mark.finish()
        job.mark.finish(run.until)
    if "ranker" in parts:
        _tidy_plugin(job)
    return Learned(job.index, run.until, run.counts, verdicts, release)


def _train(due: Sequence[str], job: Job, run: _Run) -> tuple[list[candidates.Trained], dict[str, Part]]:
    """What each kind has learned, and the aggregates, which go with the policy."""
    trained: dict[str, candidates.Trained] = {}
    counted: dict[str, Part] = {}
    if kinds := [kind for kind in due if kind != "ranker"]:
        with job.backlog(_new(kinds, run), run.counts) as backlog:
            if "policy" in kinds:
                trained["policy"], counted = _policy_and_counts(job, run, backlog)
            if "memory" in kinds:
                trained["memory"] = _memory(job, run, backlog)
    if "ranker" in due:
        counts = Counter[str]() if kinds else run.counts
        history = timedelta(days=job.settings.learn.history_days)
        trained["ranker"] = _ranker(job, run, job.read(Window(run.until - history, run.until), counts))
        run.counts[LEFT_OUT] = counts[LEFT_OUT]
    return [trained[kind] for kind in due], counted


def _tidy_plugin(job: Job) -> None:
    """Models that went with their releases; the release stands, whether this works or not."""
    try:
        if detect(job.client).ltr:
            delete_unnamed(job.client, job.store, job.prefix, job.index, job.now)
    except (ClusterError, ModelError, TransportError) as error:
        _log.warning("models of dropped releases stay in the LTR plugin: %s", error)


def _begin(job: Job, until: datetime, *, dry: bool) -> _Run:
    serving, damaged = serving_parts(job)
    counts = Counter({f"damaged {kind}": 1 for kind in damaged})
    done = _done(job, serving)
    forced = damaged | ({"policy"} if _unwanted(job, serving) else frozenset())
    if not dry and (finished := _finish_broken_off(job, counts)):
        done["memory"] = finished
        forced |= {"memory"}
    return _Run(until, serving, damaged, done, forced, dry, counts)


def _unwanted(job: Job, serving: Mapping[str, Part]) -> bool:
    """Whether what single people did is still kept where that is not wanted any more."""
    kept = serving.get("personal")
    return kept is not None and not job.settings.learn.personal_people and kept.payload != NOBODY


def _policy_and_counts(job: Job, run: _Run, backlog: Backlog) -> tuple[candidates.Trained, dict[str, Part]]:
    """The policy, and what was counted of the searches as they passed by, where they are not too few."""
    enough = backlog.count(run.done["aggregates"]) >= job.settings.learn.min_rounds
    counting = candidates.Counting(job.settings, run.serving) if enough else None
    counts = Counter[str]()
    with ThreadPoolExecutor(1) as beside:  # the cluster has time for it while the policy is trained
        late = beside.submit(_late, job, run, backlog.left_out, counts) if counting else None
        trained = _policy(job, run, backlog, counting)
        found = late.result() if late else None
    run.counts.update(counts)
    return trained, _counted(job, run, backlog, counting, found)


def _policy(job: Job, run: _Run, backlog: Backlog, counting: candidates.Counting | None) -> candidates.Trained:
    job.progress("training the policy", 0, None)
    done, counted = run.done["policy"], run.done["aggregates"]
    batches = backlog.since(done)
    if counting and counted == done:
        batches = counting.counting(batches)
    trained = candidates.policy(batches, job.settings, run.serving.get("policy"))
    # also those that the policy did not look at, and all where it had not learned what was counted
    deque(counting.counting(backlog.since(counted)) if counting and counted != done else batches, maxlen=0)
    return trained


def _ranker(job: Job, run: _Run, rounds: Sequence[Round]) -> candidates.Trained:
    job.progress("training the ranker", 0, None)
    trained = candidates.ranker(rounds, job.settings, job.index_settings, run.serving.get("ranker"))
    trained = servable(trained, job.index_settings)
    if run.dry or trained.part is None:
        return trained
    return brought(replace(trained, part=_dated(trained.part, run.until)), rounds, job)


def _memory(job: Job, run: _Run, backlog: Backlog) -> candidates.Trained:
    job.progress("bringing the memory up to date", 0, None)
    done = run.done["memory"]
    few = too_few("memory", backlog.count(done), job.settings.learn)
    if few and "memory" not in run.forced:
        return candidates.Trained(few)
    if run.dry:
        acted = (one for batch in backlog.since(done) for one in batch if one.gains)
        queries = len({one.decision.normalized for one in acted})
        return candidates.Trained(Verdict("memory", True, f"{queries} queries have actions to remember"))
    for portion, until in _portions(backlog.since(done), run.until, job.settings.learn.max_rounds):
        job.mark.begin(done, until)
        _count_in(job, portion, until, run.counts)
        done = until
    if job.settings.learn.late_days:
        _amend(job, run, backlog.left_out)
    part = memory_part(job, job.encoder() if job.encoder else None, run.counts)
    return candidates.Trained(Verdict("memory", True, f"{part.meta['queries']} queries with gains remembered"), part)


def _amend(job: Job, run: _Run, left_out: frozenset[str]) -> None:
    """Corrects the documents by late events; what a run that broke off was about to correct comes first, alone."""
    done, pending = job.late_mark.read()
    window = Window(done.until if done else run.done["memory"], pending.until if pending else run.until)
    late = LateEvents(job.client, job.settings, job.index, window, done.marks if done else None, left_out)
    found = late.found(Counter(), pending.marks if pending else None)
    job.late_mark.begin(pending or Met(run.until, found.marks))
    examination = judgments_from_clicks([one.after for one in found.late], job.settings.learn.click_model).examination
    job.memory.amend(found.late, examination, f"late {window.until.isoformat()}", run.counts)


def _portions(batches: Iterable[list[Round]], until: datetime, most: int) -> Iterator[tuple[list[Round], datetime]]:
    """Rounds of so many batches that memory holds them, with the time up to which each counts; the last to the end."""
    portion: list[Round] = []
    for batch in batches:
        if portion and len(portion) + len(batch) > most:
            yield portion, portion[-1].decision.at
            portion = []
        portion += batch
    yield portion, until


def _counted(
    job: Job, run: _Run, backlog: Backlog, counting: candidates.Counting | None, found: Found | None
) -> dict[str, Part]:
    """Counts need no gate: they say what happened, and change no order by themselves."""
    if counting is None:
        return {"personal": _part("personal", job, NOBODY, {})} if _unwanted(job, run.serving) else {}
    meta: Json = {"rounds": backlog.count(run.done["aggregates"]), **({EVENTS: dict(found.marks)} if found else {})}
    payloads = counting.payloads(found.late if found else ())
    return {kind: _part(kind, job, payload, meta) for kind, payload in payloads.items()}


def _late(job: Job, run: _Run, left_out: frozenset[str], counts: Counter[str]) -> Found | None:
    """What events have changed that came after their search was counted, since those were last looked for."""
    if not job.settings.learn.late_days:
        return None
    before = run.serving.get("aggregates")
    marks = before.meta.get(EVENTS) if before else None
    window = Window(run.done["aggregates"], run.until)
    return LateEvents(job.client, job.settings, job.index, window, marks, left_out).found(counts)


def _done(job: Job, serving: Mapping[str, Part]) -> dict[str, datetime | None]:
    """Per kind, the time up to which searches have been learned."""
    learned = {kind: through(serving.get(kind)) for kind in ("policy", "ranker", "aggregates")}
    if job.settings.choose.policy in LEARNING and not goes_on(serving.get("policy"), job.settings):
        learned["policy"] = None  # the next one begins anew, with all that is in the log
    return {**learned, "memory": job.mark.read()[0]}


def _new(kinds: Sequence[str], run: _Run) -> Window:
    """Everything that is new to one of these kinds, or to the aggregates, which go with the policy."""
    starts = [run.done[kind] for kind in (*kinds, *(["aggregates"] if "policy" in kinds else []))]
    known = [start for start in starts if start is not None]
    return Window(min(known) if len(known) == len(starts) else None, run.until)


def _count_in(job: Job, rounds: Sequence[Round], until: datetime, counts: Counter[str]) -> None:
    examination = judgments_from_clicks(rounds, job.settings.learn.click_model).examination
    job.memory.count_in(rounds, examination, until.isoformat(), counts)


def _finish_broken_off(job: Job, counts: Counter[str]) -> datetime | None:
    """A run that stopped before it had published is finished under its own name, which counts nothing twice.

    Returns the time up to which the memory's documents are then complete, None where no run had stopped.
    """
    _, window = job.mark.read()
    if window is None:
        return None
    counts["runs finished"] += 1
    with job.backlog(window, Counter()) as backlog:
        rounds = list(chain.from_iterable(backlog.since(None)))
    _count_in(job, rounds, window.until, counts)
    return window.until


def _part(kind: str, job: Job, payload: bytes, meta: Json) -> Part:
    return Part.of(kind, job.index, kind, payload, job.now, meta)


def _dated(part: Part, until: datetime) -> Part:
    """The part with what it has seen."""
    return part.dated(until, {THROUGH: until.isoformat()})
