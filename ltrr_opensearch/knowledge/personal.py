"""The memory of single people: what somebody acted upon for a query, for nobody but that person.

Apart from the shared memory in everything: nothing here is counted there, nobody else's searches ask it, and it is kept
only where `learn.personal_people` says so. People are known by the names that the log writes. Immutable; `updated`
gives the next one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.counting import who
from ltrr_opensearch.knowledge.fading import fading
from ltrr_opensearch.logged import Round, is_whole
from ltrr_opensearch.normalise import fold
from ltrr_opensearch.types import EntityScore

MOST_PAIRS = 50
"""Pairs of a query and an entity kept a person, those with the largest gains first."""
LEAST_ALIKE = 0.5
"""Share of two queries' words that must be in both; below it they are about something else."""
_FORGOTTEN = 0.05
"""A pair whose gain has faded below this is dropped."""


class Pair(NamedTuple):
    """`words`: the query's, each once, plural folded, in order. `gain` as it is at the memory's `as_of`."""

    words: str
    id: str
    gain: float


class Act(NamedTuple):
    """Somebody acted upon an entity for a query, normalised."""

    person: str
    normalized: str
    id: str
    gain: float
    at: datetime


@dataclass(frozen=True)
class PersonalMemory:
    people: Mapping[str, tuple[Pair, ...]] = field(default_factory=dict)
    as_of: datetime | None = None
    """Time of the youngest search counted; decay runs to here."""

    def __len__(self) -> int:
        return len(self.people)

    def of(self, person: str | None, normalized: str) -> tuple[EntityScore, ...]:
        """What a person acted upon for this query or one of mostly the same words, best first.

        The score is likeness (Jaccard of words) times gain / (1 + gain), so that one action counts a half and no
        number of them more than 1.
        """
        known = self.people.get(person, ()) if person is not None else ()
        asked = frozenset(_words(normalized).split()) if known else frozenset()
        if not asked:
            return ()
        scores: dict[str, float] = {}
        for pair in known:
            words = pair.words.split()
            shared = sum(word in asked for word in words)
            alike = shared / (len(asked) + len(words) - shared)
            if alike >= LEAST_ALIKE:
                scores[pair.id] = max(scores.get(pair.id, 0.0), alike * pair.gain / (1 + pair.gain))
        return tuple(EntityScore(id, score) for id, score in sorted(scores.items(), key=lambda s: (-s[1], s[0])))

    def updated(self, rounds: Iterable[Round], half_life_days: float, most: int) -> PersonalMemory:
        """With `rounds` counted in, of the `most` people with the largest gains; none where it is 0.

        Give each round once, a watermark is the caller's.
        """
        acts = [act for one in rounds for act in acts_of(one)] if most else []
        return self.with_acts(acts, half_life_days, most)

    def corrected(self, late: Iterable[tuple[Round, Round]], half_life_days: float, most: int) -> PersonalMemory:
        """With gains that have become known of searches that are counted already: (as they were, as they are now)."""
        return self.with_acts([act for pair in late for act in _more(*pair)], half_life_days, most)

    def with_acts(self, acts: Sequence[Act], half_life_days: float, most: int) -> PersonalMemory:
        """The same, of actions that are known by themselves."""
        if not most:
            return PersonalMemory()
        if not acts:
            return self
        as_of = max([act.at for act in acts] + ([self.as_of] if self.as_of else []))
        faded = fading(self.as_of, as_of, half_life_days) if self.as_of else 1.0
        sums = {name: {(p.words, p.id): p.gain * faded for p in pairs} for name, pairs in self.people.items()}
        for act in acts:
            of, pair = sums.setdefault(act.person, {}), (_words(act.normalized), act.id)
            of[pair] = of.get(pair, 0.0) + act.gain * fading(act.at, as_of, half_life_days)
        people = {person: pairs for person, of in sums.items() if (pairs := _best(of))}
        busiest = sorted(people, key=lambda person: (-sum(p.gain for p in people[person]), person))[:most]
        return PersonalMemory({person: people[person] for person in sorted(busiest)}, as_of)

    def forgetting(self, person: str) -> PersonalMemory:
        return PersonalMemory({name: pairs for name, pairs in self.people.items() if name != person}, self.as_of)

    def told(self, person: str) -> dict[str, Any] | None:
        """All that is kept under a name, to be read out."""
        pairs = self.people.get(person)
        return {"acted_upon": [pair._asdict() for pair in pairs]} if pairs else None

    def to_bytes(self) -> bytes:
        """The same memory gives the same bytes."""
        people = [[person, *map(list, pairs)] for person, pairs in sorted(self.people.items())]
        return zlib.compress(orjson.dumps({"as_of": self.as_of, "people": people}))

    @staticmethod
    def from_bytes(payload: bytes) -> PersonalMemory:
        try:
            stored = orjson.loads(zlib.decompress(payload))
            as_of = datetime.fromisoformat(stored["as_of"]).astimezone(UTC) if stored["as_of"] else None
            pairs = {
                str(person): tuple(Pair(str(words), str(id), float(gain)) for words, id, gain in of)
                for person, *of in stored["people"]
            }
            return PersonalMemory(pairs, as_of)
        except (zlib.error, KeyError, TypeError, ValueError) as e:
            raise ModelError(f"personal memory is damaged ({e}); publish it again with: ltrr learn policy") from e


def acts_of(one: Round) -> Iterator[Act]:
    """A round's gains; an entity is named as events name it, which is how its plan asks for it."""
    decision, person = one.decision, who(one.decision.asker)
    if one.gains and person is not None and is_whole(decision.normalized):
        names = {c.key.id: c.object_id or c.key.id for c in decision.candidates}
        for id, gain in one.gains.items():
            yield Act(person, decision.normalized, names.get(id, id), gain, decision.at)


def _more(before: Round, after: Round) -> Iterator[Act]:
    """What a round's acts gain more, or less, than they did."""
    was = {act.id: act.gain for act in acts_of(before)}
    for act in acts_of(after):
        if act.gain != (gain := was.get(act.id, 0.0)):
            yield act._replace(gain=act.gain - gain)


def _best(of: Mapping[tuple[str, str], float]) -> tuple[Pair, ...]:
    kept = [Pair(words, id, gain) for (words, id), gain in of.items() if gain >= _FORGOTTEN]
    return tuple(sorted(kept, key=lambda p: (-p.gain, p.words, p.id))[:MOST_PAIRS])


def _words(normalized: str) -> str:
    return " ".join(sorted({fold(t) for t in normalized.split()}))
