"""Simulated people: who asks what when, and what attracts them. Everything drawn comes from a seed.

People may have tastes: a taste is a group of documents (of one brand, say) that attracts those who have it more, and
everybody else less.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from ltrr_opensearch.arena.clicks import ClickModel
from ltrr_opensearch.arena.replay import Replay, Replayed
from ltrr_opensearch.logged import Round
from ltrr_opensearch.types import Asker

Attraction = Mapping[str, Mapping[str, float]]
"""query -> document -> attractiveness, 0..1"""
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
"""A Monday. Simulated time begins here."""
DEVICES = ("desktop", "phone", "tablet")
LEAST_LIKED = 0.5
"""Share of its attractiveness that a document keeps for somebody of another taste."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One search of one person. `seed` decides what they click."""

    at: datetime
    user: str
    session: str
    device: str
    query: str
    seed: str


@dataclass(frozen=True, slots=True)
class Tastes:
    """`of_user` names each person's taste; `of_document` the taste that a document serves."""

    of_user: Mapping[str, str] = field(default_factory=dict)
    of_document: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def dealt(tastes: int, users: Iterable[str], attraction: Attraction, seed: int) -> Tastes:
        """Each person and each document that attracts somebody has one of so many, by chance; with none, all feel
        alike.
        """
        if not tastes:
            return Tastes()
        rng, names = Random(f"tastes {seed}"), [f"taste {n}" for n in range(tastes)]  # noqa: S311
        documents = sorted({document for of in attraction.values() for document in of})
        of_user = {user: rng.choice(names) for user in sorted(set(users))}
        return Tastes(of_user, {document: rng.choice(names) for document in documents})

    def felt(self, user: str, attractiveness: Mapping[str, float]) -> Mapping[str, float]:
        """What attracts this person: all of it where the taste is theirs or the document serves none."""
        taste = self.of_user.get(user)
        if taste is None:
            return attractiveness
        return {d: a * self._share(taste, d) for d, a in attractiveness.items()}

    def _share(self, taste: str, document: str) -> float:
        return 1.0 if self.of_document.get(document, taste) == taste else LEAST_LIKED


def visits(
    queries: Sequence[str],
    count: int,
    *,
    users: int,
    seed: int,
    start: datetime = START,
    pace_s: float = 30.0,
    skew: float = 0.5,
    asked: Mapping[str, float] | None = None,
) -> list[Visit]:
    """`count` visits, one each `pace_s`. `asked` says how often each query is asked beside the others; without it few
    are asked often and many seldom: weight rank ** -skew.
    """
    rng = Random(seed)  # noqa: S311
    popular = list(queries)
    Random(f"popularity {seed}").shuffle(popular)  # noqa: S311
    weights = [asked[q] for q in popular] if asked else [rank**-skew for rank in range(1, len(popular) + 1)]
    made = []
    for number, query in enumerate(rng.choices(popular, weights, k=count)):
        user = rng.randrange(users)
        at = start + timedelta(seconds=pace_s * number)
        name = f"visit-{seed}-{number}"
        made.append(Visit(at, f"person-{user}", name, DEVICES[user % len(DEVICES)], query, name))
    return made


@dataclass(frozen=True)
class People:
    """How simulated people act: what attracts them, how they read a page, what a click is worth."""

    attraction: Attraction
    model: ClickModel
    tastes: Tastes = field(default_factory=Tastes)
    gain: float = 1.0

    def search(self, replay: Replay, visit: Visit, *, explore: bool = True) -> tuple[Round, Replayed]:
        asker = Asker(visit.user, visit.session, visit.user, None, visit.device, explore=explore)
        replayed = replay.search(visit.query, visit.session, visit.at, asker)
        attracted = self.tastes.felt(visit.user, self.attraction.get(visit.query, {}))
        clicked = self.model.clicks(replayed.page, attracted, Random(visit.seed))  # noqa: S311
        return Round(replayed.decision, {replayed.page[rank - 1]: self.gain for rank in clicked}), replayed
