"""What searches of the time before us teach: asked of every strategy once, then replayed in the order of time.

Each is replayed with what was known before it, so that a policy meets new and remembered queries as it will when it
serves. Lists nest: asked at the deepest rung, a search shows what every action would have found of what was taken.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from ltrr_opensearch.arena.record import Template
from ltrr_opensearch.arena.recording import Recording
from ltrr_opensearch.arena.replay import Limits, Replay
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.uniform import Uniform
from ltrr_opensearch.knowledge.memory import Memory, MemoryRow
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.learn.backlog import FIRST
from ltrr_opensearch.learn.memory import Counting, Entry, brought
from ltrr_opensearch.learn.past import PAST, Ids, examined
from ltrr_opensearch.learn.remember import rounds_by_query
from ltrr_opensearch.learn.warm import Lessons
from ltrr_opensearch.logged import CandidateRecord, Decision, Round
from ltrr_opensearch.normalise import normalise
from ltrr_opensearch.plan.registry import build_strategies
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import DocKey, Vector

STRETCHES = 20
"""Into which the past is cut: within one, nothing is learned."""
FIRST_PAGE = "objects on your own query's first page now"
BEHIND = "objects behind your own query's first page"
OTHERS_ONLY = "objects that only other strategies find"
NOWHERE = "objects that no strategy finds"


@dataclass(frozen=True)
class Again:
    """How the past is asked again. `recording` has a query in the first spelling of each that is asked."""

    recording: Recording
    serving: Serving
    template: Template
    settings: Settings
    ids: Ids

    def replays(self, knowledge: Knowledge) -> dict[str, Replay]:
        """By name, with what is known by then: everything asked, drawn uniformly under the budget, the safe plan."""
        index = self.serving.index
        asked = {"floor": 0.0, "fresh_share": 0.0, "near_share": 0.0, "explore_share": 1.0, "explore_loss": None}
        choose = self.serving.choose.model_copy(update=asked)
        known = replace(
            self.serving,
            knowledge=knowledge,
            strategies=build_strategies(index, knowledge),
            choose=choose,
            logged_as=lambda asker: asker,  # the past was read under the log's names
        )
        unlimited = choose.model_copy(update={"budget": sys.maxsize})
        ways: dict[str, Serving] = {
            "whole": replace(known, policy=Fixed(self.recording.depth), choose=unlimited),
            "safe": replace(known, policy=known.safe),
        }
        if choose.policy != "direct":
            ways["drawn"] = replace(known, policy=Uniform())
        limits = Limits(rank_depth=1, feature_sample=0)
        return {name: Replay(self.recording, one, self.template, limits) for name, one in ways.items()}


@dataclass
class Growing:
    """What is known as the past goes by."""

    knowledge: Knowledge
    settings: Settings
    vectors: Mapping[str, Vector]
    entries: dict[str, Entry] = field(default_factory=dict)

    @classmethod
    def of(cls, again: Again) -> Growing:
        """From nothing, but for what the index itself says."""
        known, empty = again.serving.knowledge, Knowledge.empty()
        start = replace(empty, gazetteer=known.gazetteer, terms=known.terms, readings=known.readings)
        answered = again.recording.queries.items()
        return cls(start, again.settings, {normalise(q): a.vector for q, a in answered if a.vector is not None})

    def after(self, past: Sequence[Round], counted: Sequence[Round]) -> None:
        """`counted`: the same searches, for the aggregates."""
        learn = self.settings.learn
        exposure = self.knowledge.exposure.updated(past, learn.memory_half_life_days)
        self.knowledge = replace(
            self.knowledge,
            exposure=exposure,
            aggregates=self.knowledge.aggregates.updated(counted, learn.memory_half_life_days, exposure),
            popularity=self.knowledge.popularity.updated(past),
            personal=self.knowledge.personal.updated(past, learn.memory_half_life_days, learn.personal_people),
            memory=self._remembering(past),
        )

    def _remembering(self, past: Sequence[Round]) -> Memory:
        learn, counting = self.settings.learn, Counting.of(self.settings.learn, self.settings.state)
        examination = examined(past, learn.click_model)
        for query, some in rounds_by_query(past).items():
            if entry := brought(self.entries.get(query), some, examination, counting, run=""):
                self.entries[query] = entry
        scored = ((q, self.entries[q].scores(learn.memory_entities, learn.memory_users)) for q in sorted(self.entries))
        return Memory.from_rows([MemoryRow(q, found, self.vectors.get(q)) for q, found in scored if found])

    @property
    def counted(self) -> dict[str, bytes]:
        parts = (
            "exposure",
            "aggregates",
            "popularity",
            *(("personal",) if self.settings.learn.personal_people else ()),
        )
        return {kind: getattr(self.knowledge, kind).to_bytes() for kind in parts}


def lessons(
    past: Sequence[Round],
    asked: Collection[str],
    again: Again,
    counts: Counter[str],
    done: Callable[[int], None] = lambda _: None,
) -> tuple[Lessons, Growing]:
    """`past` in the order of time; `asked`: query_ids of those that are replayed, the others are only counted."""
    growing, acted = Growing.of(again), _acted_upon(past)
    spelled = {normalise(text): text for text in again.recording.queries}
    taught: defaultdict[str, dict[str, Round]] = defaultdict(dict)
    for some in _stretches(past):
        replays = again.replays(growing.knowledge)
        for one in some:
            if one.decision.query_id in asked and (text := spelled.get(one.decision.normalized)):
                for name, replay in replays.items():
                    taught[name][one.decision.query_id] = _replayed(replay, one, text, again, acted)
                done(1)
        growing.after(some, [taught["safe"].get(one.decision.query_id) or _unanswered(one) for one in some])
    whole = taught["whole"]
    _tell(whole.values(), again, counts)
    return Lessons(tuple(whole.values()), taught["drawn"] or whole, growing.counted), growing


def _stretches(past: Sequence[Round]) -> Iterable[Sequence[Round]]:
    ends = [len(past) * part // STRETCHES for part in range(STRETCHES + 1)]
    return (past[start:end] for start, end in pairwise(ends) if end > start)


def _acted_upon(past: Iterable[Round]) -> Mapping[str, set[str]]:
    """By query, all that was ever acted upon."""
    acted: defaultdict[str, set[str]] = defaultdict(set)
    for one in past:
        acted[one.decision.normalized].update(one.gains)
    return acted


def _unanswered(one: Round) -> Round:
    """A search that was not asked again: it was made, but whether a strategy finds what was taken is not known."""
    return replace(one, gains={}, decision=replace(one.decision, candidates=(), shown=0))


def _replayed(replay: Replay, one: Round, text: str, again: Again, acted: Mapping[str, set[str]]) -> Round:
    """The search as it would have been logged, but that nobody saw its page."""
    past = one.decision
    decision = replay.search(text, past.query_id, past.at, past.asker).decision
    gains = _gains(one, again.ids)
    found = tuple(c for c in decision.candidates if _teaches(c, acted[past.normalized]))
    known = {c.key.id for c in found}
    lost = tuple(CandidateRecord(DocKey(decision.index, id), ()) for id in gains if id not in known)
    return replace(one, gains=gains, decision=replace(decision, candidates=(*found, *lost), shown=0, phase=PAST))


def _teaches(candidate: CandidateRecord, acted: set[str]) -> bool:
    return candidate.key.id in acted or any(f.rank <= FIRST for f in candidate.found)


def _gains(one: Round, ids: Ids) -> dict[str, float]:
    """Of all documents of the objects that were acted upon."""
    named = {c.object_id or c.key.id: one.gains[c.key.id] for c in one.decision.candidates if c.key.id in one.gains}
    return {id: gain for name, gain in named.items() for id in ids.get(name, ())}


def _tell(whole: Iterable[Round], again: Again, counts: Counter[str]) -> None:
    """How far what was taken is what the client's own query shows, since only that could be taken."""
    counts.update(dict.fromkeys((FIRST_PAGE, BEHIND, OTHERS_ONLY, NOWHERE), 0))
    for one in whole:
        own = {slot.plan for slot in one.decision.slots if slot.original}
        for candidate in one.decision.candidates:
            if candidate.key.id in one.gains:
                counts[_place(candidate, own, one.decision, again)] += 1


def _place(candidate: CandidateRecord, own: Collection[str], decision: Decision, again: Again) -> str:
    size = int(again.template(decision.text).get("size", 10))
    rank = min((f.rank for f in candidate.found if f.plan in own), default=None)
    if rank is None:
        return OTHERS_ONLY if candidate.found else NOWHERE
    return FIRST_PAGE if rank <= size else BEHIND
