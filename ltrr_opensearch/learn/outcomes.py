"""Brings outcomes up to date with rounds: what was acted upon, and where each strategy has it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import log

import numpy as np

from ltrr_opensearch.candidate_columns import named, ranked
from ltrr_opensearch.choose.outcome_table import features_of
from ltrr_opensearch.knowledge.liking import Liking
from ltrr_opensearch.knowledge.outcomes import Acted, Found, Lost, Outcome, Outcomes
from ltrr_opensearch.learn.hope import Told, hoped, tells
from ltrr_opensearch.learn.judgments import ClickJudgments, judgments_from_clicks
from ltrr_opensearch.learn.liking import liking
from ltrr_opensearch.learn.reward import looked_at
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import Decision, Round
from ltrr_opensearch.types import Outcome as PlanOutcome

ENTITIES = 50
"""Kept a query, the most acted upon."""
QUERIES = 5_000
"""Kept, the most asked first: each draw looks through all of them for those that are alike."""
OWN_HALF_LIFE = 20
"""Searches of a query, and examinations of an entity, after which older ones count half: what people want changes, and
so does what is found."""
SHARES_HALF_LIFE = 1000
"""The same in searches of any query, for how often strategies find what is wanted."""
LOST = 0.5
"""Of an entity's gain is left after each search in which nobody has it."""
WELL_WITHIN = 2
"""Times as deep as a strategy had an entity it must be asked, to lack it because it is gone."""
LOST_KINDS = 4
"""Of searches in which nobody acted, by how deep was asked, kept a query."""
FADED = 0.05
"""An entity whose decayed gain falls below this is forgotten, and so are as few searches without an action."""
EXAMINATION = "swaps"
"""Click model that says what was looked at, whatever `learn.click_model` says of grades: it assumes nothing of how
attractive a document is, so that places far down, where little is good, are not taken for places that nobody sees."""
MEMORY = "memory"
"""Source of plans that name what was acted upon for the query."""
_FADING = 0.5 ** (1 / OWN_HALF_LIFE)
_KEPT = 0.5 ** (1 / SHARES_HALF_LIFE)
ANSWERED = (PlanOutcome.OK, PlanOutcome.NOTHING_TO_ASK)


@dataclass
class _Counted:
    """Sums while counting, by strategy: [rungs]."""

    rungs: int
    asked: defaultdict[str, list[float]] = field(init=False)
    found: defaultdict[str, list[float]] = field(init=False)

    def __post_init__(self) -> None:
        self.asked = defaultdict(lambda: [0.0] * self.rungs)
        self.found = defaultdict(lambda: [0.0] * self.rungs)

    def before(self, shares: Mapping[str, Found]) -> _Counted:
        for name, share in shares.items():
            self.asked[name], self.found[name] = list(share.asked), list(share.found)
        return self

    def count(self, strategy: str, ladder: Sequence[int], depth: int, rank: int | None) -> None:
        shown = [(i, rung) for i, rung in enumerate(ladder) if 0 < rung <= depth]
        asked, found = (self.asked[strategy], self.found[strategy]) if shown else ([], [])
        for i, rung in shown:
            asked[i] = asked[i] * _KEPT + 1
            found[i] = found[i] * _KEPT + (rank is not None and rank <= rung)

    def shares(self) -> dict[str, Found]:
        return {name: Found(tuple(self.asked[name]), tuple(self.found[name])) for name in self.asked}


def updated(before: Outcomes, rounds: Iterable[Round], ladder: Sequence[int], learn: LearnSettings) -> Outcomes:
    """With `rounds` counted in, in their order; give each round once."""
    counted = sorted(rounds, key=lambda r: (r.decision.at, r.decision.query_id))
    every, new = _Counted(len(ladder)).before(before.shares), _Counted(len(ladder)).before(before.new)
    queries = dict(before.queries)
    telling: list[Told] = []
    gains = [best for one in counted if (best := max(one.gains.values(), default=0.0)) > 0]
    half_life = timedelta(days=learn.memory_half_life_days)
    # of what was looked at where no page is known, all was acted upon, which says nothing of chance
    judged = judgments_from_clicks([one for one in counted if one.decision.shown], EXAMINATION)
    told = _liking(before, judged, _KEPT ** len(counted))
    for one in counted:
        decision = one.decision
        known = _known(queries.get(decision.normalized), decision, half_life)
        if tells(known, one):
            telling.append(Told(known, one, every.shares()))
        folded = _folded(known, one, judged.examination, told.odds)
        if folded.entities or folded.lost:
            queries[decision.normalized] = folded
        else:
            queries.pop(decision.normalized, None)
        _count(one, every, new, known.entities, ladder)
    kept = _most_asked(queries, half_life)
    gain = sum(gains) / len(gains) if gains else before.gain
    remembering = before.remembering.union(
        slot.strategy for one in counted for slot in one.decision.slots if slot.source == MEMORY
    )
    return Outcomes(
        {q: queries[q] for q in kept}, every.shares(), new.shares(), gain, told, remembering, hoped(before, telling)
    )


def _most_asked(queries: Mapping[str, Outcome], half_life: timedelta) -> list[str]:
    """Whether somebody acted or not: a choice of those that went well would tell nobody of the others.

    What was only searched for in vain, and not for long, is no longer known.
    """
    until = max((one.updated for one in queries.values()), default=datetime.min)
    asked = {q: one.asked * _fading(one.updated, until, half_life) for q, one in queries.items()}
    left = [q for q in queries if queries[q].entities or asked[q] > FADED]
    return sorted(left, key=lambda q: (-asked[q], q))[:QUERIES]


def _liking(before: Outcomes, judged: ClickJudgments, kept: float) -> Liking:
    queries = before.queries
    fresh = [query not in queries or id not in queries[query].entities for query, id in judged.pairs]
    new = liking(judged.acted, judged.examined, np.array(fresh, dtype=np.bool_))
    return before.liking.and_also(new, kept) if new else before.liking


def _known(entry: Outcome | None, decision: Decision, half_life: timedelta) -> Outcome:
    features = features_of(decision.context)
    if entry is None:
        return Outcome(features, 1.0, 0.0, decision.at, {})
    share = _fading(entry.updated, decision.at, half_life)
    entities = {
        id: Acted(a.gain * share, a.examined * share, a.ranks, a.without, a.odds, a.gone)
        for id, a in entry.entities.items()
        if a.gain * share > FADED
    }
    faded = (Lost(kind.weight * share * _FADING, kind.without) for kind in entry.lost)
    lost = tuple(kind for kind in faded if kind.weight > FADED)
    asked, searches = entry.asked * share * _FADING + 1, entry.searches * share * _FADING
    return Outcome(features, asked, searches, decision.at, entities, lost, entry.ever * share + 1)


def _fading(since: datetime, until: datetime, half_life: timedelta) -> float:
    return float(0.5 ** (max(timedelta(0), until - since) / half_life))


def _folded(entry: Outcome, one: Round, examination: Sequence[float], odds: float) -> Outcome:
    """The entry with what this search found of its entities, and what was acted upon."""
    decision = one.decision
    found = _found(one, {*entry.entities, *one.gains})
    asked: dict[str, int] = {}
    for slot in decision.slots:
        if slot.depth and slot.outcome in ANSWERED:
            asked[slot.strategy] = max(slot.depth, asked.get(slot.strategy, 0))
    looked = {id: (place, gain) for place, id, gain in looked_at(one)}
    entities = {}
    for id in {*entry.entities, *(id for id, (_, gain) in looked.items() if gain > 0)}:
        was = entry.entities.get(id)
        if id in looked:
            place, gain = looked[id]
            examined = _examined(place, one, examination)
            was = _looked_at(was or Acted(0.0, _before(entry, examined, id, one), odds=odds), examined, gain)
        elif was and _pageless(one):
            was = _looked_at(was, 1.0, 0.0)
        if was:
            entities[id] = _placed(was, found.get(id, {}), asked)
    best = sorted(entities, key=lambda id: (-entities[id].rate, id))[:ENTITIES]
    acted = any(gain > 0 for _, gain in looked.values())
    lost = entry.lost if acted else _lost(entry.lost, asked)
    kept = {id: entities[id] for id in best}
    return Outcome(entry.features, entry.asked, entry.searches + acted, entry.updated, kept, lost, entry.ever)


def _pageless(one: Round) -> bool:
    """Whether no page is known of it, as of a search that a shop's log brought, and not that its page was empty."""
    decision = one.decision
    return not (decision.shown or decision.offset) and bool(decision.candidates or one.gains)


def _lost(before: Sequence[Lost], asked: Mapping[str, int]) -> tuple[Lost, ...]:
    """With one search more in which nobody acted."""
    same = next((kind.weight for kind in before if kind.without == asked), 0.0)
    kinds = [Lost(same + 1, asked), *(kind for kind in before if kind.without != asked)]
    return tuple(sorted(kinds, key=lambda kind: -kind.weight)[:LOST_KINDS])


def _found(one: Round, wanted: Collection[str]) -> dict[str, dict[str, int]]:
    """Where each strategy had the entities that are wanted."""
    strategy = {s.plan: s.strategy for s in one.decision.slots}
    found: dict[str, dict[str, int]] = {}
    for id, plan, rank in ranked(one.decision.candidates, wanted) if wanted else ():
        at, name = found.setdefault(id, {}), strategy.get(plan, plan)
        at[name] = min(rank, at.get(name, rank))
    return found


def _looked_at(was: Acted, examined: float, gain: float) -> Acted:
    share = _FADING**examined
    return Acted(was.gain * share + gain, was.examined * share + examined, was.ranks, was.without, was.odds, was.gone)


def _before(entry: Outcome, examined: float, id: str, one: Round) -> float:
    """How often an entity was looked at before anybody acted upon it: as if it had always stood where it stands now.

    What draws seldom hold was seldom there. Those that are long past count less, as all examinations.
    """
    before = (entry.ever - 1) * examined * _drawn(id, one)
    return float((1 - _FADING**before) / -log(_FADING))


def _examined(place: int, one: Round, examination: Sequence[float]) -> float:
    """How likely somebody looks at a place, from 0; of a search of which no page is known, everybody did."""
    if not one.decision.shown or not examination:
        return 1.0
    return examination[min(place, len(examination) - 1)]


def _drawn(id: str, one: Round) -> float:
    """How likely a search like this one draws what was acted upon: some slot is asked as deep as it stands there.

    Of a search of which no page is known, the action is there whatever was drawn.
    """
    found = [c.found for c in named(one.decision.candidates, one.gains) if c.key.id == id]
    if not one.decision.shown or not found[-1]:
        return 1.0
    ranks = {f.plan: f.rank for f in found[-1]}
    missed = 1.0
    for slot in one.decision.slots:
        if (rank := ranks.get(slot.plan)) is not None:
            missed *= 1 - sum(p for p, depth in zip(slot.pmf, one.decision.ladder, strict=True) if depth >= rank)
    return 1 - missed


def _placed(was: Acted, found: Mapping[str, int], asked: Mapping[str, int]) -> Acted:
    """Ranks as they are now; a strategy that was asked and lacked the entity forgets where it had it.

    What is lacking once more, and is nowhere known to be, has probably left the index: half of its gain goes. Lists
    shift a little from search to search; what was twice as near as is asked now and is lacking is no further down.
    """
    lacked = {s: depth for s, depth in asked.items() if s not in found}
    ranks = {**{s: r for s, r in was.ranks.items() if lacked.get(s, 0) < r}, **found}
    without = {s: d for s, d in was.without.items() if s not in found}
    without |= {s: max(d, without.get(s, 0)) for s, d in lacked.items() if s not in ranks}
    gain = was.gain if ranks or not lacked else was.gain * LOST
    lost = not ranks and any(WELL_WITHIN * was.ranks.get(s, depth) <= depth for s, depth in lacked.items())
    return Acted(gain, was.examined, ranks, without, was.odds, not found and (lost or was.gone))


def _count(one: Round, every: _Counted, new: _Counted, known: Collection[str], ladder: Sequence[int]) -> None:
    best = max(one.gains.values(), default=0.0)
    acted = [c for c in named(one.decision.candidates, one.gains) if one.gains[c.key.id] == best] if best > 0 else []
    unknown = [c for c in acted if c.key.id not in known]
    for counted, some in ((every, acted), (new, unknown)):
        at = {f.plan: f.rank for f in some[0].found} if some else {}
        for slot in one.decision.slots if some else ():
            if slot.depth and slot.outcome in ANSWERED:
                counted.count(slot.strategy, ladder, slot.depth, at.get(slot.plan))
