"""What was acted upon for a query, remembered: the arithmetic of a memory entry. Pure.

Per query and entity two sums are kept, both fading with a half-life: the gain of the searches in which the entity was
acted upon, and how often it was examined (position bias: shown at the top it was seen, further down perhaps). The
score is the lower end of Wilson's interval of their quotient (Wilson 1927), so one click counts for less than ten out
of ten, and what people pass over sinks. A predicted score stands until the entity was examined for this query.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Self

from ltrr_opensearch.candidate_columns import objects_of
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.learn import reward
from ltrr_opensearch.learn.people import Hashing, People, capped
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import Round
from ltrr_opensearch.settings import StateSettings
from ltrr_opensearch.types import Asker, EntityScore, Json

CONFIDENCE_Z = 1.0
"""Standard errors taken off; 1 is a one-sided confidence of 84 %."""
SEEN_PER_REMEMBERED = 2
"""Entities kept a query, as a multiple of those that serve: what was passed over must not start afresh."""
LEAST_EXAMINED = 1.0
"""Examinations after which a prediction gives way even without an action."""
COLUMNS = ("gain", "examined", "predicted")


@dataclass(frozen=True, slots=True)
class Tally:
    gain: float = 0.0
    examined: float = 0.0
    predicted: float | None = None

    @property
    def actual(self) -> bool:
        return self.predicted is None or self.gain > 0 or self.examined >= LEAST_EXAMINED

    @property
    def score(self) -> float:
        return wilson(self.gain, self.examined) if self.actual else float(self.predicted or 0.0)

    def scored(self, id: str) -> EntityScore:
        return EntityScore(id, self.score, not self.actual)

    def foreseen(self, id: str) -> EntityScore:
        """As if nobody had searched."""
        return EntityScore(id, float(self.predicted or 0.0), True)

    def plus(self, gain: float, examined: float) -> Tally:
        return Tally(self.gain + gain, self.examined + examined, self.predicted)

    def faded(self, share: float) -> Tally:
        return Tally(self.gain * share, self.examined * share, self.predicted)


@dataclass(frozen=True, slots=True)
class Counting:
    """How searches are counted: as `learn.memory_*` say. `hashing` tells people apart."""

    half_life_days: float
    limit: int
    users: int
    user_cap: int
    hashing: Hashing

    @classmethod
    def of(cls, learn: LearnSettings, state: StateSettings) -> Self:
        hashing = Hashing.of(state)
        return cls(
            learn.memory_half_life_days, learn.memory_entities, learn.memory_users, learn.memory_user_cap, hashing
        )

    def share(self, age: timedelta) -> float:
        """What is left of a gain of this age."""
        return float(0.5 ** (age / timedelta(days=self.half_life_days)))


@dataclass(frozen=True, slots=True)
class Entry:
    """A remembered query. `run` names the run that counted last, so that a repeated run counts nothing twice."""

    query: str
    updated: datetime
    entities: Mapping[str, Tally] = field(default_factory=dict)
    run: str = ""
    people: People = field(default_factory=People)
    past: str = ""
    """The same of searches that somebody answered before us."""
    late: str = ""
    """The same of events that came after their search was counted."""

    def scores(self, limit: int, users: int = 1) -> tuple[EntityScore, ...]:
        """The best entities with a positive score, as plans and features use them.

        Where fewer people than `users` acted on the query, only what was predicted without them.
        """
        whole = users <= 1 or self.people.at_least(users)
        scored = [t.scored(id) if whole else t.foreseen(id) for id, t in self.entities.items()]
        return tuple(sorted((e for e in scored if e.score > 0), key=lambda e: (-e.score, e.id))[:limit])

    def recent(self, half_life_days: float) -> float:
        """Orders entries by their gain as it is at one moment, whichever: its binary logarithm."""
        gain = sum(tally.gain for tally in self.entities.values())
        return math.log2(gain) + self.updated.timestamp() / 86_400 / half_life_days if gain > 0 else -math.inf


@dataclass(frozen=True, slots=True)
class Acted:
    """One action of a shop's history: upon what, when, worth how much, and whose."""

    id: str
    at: datetime
    gain: float = 1.0
    user: str | None = None


def wilson(gain: float, examined: float) -> float:
    """Lower end of the Wilson score interval of `gain` out of `examined`, both possibly fractional."""
    n = max(examined, gain)
    if gain <= 0:
        return 0.0
    z2 = CONFIDENCE_Z**2
    spread = CONFIDENCE_Z * math.sqrt(gain / n * (n - gain) + z2 / 4)
    return max(0.0, (gain + z2 / 2 - spread) / (n + z2))


def fold(
    entry: Entry | None,
    rounds: Sequence[Round],
    examination: Sequence[float],
    counting: Counting,
    run: str,
) -> Entry:
    """An entry with further rounds of its query counted in; `examination[k - 1]` belongs to position k."""
    query = rounds[0].decision.normalized
    before = entry or Entry(query, rounds[0].decision.at)
    updated = max([before.updated, *(one.decision.at for one in rounds)])
    entities = _faded(before, updated, counting)
    told = [(one, counting.hashing.person(query, one.decision.asker)) for one in rounds]
    for one in capped(told, counting.user_cap):
        share = counting.share(updated - one.decision.at)
        for id, gain, examined in observed(one, examination):
            entities[id] = entities.get(id, Tally()).plus(gain * share, examined * share)
    acting = [who for one, who in told if who and one.gains]
    people = before.people.joined_by(acting, counting.users)
    return Entry(query, updated, _most(entities, counting.limit), run, people, before.past, before.late)


def brought(
    entry: Entry | None, rounds: Sequence[Round], examination: Sequence[float], counting: Counting, run: str
) -> Entry | None:
    """An entry with searches of its query that somebody answered before us, by their pages as far as these are known.

    None where nothing of them can be remembered.
    """
    before_us = entry.run if entry else ""
    if paged := [one for one in rounds if one.decision.shown]:
        entry = fold(entry, paged, examination, counting, before_us)
    if acted := [one for unpaged in rounds if not unpaged.decision.shown for one in _acted(unpaged)]:
        entry = recall(entry, rounds[0].decision.normalized, acted, counting)
    return replace(entry, past=run) if entry and (paged or acted) else None


def _acted(one: Round) -> Iterable[Acted]:
    """The objects of a search that were acted upon, each once however many documents it has."""
    names = {c.object_id or c.key.id: one.gains[c.key.id] for c in one.decision.candidates if c.key.id in one.gains}
    return [Acted(name, one.decision.at, gain, one.decision.asker.person) for name, gain in names.items()]


def recall(entry: Entry | None, query: str, acted: Sequence[Acted], counting: Counting) -> Entry:
    """An entry with a shop's own history counted in: actions on a query of which no page is known.

    Whoever acted could have acted upon any entity that the entry holds by then, so each action examines them all, and a
    score tends to the entity's share of the query's actions.
    """
    before = entry or Entry(query, acted[0].at)
    updated = max([before.updated, *(one.at for one in acted)])
    entities = _faded(before, updated, counting)
    told = [(a, counting.hashing.person(query, Asker(a.user))) for a in sorted(acted, key=lambda a: a.at)]
    for one in capped(told, counting.user_cap):
        share = counting.share(updated - one.at)
        entities.setdefault(one.id, Tally())
        for id, tally in entities.items():
            entities[id] = tally.plus(one.gain * share if id == one.id else 0.0, share)
    people = before.people.joined_by((who for _, who in told if who), counting.users)
    return Entry(query, updated, _most(entities, counting.limit), before.run, people, before.past, before.late)


def amended(
    entry: Entry, late: Sequence[tuple[Round, Round]], examination: Sequence[float], counting: Counting, run: str
) -> Entry:
    """An entry with what has become known of searches that it counts: (as they were counted, as they are now)."""
    entities = dict(entry.entities)
    told = [(pair, counting.hashing.person(entry.query, pair[0].decision.asker)) for pair in late]
    for before, after in capped(told, counting.user_cap):
        share = min(1.0, counting.share(entry.updated - before.decision.at))
        was = {id: (gain, examined) for id, gain, examined in observed(before, examination)}
        for id, gain, examined in observed(after, examination):
            gained, looked = was.get(id, (0.0, 0.0))
            if gain != gained:
                tally = entities.get(id, Tally()).plus((gain - gained) * share, (examined - looked) * share)
                entities[id] = replace(tally, gain=max(0.0, tally.gain), examined=max(0.0, tally.examined))
    acting = [who for (before, after), who in told if who and after.gains and not before.gains]
    people = entry.people.joined_by(acting, counting.users)
    return replace(entry, entities=_most(entities, counting.limit), people=people, late=run)


def foresee(entry: Entry | None, query: str, predicted: Mapping[str, float], at: datetime, limit: int) -> Entry | None:
    """An entry with predicted scores of entities beside what was observed; None where they are there already."""
    before = entry or Entry(query, at)
    entities = dict(before.entities)
    for id, score in predicted.items():
        entities[id] = replace(entities.get(id, Tally()), predicted=score)
    kept = _most(entities, limit)
    return None if kept == before.entities else replace(before, entities=kept)


def _faded(before: Entry, until: datetime, counting: Counting) -> dict[str, Tally]:
    share = counting.share(until - before.updated)
    return {id: tally.faded(share) for id, tally in before.entities.items()}


def observed(one: Round, examination: Sequence[float]) -> Iterable[tuple[str, float, float]]:
    """(entity, gain, examined) of everything that was shown; what was acted upon was surely examined.

    An entity is named as events name it, which is how its plan asks for it.
    """
    names = objects_of(one.decision.candidates)
    for place, id, gain in reward.looked_at(one):
        yield names.get(place) or id, gain, 1.0 if gain > 0 else _examined(place, examination)


def _examined(place: int, examination: Sequence[float]) -> float:
    return examination[min(place, len(examination) - 1)] if examination else 1 / (place + 1)


def _most(entities: Mapping[str, Tally], limit: int) -> dict[str, Tally]:
    best = sorted(entities, key=lambda id: (-entities[id].score, -entities[id].examined, id))
    return {id: entities[id] for id in best[: limit * SEEN_PER_REMEMBERED]}


def to_document(entry: Entry, index: str) -> Json:
    """For `{prefix}_memory`; entities as columns."""
    tallies = entry.entities.values()
    columns: Json = {name: [getattr(t, name) for t in tallies] for name in COLUMNS}
    return {
        "index": index,
        "query": entry.query,
        "updated": entry.updated.astimezone(UTC).isoformat(),
        "run": entry.run,
        "past": entry.past,
        "late": entry.late,
        "people": list(entry.people.known),
        "enough": entry.people.enough,
        "predicted": not entry.people.known and all(t.predicted is not None and not t.gain for t in tallies),
        "entities": {"id": list(entry.entities), **columns},
    }


def from_document(source: Json) -> Entry:
    try:
        columns = source["entities"]
        rows = zip(columns["id"], *(columns[name] for name in COLUMNS), strict=True)
        entities = {str(id): Tally(gain, examined, predicted) for id, gain, examined, predicted in rows}
        updated = datetime.fromisoformat(source["updated"])
        people = People(tuple(map(str, source.get("people", ()))), int(source.get("enough", 0)))
        run, past, late = (str(source.get(name, "")) for name in ("run", "past", "late"))
        return Entry(str(source["query"]), updated.astimezone(UTC), entities, run, people, past, late)
    except (KeyError, TypeError, ValueError) as cause:
        raise DataError(
            f"memory of query {source.get('query', '?')!r} cannot be read: {cause!r}; delete it to learn it anew"
        ) from cause
