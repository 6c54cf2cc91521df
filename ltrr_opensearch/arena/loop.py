"""The loop of a live system, replayed: people search and click, we learn from the batch, the next batch is served so.

What a search is worth is told by whoever judges, not by the clicks that taught it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from ltrr_opensearch.arena.clicks import ClickModel
from ltrr_opensearch.arena.people import Tastes, Visit
from ltrr_opensearch.arena.replay import Replay, Replayed
from ltrr_opensearch.logged import Round
from ltrr_opensearch.types import Asker

Attraction = Mapping[str, Mapping[str, float]]
"""query -> document -> attractiveness, 0..1"""


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


def play(
    people: People,
    visits: Sequence[Visit],
    batch: int,
    replay: Callable[[], Replay],
    learn: Callable[[Sequence[Round]], None],
    *,
    explore: bool = True,
) -> list[tuple[Round, Replayed]]:
    """All visits in their order, `replay()` asked anew for each batch, `learn` given what came of it."""
    seen: list[tuple[Round, Replayed]] = []
    for start in range(0, len(visits), batch):
        served = replay()
        made = [people.search(served, visit, explore=explore) for visit in visits[start : start + batch]]
        learn([one for one, _ in made])
        seen += made
    return seen
