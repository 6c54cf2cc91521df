"""Brings outcomes up to date with rounds: what was acted upon, and where each strategy has it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ltrr_opensearch.choose.context import ASKED
from ltrr_opensearch.knowledge.outcomes import FEATURES, Acted, Found, Outcome, Outcomes
from ltrr_opensearch.learn.judgments import judgments_from_clicks
from ltrr_opensearch.learn.reward import looked_at
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import Decision, Round
from ltrr_opensearch.types import Outcome as PlanOutcome

ENTITIES = 50
"""Kept a query, the most acted upon."""
QUERIES = 5_000
"""Kept, the most searched first: each draw looks through all of them for those that are alike."""
LEAST_EXAMINED = 0.1
"""Positions that fewer people look at count as if so many did: few would else speak for very many."""
OWN_HALF_LIFE = 20
"""Searches of a query after which its older ones count half: what people want changes, and so does what is found."""
SHARES_HALF_LIFE = 1000
"""The same in searches of any query, for how often strategies find what is wanted."""
LOST = 0.5
"""Of an entity's weight is left after each search in which nobody has it."""
FADED = 0.05
"""An entity whose decayed weight falls below this is forgotten."""
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
        for i, rung in enumerate(ladder):
            if 0 < rung <= depth:
                fresh = rank is not None and rank <= rung
                self.asked[strategy][i] = self.asked[strategy][i] * _KEPT + 1
                self.found[strategy][i] = self.found[strategy][i] * _KEPT + fresh

    def shares(self) -> dict[str, Found]:
        return {name: Found(tuple(self.asked[name]), tuple(self.found[name])) for name in self.asked}


def updated(before: Outcomes, rounds: Iterable[Round], ladder: Sequence[int], learn: LearnSettings) -> Outcomes:
    """With `rounds` counted in, in their order; give each round once."""
    counted = sorted(rounds, key=lambda r: (r.decision.at, r.decision.query_id))
    every, new = _Counted(len(ladder)).before(before.shares), _Counted(len(ladder)).before(before.new)
    queries = dict(before.queries)
    gains = [max(one.gains.values()) for one in counted if one.gains]
    half_life = timedelta(days=learn.memory_half_life_days)
    # of what was looked at where no page is known, all was acted upon, which says nothing of chance
    judged = judgments_from_clicks([one for one in counted if one.decision.shown], learn.click_model)
    for one in counted:
        decision = one.decision
        known = _known(queries.get(decision.normalized), decision, half_life)
        folded = _folded(known, one, judged.examination)
        if folded.entities:
            queries[decision.normalized] = folded
        else:
            queries.pop(decision.normalized, None)
        _count(one, every, new, ladder)
    kept = sorted(queries, key=lambda q: (-queries[q].searches, q))[:QUERIES]
    gain = sum(gains) / len(gains) if gains else before.gain
    noise = before.noise if judged.noise is None else judged.noise * gain
    return Outcomes({q: queries[q] for q in kept}, every.shares(), new.shares(), gain, noise)


def _known(entry: Outcome | None, decision: Decision, half_life: timedelta) -> Outcome:
    features = tuple(float(decision.context.get(name, 0.0)) for name in FEATURES)
    if entry is None:
        return Outcome(features, 1.0, 0.0, decision.at, {})
    share = _fading(entry.updated, decision.at, half_life) * 0.5 ** (1 / OWN_HALF_LIFE)
    entities = {
        id: Acted(a.weight * share, a.ranks, a.without) for id, a in entry.entities.items() if a.weight * share > FADED
    }
    return Outcome(features, entry.asked * share + 1, entry.searches * share, decision.at, entities)


def _fading(since: datetime, until: datetime, half_life: timedelta) -> float:
    return float(0.5 ** (max(timedelta(0), until - since) / half_life))


def _folded(entry: Outcome, one: Round, examination: Sequence[float]) -> Outcome:
    """The entry with what this search found of its entities, and what was acted upon.

    An action far down the page speaks for those, too, who never looked there (inverse propensity weighting).
    """
    decision = one.decision
    strategy = {s.plan: s.strategy for s in decision.slots}
    found: dict[str, dict[str, int]] = {}
    for candidate in decision.candidates:
        if candidate.key.id in entry.entities or candidate.key.id in one.gains:
            at = found.setdefault(candidate.key.id, {})
            for f in candidate.found:
                name = strategy.get(f.plan, f.plan)
                at[name] = min(f.rank, at.get(name, f.rank))
    asked: dict[str, int] = {}
    for slot in decision.slots:
        if slot.depth and slot.outcome in ANSWERED:
            asked[slot.strategy] = max(slot.depth, asked.get(slot.strategy, 0))
    weights = {c.key.id: gain / _examined(place, one, examination) for place, c, gain in looked_at(one) if gain > 0}
    entities = {}
    for id in {*entry.entities, *weights}:
        was = entry.entities.get(id, Acted(0.0))
        entities[id] = _seen(was, weights.get(id, 0.0), found.get(id, {}), asked)
    best = sorted(entities, key=lambda id: (-entities[id].weight, id))[:ENTITIES]
    searches = entry.searches + bool(weights)
    return replace(entry, searches=searches, entities={id: entities[id] for id in best})


def _examined(place: int, one: Round, examination: Sequence[float]) -> float:
    """How likely somebody looks at a place, from 0; of a search of which no page is known, everybody did."""
    if not one.decision.shown or not examination:
        return 1.0
    return max(LEAST_EXAMINED, examination[min(place, len(examination) - 1)])


def _seen(was: Acted, weight: float, found: Mapping[str, int], asked: Mapping[str, int]) -> Acted:
    """Ranks as they are now; a strategy that was asked and lacked the entity forgets where it had it.

    What is lacking once more, and is nowhere known to be, has probably left the index: half of its weight goes.
    """
    lacked = {s: depth for s, depth in asked.items() if s not in found}
    ranks = {**{s: r for s, r in was.ranks.items() if lacked.get(s, 0) < r}, **found}
    without = {s: d for s, d in was.without.items() if s not in found}
    without |= {s: max(d, without.get(s, 0)) for s, d in lacked.items() if s not in ranks}
    kept = was.weight if ranks or not lacked else was.weight * LOST
    return Acted(kept + weight, ranks, without)


def _count(one: Round, every: _Counted, new: _Counted, ladder: Sequence[int]) -> None:
    decision = one.decision
    best = max(one.gains.values(), default=0.0)
    acted = [c for c in decision.candidates if best > 0 and one.gains.get(c.key.id) == best]
    if not acted:
        return
    at = {f.plan: f.rank for f in acted[0].found}
    for slot in decision.slots:
        if slot.depth and slot.outcome in ANSWERED:
            every.count(slot.strategy, ladder, slot.depth, at.get(slot.plan))
            if ASKED not in decision.context:
                new.count(slot.strategy, ladder, slot.depth, at.get(slot.plan))
