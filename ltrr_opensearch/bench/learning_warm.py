"""What a warm start is worth: Best Buy's first four weeks as a shop's own log, the days after them in bandit mode.

The past is only brought by the parts of `ltrr warm-start`, with the command's own defaults; then a click exists only if
the product was on the page that the system showed. Nothing was chosen on the days that judge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from ltrr_opensearch.arena.learner import Learner
from ltrr_opensearch.arena.lessons import Again, Growing, lessons
from ltrr_opensearch.arena.replay import Limits
from ltrr_opensearch.bench import bestbuy
from ltrr_opensearch.bench.at_once import Done, at_once
from ltrr_opensearch.bench.bestbuy import Clicked
from ltrr_opensearch.bench.bestbuy_judged import rewards
from ltrr_opensearch.bench.clicked_replay import ClickAnswered, ClickedReplay, Mode, alone, most_clicked, place_of
from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.learning_bestbuy import world
from ltrr_opensearch.bench.memory_replay import answered as listed
from ltrr_opensearch.bench.recorded import Recorded, as_suite
from ltrr_opensearch.bench.resampled import Floats, interval, mean, reciprocal
from ltrr_opensearch.demo.progress import bar
from ltrr_opensearch.demo.stack import Stack
from ltrr_opensearch.learn.past import Past, drawn_from, past_rounds
from ltrr_opensearch.learn.warm import taught
from ltrr_opensearch.logged import Event, Part
from ltrr_opensearch.normalise import normalise
from ltrr_opensearch.types import Asker

PAST_DAYS, QUICK_PAST_DAYS = 28, 14
AFTER_DAYS, QUICK_AFTER_DAYS = 7, 2
SEARCHES = 2000
"""Replayed for the policy: the default of the command."""
OTHER_SAMPLES = (1, 2)
"""Seeds of other samples of the past, whose first day is judged as well."""
COLD, WARM = "no warm start", "warm start"
MEMORY, POLICY, COUNTED = "memory", "policy", "counted"
ARMS: Mapping[str, Collection[str]] = {
    COLD: (),
    WARM: (MEMORY, POLICY, COUNTED),
    "its memory alone": (MEMORY,),
    "its policy and counts alone": (POLICY, COUNTED),
}
OWN, MOST_CLICKED = "the untouched query", "most clicked for this query, then RRF"


def played(console: Console, quick: bool, stack: Stack) -> list[Figure]:
    made, clicks = world(console, False, stack)
    days = (QUICK_PAST_DAYS, QUICK_AFTER_DAYS) if quick else (PAST_DAYS, AFTER_DAYS)
    start, end = _days(clicks, days)
    past, after = [c for c in clicks if c.at < start], [c for c in clicks if start <= c.at < end]
    brought = bring(console, made, past)
    jobs = [partial(replayed, made, after, arm, brought) for arm in ARMS]
    answered = at_once(console, "Best Buy, the days after", len(jobs) * len(after), jobs)
    judged = Judged(made, past, after, dict(zip(ARMS, answered, strict=True)))
    first = [one for one in after if one.at < _next_day(after[0].at)]
    again = {seed: replayed(made, first, WARM, bring(console, made, past, seed)) for seed in OTHER_SAMPLES}
    others = [judged.other(seed, some) for seed, some in again.items()]
    return [*judged.figures(brought.policy), *others, judged.memory_first(first, brought)]


def _next_day(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _days(clicks: Sequence[Clicked], days: tuple[int, int]) -> tuple[datetime, datetime]:
    first = clicks[0].at.replace(hour=0, minute=0, second=0, microsecond=0)
    return first + timedelta(days=days[0]), first + timedelta(days=sum(days))


class Brought:
    """What the past left. `policy` is None where the gate refused it."""

    def __init__(self, growing: Growing, policy: Part | None) -> None:
        self.growing, self.policy = growing, policy

    def learner(self, made: Recorded, kept: Collection[str]) -> Learner:
        """One that begins with some of it."""
        vectors = {query: a.vector for query, a in made.recording.queries.items() if a.vector is not None}
        learner = Learner(made.settings, made.recording.index, made.gazetteer, vectors, terms=made.terms)
        known = self.growing.knowledge
        if MEMORY in kept:
            learner.entries = dict(self.growing.entries)
            learner.knowledge = replace(learner.knowledge, memory=known.memory)
        if COUNTED in kept:
            learner.knowledge = replace(
                learner.knowledge,
                aggregates=known.aggregates,
                exposure=known.exposure,
                popularity=known.popularity,
            )
        if POLICY in kept and self.policy:
            learner.parts["policy"] = self.policy
        return learner


def bring(console: Console, made: Recorded, past: Sequence[Clicked], seed: int = 0) -> Brought:
    """A click is a search of the past; none is known that led to nothing, and no page is. `seed`: of the sample."""
    every = [_past(number, one) for number, one in enumerate(past)]
    ids = {one.product: [one.product] for one in past}
    rounds = past_rounds(every, made.recording.index, ids, made.settings.learn, Counter())
    sample = {one.decision.query_id for one in drawn_from(rounds, SEARCHES, seed)}
    serving = Learner(made.settings, made.recording.index, made.gazetteer, {}, terms=made.terms).serving()
    again = Again(made.recording, serving, bestbuy.application_query, made.settings, ids)
    with bar(console, "Best Buy, the past", len(sample)) as done:
        found, growing = lessons(rounds, sample, again, Counter(), done)
    return Brought(growing, taught(found, made.settings, None).part)


def _past(number: int, one: Clicked) -> Past:
    id, asker = f"past-{number}", Asker(one.user, one.session)
    return Past(id, one.at, one.query, asker, events=(Event(id, one.at, "click", one.product, user=one.user),))


def replayed(
    made: Recorded, after: Sequence[Clicked], arm: str, brought: Brought, done: Done = lambda _: None
) -> list[ClickAnswered]:
    limits = Limits(made.settings.serve.rank_depth, made.settings.log.feature_sample)
    replay = ClickedReplay(made.recording, bestbuy.application_query, normalise, Mode.BANDIT, limits=limits)
    return replay.run(after, brought.learner(made, ARMS[arm]), done=done)


class Judged:
    """The clicks of the days after; ranks, and rewards of retrieval, by arm and peer."""

    def __init__(
        self,
        made: Recorded,
        past: Sequence[Clicked],
        after: Sequence[Clicked],
        answered: Mapping[str, Sequence[ClickAnswered]],
    ) -> None:
        self._made = made
        self._users = np.unique([one.user for one in after], return_inverse=True)[1]
        self._first = np.array([one.at < _next_day(after[0].at) for one in after])
        seen = {normalise(one.query) for one in past}
        self._new = np.array([normalise(one.query) not in seen for one in after])
        self._ranks = {arm: reciprocal([one.rank for one in some]) for arm, some in answered.items()}
        self._rewards = {arm: rewards(some, made) for arm, some in answered.items()}
        own = next(s.name for s in made.settings.indexes[made.recording.index].strategies if s.use == "original")
        counted = most_clicked([*past, *after], normalise, made.recording)[len(past) :]
        self._peers = {
            OWN: reciprocal(alone(after, normalise, made.recording, own)),
            MOST_CLICKED: reciprocal(counted),
        }

    def figures(self, policy: Part | None) -> list[Figure]:
        everyone = np.ones(len(self._users), np.bool_)
        parts = {"first_day": self._first, "days": everyone, "days_new": self._new}
        taught = Figure("warm_start_policy_passed_the_gate", float(policy is not None), "")
        return [taught, *(f for part, rows in parts.items() if rows.any() for f in self._of(part, rows))]

    def other(self, seed: int, answered: Sequence[ClickAnswered]) -> Figure:
        """The first day with another sample of the past."""
        first = int(self._first.sum())
        ours, rows = np.zeros(len(self._users)), self._first
        ours[:first] = reciprocal([one.rank for one in answered])
        name = f"warm_start_first_day_sample_{seed}_mrr_lead_over {COLD}"
        return self._lead(name, ours, self._ranks[COLD], COLD, rows, "MRR")

    def memory_first(self, first: Sequence[Clicked], brought: Brought) -> Figure:
        """The first day by the list of the warm memory alone, then RRF: what the order of the page leaves unused."""
        learner = brought.learner(self._made, (MEMORY,))
        lists = {query: listed(self._made, learner, query) for query in {normalise(one.query) for one in first}}
        ours, rows = np.zeros(len(self._users)), self._first
        ours[: len(first)] = reciprocal([place_of(lists[normalise(one.query)], one.product) for one in first])
        name = f"warm_start_first_day_memory_first_mrr_lead_over {MOST_CLICKED}"
        return self._lead(name, ours, self._peers[MOST_CLICKED], MOST_CLICKED, rows, "MRR")

    def _of(self, part: str, rows: NDArray[np.bool_]) -> list[Figure]:
        name = f"warm_start_{part}"
        shown = [
            figure
            for arm in ARMS
            for figure in (
                self._mean(f"{name}_mrr {arm}", self._ranks[arm], rows, "MRR"),
                self._mean(f"{name}_success_at_10 {arm}", _within(self._ranks[arm]), rows, "share"),
                self._mean(f"{name}_reward {arm}", self._rewards[arm], rows, "reward"),
            )
        ]
        warm = self._ranks[WARM]
        leads = [
            self._lead(f"{name}_mrr_lead_over {peer}", warm, theirs, peer, rows, "MRR")
            for peer, theirs in {COLD: self._ranks[COLD], **self._peers}.items()
        ]
        ten = [
            self._lead(f"{name}_success_at_10_lead_over {peer}", _within(warm), _within(theirs), peer, rows, "share")
            for peer, theirs in {COLD: self._ranks[COLD], **self._peers}.items()
        ]
        reward = self._lead(
            f"{name}_reward_lead_over {COLD}", self._rewards[WARM], self._rewards[COLD], COLD, rows, "reward"
        )
        return [*shown, *leads, *ten, reward]

    def _mean(self, name: str, values: Floats, rows: NDArray[np.bool_], unit: str) -> Figure:
        return Figure(
            name, mean(values[rows]), unit, interval=interval(values[rows], self._users[rows]), runs=int(rows.sum())
        )

    def _lead(self, name: str, ours: Floats, theirs: Floats, peer: str, rows: NDArray[np.bool_], unit: str) -> Figure:
        """How far ahead, paired by search; the lower end of the interval must be above 0 but on new queries."""
        low, high = interval((ours - theirs)[rows], self._users[rows])
        target = 0.0 if "new" not in name else None
        told = f"ours {mean(ours[rows]):.4f}, ahead by {mean((ours - theirs)[rows]):.4f}"
        value, beside = low if target is not None else mean((ours - theirs)[rows]), (peer, mean(theirs[rows]))
        return Figure(name, value, unit, beside, target, interval=(low, high), runs=int(rows.sum()), made_with=told)


def _within(ranks: Floats) -> Floats:
    return (ranks >= 0.1).astype(np.float64)


measure = as_suite(played)
