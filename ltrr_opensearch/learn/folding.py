"""One remembered query after one search more: what it found of its entities, what was acted upon, what fades. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from math import log

from ltrr_opensearch.candidate_columns import named, ranked
from ltrr_opensearch.choose.outcome_table import features_of
from ltrr_opensearch.knowledge.outcomes import Acted, Lost, Outcome
from ltrr_opensearch.learn.reward import looked_at
from ltrr_opensearch.learn.shares import ANSWERED
from ltrr_opensearch.logged import Decision, Round

ENTITIES = 50
"""Kept a query, the most acted upon."""
OWN_HALF_LIFE = 20
"""Searches of a query, and examinations of an entity, after which older ones count half: what people want changes, and
so does what is found."""
LOST = 0.5
"""Of an entity's gain is left after each search in which nobody has it."""
WELL_WITHIN = 2
"""Times as deep as a strategy had an entity it must be asked, to lack it because it is gone."""
LOST_KINDS = 4
"""Of searches in which nobody acted, by how deep was asked, kept a query."""
FADED = 0.05
"""An entity whose decayed gain falls below this is forgotten, and so are as few searches without an action."""
_FADING = 0.5 ** (1 / OWN_HALF_LIFE)


def before_it(entry: Outcome | None, decision: Decision, half_life: timedelta) -> Outcome:
    """What is known of the query when this search comes, which is counted among those asked."""
    features = features_of(decision.context)
    if entry is None:
        return Outcome(features, 1.0, 0.0, decision.at, {})
    share = fading(entry.updated, decision.at, half_life)
    entities = {
        id: Acted(a.gain * share, a.examined * share, a.ranks, a.without, a.odds, a.gone)
        for id, a in entry.entities.items()
        if a.gain * share > FADED
    }
    faded = (Lost(kind.weight * share * _FADING, kind.without) for kind in entry.lost)
    lost = tuple(kind for kind in faded if kind.weight > FADED)
    asked, searches = entry.asked * share * _FADING + 1, entry.searches * share * _FADING
    return Outcome(features, asked, searches, decision.at, entities, lost, entry.ever * share + 1)


def fading(since: datetime, until: datetime, half_life: timedelta) -> float:
    return float(0.5 ** (max(timedelta(0), until - since) / half_life))


def with_it(entry: Outcome, one: Round, examination: Sequence[float], odds: float) -> Outcome:
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
