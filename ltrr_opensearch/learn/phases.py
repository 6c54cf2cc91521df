"""The check of an index's phase: reads what is new, adds it to the evidence, judges, and records a move.

It may run each minute, twice, or on two machines at once: evidence, watermarks and phase are one document, which is
replaced only as it was read.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from ltrr_opensearch.errors import Conflict
from ltrr_opensearch.learn import counting, read
from ltrr_opensearch.learn.evidence import Evidence
from ltrr_opensearch.learn.job import Job
from ltrr_opensearch.learn.phase_rules import Verdict, judge, next_phase
from ltrr_opensearch.learn.read import Window
from ltrr_opensearch.logged import Decision
from ltrr_opensearch.phase_settings import PHASES
from ltrr_opensearch.release.best import lineage
from ltrr_opensearch.release.phases import Move, PhaseState, PhaseStore

ATTEMPTS = 3
ON_ITS_WAY_S = 10.0
"""A search younger than this may not be in the log yet."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Checked:
    """`state` is what holds now, `move` how it came to it, None where nothing moved."""

    index: str
    state: PhaseState
    verdict: Verdict
    move: Move | None = None
    pinned: str | None = None
    """The release that somebody went back to: no move up until it is unpinned."""


def store_of(job: Job) -> PhaseStore:
    return PhaseStore(job.client, job.prefix, job.settings.phases.first)


def check(job: Job, *, window_s: float | None = None, dry_run: bool = False) -> Checked:
    """`window_s` overrides how old a search must be for what came of it to be known, as for `learn`.

    A dry run counts and judges, and records nothing.
    """
    read.refresh(job.client, job.prefix, job.settings.state.ubi_events)
    store = store_of(job)
    for _ in range(ATTEMPTS):
        state, condition = store.read(job.index)
        checked = _checked(job, state, job.settings.learn.window_s if window_s is None else window_s)
        if dry_run or store.write(job.index, checked.state, condition):
            _tell(checked)
            return checked
    raise Conflict(f"the phase of index {job.index!r} is being checked by others all the time; try again")


def _checked(job: Job, state: PhaseState, closed_s: float) -> Checked:
    evidence = _counted(job, state, closed_s)
    verdict, pinned = judge(state, evidence, job.settings, job.now), job.store.pinned(job.index)
    move = _move(state, verdict, pinned, job.now)
    kept = state.moved(move) if move else replace(state, evidence=evidence.to_json())
    return Checked(job.index, kept, verdict, move, pinned)


def _move(state: PhaseState, verdict: Verdict, pinned: str | None, now: datetime) -> Move | None:
    above = next_phase(state.phase)
    if verdict.broken:
        return Move(now, state.phase, PHASES[0], "guardrail", "; ".join(verdict.broken), verdict.figures)
    if above and not verdict.missing and not pinned:
        return Move(now, state.phase, above, "thresholds", "every threshold is reached", verdict.figures)
    return None


def _counted(job: Job, state: PhaseState, closed_s: float) -> Evidence:
    """The evidence with what is new: of searches at once, and of those whose attribution window is closed."""
    evidence, releases = Evidence.from_json(state.evidence), [r.id for r in lineage(job.store.history(job.index))]
    if evidence.release not in (None, *releases):
        evidence = Evidence(judged=evidence.judged, seen=evidence.seen)

    def counts(decision: Decision) -> bool:
        # what a release did that somebody went back from says nothing of the one that serves
        return decision.phase == state.phase and decision.release in releases

    young = _window(evidence.seen or state.since, job.now - timedelta(seconds=ON_ITS_WAY_S))
    for page in _pages(job, young):
        evidence = counting.seen(evidence, [d for d in page if counts(d)], state.phase)
    old = _window(evidence.judged or state.since, job.now - timedelta(seconds=closed_s))
    rounds = [r for r in job.read(old, Counter()) if counts(r.decision)] if job.count(old) else []
    evidence = counting.judged(evidence, rounds, state.phase, job.settings)
    seen, judged = young.until.isoformat(), old.until.isoformat()
    return replace(evidence, seen=seen, judged=judged, release=releases[0] if releases else None)


def _window(after: datetime | str | None, until: datetime) -> Window:
    """A phase that has just begun, or a clock that went back, has nothing new."""
    start = datetime.fromisoformat(after).astimezone(UTC) if isinstance(after, str) else after
    return Window(start, max(start, until) if start else until)


def _pages(job: Job, window: Window) -> Iterable[list[Decision]]:
    most = job.settings.learn.max_rounds
    return read.decision_pages(job.client, job.prefix, job.index, window, most, Counter())


def _tell(checked: Checked) -> None:
    if move := checked.move:
        level = logging.WARNING if move.by == "guardrail" else logging.INFO
        _log.log(level, "index %r moves from %s to %s: %s", checked.index, move.before, move.to, move.reason)
