"""What was acted upon for a query, remembered: the arithmetic of a memory entry. Pure.

Per query and entity two sums are kept, both fading with a half-life: the gain of the searches in which the entity was
acted upon, and how often it was examined (position bias: shown at the top it was seen, further down perhaps). The
score is the lower end of Wilson's interval of their quotient (Wilson 1927), so one click counts for less than ten out
of ten, and what people pass over sinks. A predicted score stands until the entity was examined for this query.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.learn import reward
from ltrr_opensearch.logged import Round
from ltrr_opensearch.types import EntityScore, Json

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

    def plus(self, gain: float, examined: float) -> Tally:
        return Tally(self.gain + gain, self.examined + examined, self.predicted)

    def faded(self, share: float) -> Tally:
        return Tally(self.gain * share, self.examined * share, self.predicted)


@dataclass(frozen=True, slots=True)
class Entry:
    """A remembered query. `run` names the run that counted last, so that a repeated run counts nothing twice."""

    query: str
    updated: datetime
    entities: Mapping[str, Tally] = field(default_factory=dict)
    run: str = ""

    def scores(self, limit: int) -> tuple[EntityScore, ...]:
        """The best entities with a positive score, as plans and features use them."""
        scored = [EntityScore(id, t.score, not t.actual) for id, t in self.entities.items() if t.score > 0]
        return tuple(sorted(scored, key=lambda e: (-e.score, e.id))[:limit])


@dataclass(frozen=True, slots=True)
class Acted:
    """One action of a shop's history: upon what, when, worth how much."""

    id: str
    at: datetime
    gain: float = 1.0


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
    *,
    run: str,
    half_life_days: float,
    limit: int,
) -> Entry:
    """An entry with further rounds of its query counted in; `examination[k - 1]` belongs to position k."""
    query = rounds[0].decision.normalized
    before = entry or Entry(query, rounds[0].decision.at)
    updated = max([before.updated, *(one.decision.at for one in rounds)])
    half_life = timedelta(days=half_life_days)
    share = 0.5 ** ((updated - before.updated) / half_life)
    entities = {id: tally.faded(share) for id, tally in before.entities.items()}
    for one in rounds:
        share = 0.5 ** ((updated - one.decision.at) / half_life)
        for id, gain, examined in observed(one, examination):
            entities[id] = entities.get(id, Tally()).plus(gain * share, examined * share)
    return Entry(query, updated, _most(entities, limit), run)


def recall(entry: Entry | None, query: str, acted: Sequence[Acted], *, half_life_days: float, limit: int) -> Entry:
    """An entry with a shop's own history counted in: actions on a query of which no page is known.

    Whoever acted could have acted upon any entity that the entry holds by then, so each action examines them all, and a
    score tends to the entity's share of the query's actions.
    """
    before = entry or Entry(query, acted[0].at)
    updated = max([before.updated, *(one.at for one in acted)])
    half_life = timedelta(days=half_life_days)
    entities = {id: t.faded(0.5 ** ((updated - before.updated) / half_life)) for id, t in before.entities.items()}
    for one in sorted(acted, key=lambda a: a.at):
        share = 0.5 ** ((updated - one.at) / half_life)
        entities.setdefault(one.id, Tally())
        for id, tally in entities.items():
            entities[id] = tally.plus(one.gain * share if id == one.id else 0.0, share)
    return Entry(query, updated, _most(entities, limit), before.run)


def observed(one: Round, examination: Sequence[float]) -> Iterable[tuple[str, float, float]]:
    """(entity, gain, examined) of everything that was shown; what was acted upon was surely examined.

    An entity is named as events name it, which is how its plan asks for it.
    """
    for place, candidate, gain in reward.looked_at(one):
        yield candidate.object_id or candidate.key.id, gain, 1.0 if gain > 0 else _examined(place, examination)


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
        "entities": {"id": list(entry.entities), **columns},
    }


def from_document(source: Json) -> Entry:
    try:
        columns = source["entities"]
        rows = zip(columns["id"], *(columns[name] for name in COLUMNS), strict=True)
        entities = {str(id): Tally(gain, examined, predicted) for id, gain, examined, predicted in rows}
        updated = datetime.fromisoformat(source["updated"])
        return Entry(str(source["query"]), updated.astimezone(UTC), entities, str(source.get("run", "")))
    except (KeyError, TypeError, ValueError) as cause:
        raise DataError(
            f"memory of query {source.get('query', '?')!r} cannot be read: {cause!r}; delete it to learn it anew"
        ) from cause
