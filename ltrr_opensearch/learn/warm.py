"""A warm start: what searches that somebody answered before us teach the memory, the policy and what is counted.

People could only take what the system of that time showed, so in such searches the client's own query looks better than
it is, and what it never shows looks worthless. That cannot be undone by weights, since nobody logged what else might
have been shown. It is bounded: the policy gives way to the safe plan until its own searches say more
(`choose.warm_share`), it is learned only where none has learned from searches of its own, and evidence for a
phase is read from our own log alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ltrr_opensearch.errors import Conflict
from ltrr_opensearch.learn import candidates
from ltrr_opensearch.learn.gate import Verdict, too_few
from ltrr_opensearch.learn.job import Job, Learned, memory_part, serving_parts, with_verdict
from ltrr_opensearch.learn.parts import goes_on
from ltrr_opensearch.learn.past import examined
from ltrr_opensearch.learn.policy import train_policy
from ltrr_opensearch.learn.watermarks import PastMark, Span, through
from ltrr_opensearch.logged import Part, Round
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Lessons:
    """`whole`: searches with the outcome of every rung, asked with certainty; `drawn`: the same by query_id, drawn
    uniformly under the budget; `counted`: parts that need no gate, by kind.
    """

    whole: Sequence[Round]
    drawn: Mapping[str, Round]
    counted: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Due:
    """What a run has to do. `fresh`: rounds that the memory has not counted, all within `span`.

    There is a span without any of them where a run that broke off has nothing left to count, and is to be finished.
    """

    fresh: Sequence[Round]
    span: Span | None
    source: str
    serving: Mapping[str, Part]
    damaged: frozenset[str]

    @property
    def nothing(self) -> bool:
        return self.span is None and "policy" in self.serving

    @property
    def run(self) -> str:
        """Names the run in the documents that it counts in: the same when it is finished after it broke off."""
        return f"{self.source} {self.span.last.isoformat()}" if self.span else ""


def due(past: Sequence[Round], source: str, job: Job) -> Due:
    """`past` in the order of time. `source` names where it is from: a run that broke off is finished with the same."""
    noted = mark_of(job).read()
    fresh = [one for one in past if not (noted.covered and noted.covered.holds(one.decision.at))]
    if noted.pending:
        if noted.source != source:
            raise Conflict(
                f"a warm start of index {job.index!r} from {noted.source} broke off, and this is {source}; finish that "
                "one first, with the log that it was given"
            )
        fresh = [one for one in fresh if noted.pending.holds(one.decision.at)]
    times = [one.decision.at for one in fresh]
    span = noted.pending or (Span(times[0], times[-1]) if times else None)
    serving, damaged = serving_parts(job)
    return Due(fresh, span, source, serving, damaged)


def warm_start(
    due: Due, lessons: Lessons, job: Job, until: datetime, counts: Counter[str], *, dry_run: bool = False
) -> Learned:
    """Publishes what holds as one release, as `ltrr learn` does; `until`: how far the past was read."""
    pinned = job.store.pinned(job.index)
    dry_run = dry_run or pinned is not None
    policy = taught(lessons, job.settings, due.serving.get("policy"))
    parts = _counted(lessons, due, job)
    if policy.part:
        # that no search of ours was learned: the next run of the job begins with the first of them
        parts["policy"] = with_verdict(policy.part.dated(job.now), policy.verdict)
    remembered = _memory(due, job, counts, dry=dry_run)
    verdicts = policy.verdict, remembered.verdict
    if remembered.part:
        parts["memory"] = remembered.part
    if dry_run or not parts:
        return Learned(job.index, until, counts, verdicts, pinned=pinned)
    release = job.store.publish(job.index, parts, "warm-start", due.damaged, unless_pinned=True)
    if remembered.part:
        mark_of(job).finish()
    return Learned(job.index, until, counts, verdicts, release)


def mark_of(job: Job) -> PastMark:
    return PastMark(job.client, job.prefix, job.index)


def taught(lessons: Lessons, settings: Settings, serving: Part | None) -> candidates.Trained:
    """A policy that begins with the past, where none has begun with searches of its own, judged beside the safe plan.

    Beside that and not beside an earlier warm start, which has learned the very searches that judge.
    """
    if (own := through(serving)) and goes_on(serving, settings):
        said = f"what serves has learned from searches of its own, up to {own:%Y-%m-%d %H:%M} UTC"
        return candidates.Trained(Verdict("policy", False, f"{said}; it needs no start"))
    most = int(settings.choose.warm_share * settings.choose.apprentice_rounds)

    def teach(rounds: Sequence[Round], part: Part | None) -> Part:
        drawn = [lessons.drawn[one.decision.query_id] for one in rounds]
        return train_policy(drawn, settings, part, at_most=most)

    return candidates.policy(_batches(lessons.whole), settings, None, teach)


def _batches(rounds: Sequence[Round]) -> Iterator[Sequence[Round]]:
    return (rounds[start : start + BATCH] for start in range(0, len(rounds), BATCH))


def _counted(lessons: Lessons, due: Due, job: Job) -> dict[str, Part]:
    """Where nothing of our own was counted yet: counts are not added up, but begun with the past."""
    if len(lessons.whole) < job.settings.learn.min_rounds:
        return {}
    begun = {kind: payload for kind, payload in lessons.counted.items() if not through(due.serving.get(kind))}
    meta: Json = {"from": "warm-start"}
    return {
        kind: Part.of(kind, job.index, kind, payload, job.now, meta).dated(job.now) for kind, payload in begun.items()
    }


def _memory(due: Due, job: Job, counts: Counter[str], *, dry: bool) -> candidates.Trained:
    job.progress("bringing the past into the memory", 0, None)
    mark, learn = mark_of(job), job.settings.learn
    if due.span is None or (not mark.read().pending and len(due.fresh) < learn.min_rounds):
        few = too_few("memory", len(due.fresh), learn) or Verdict("memory", False, "nothing new")
        return candidates.Trained(few)
    if dry:
        queries = len({one.decision.normalized for one in due.fresh if one.gains})
        return candidates.Trained(Verdict("memory", True, f"{queries} queries have actions to remember"))
    mark.begin(due.span, due.source)
    job.memory.bring(due.fresh, examined(due.fresh, learn.click_model), due.run, counts)
    part = memory_part(job, job.encoder() if job.encoder else None, counts)
    return candidates.Trained(Verdict("memory", True, f"{part.meta['queries']} queries with gains remembered"), part)
