"""What bad clicks can spoil: all learns behind the gate, and the pages are judged beside the untouched query's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ltrr_opensearch.arena.actions import Wanted
from ltrr_opensearch.arena.learner import KINDS
from ltrr_opensearch.arena.people import visits
from ltrr_opensearch.arena.replay import Replay
from ltrr_opensearch.arena.simulate import Done, Plan, play
from ltrr_opensearch.arena.world import World
from ltrr_opensearch.evaluate.measures import ndcg
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.types import Asker

PAGE = 10


@dataclass(frozen=True, slots=True)
class Withstood:
    """nDCG@10 of the pages after the clicks, mean over queries with traffic and over those never asked, with those of
    the untouched query and of what serves before anything is learned. `published`: kinds that serve at the end; the
    memory has no gate.
    """

    seen: float
    unseen: float
    untouched_seen: float
    untouched_unseen: float
    cold_seen: float
    cold_unseen: float
    published: frozenset[str]

    @property
    def worst(self) -> float:
        """How far we are ahead of the untouched query, relative to it, on those queries where it is least."""
        return min(self.seen / self.untouched_seen, self.unseen / self.untouched_unseen) - 1

    @property
    def spoiled(self) -> float:
        """The same beside what serves before anything is learned: what the clicks themselves have cost."""
        return min(self.seen / self.cold_seen, self.unseen / self.cold_unseen) - 1


def withstand(
    world: World, traffic: Sequence[str], held_out: Sequence[str], plan: Plan, done: Done = lambda _: None
) -> Withstood:
    """`plan.model` says how people click. Policy, ranker and memory learn, as `ltrr learn all` would."""
    learner = world.learner(KINDS, gated=True)
    made = visits(traffic, plan.searches, users=plan.users, seed=plan.seed, asked=plan.asked)
    play(world, learner, made, plan, done=done)
    nobody = Asker("judge", explore=False)

    def pages(serving: Serving) -> dict[str, tuple[str, ...]]:
        replay = Replay(world.recording, serving, world.template)
        return {q: replay.search(q, f"judge {q}", made[-1].at, nobody).page for q in (*traffic, *held_out)}

    ours, cold = pages(learner.serving()), pages(world.learner(()).serving())
    untouched = {query: [hit.key.id for hit in world.recording.hits(query, world.own) or ()] for query in ours}
    return Withstood(
        _mean(world, ours, traffic),
        _mean(world, ours, held_out),
        _mean(world, untouched, traffic),
        _mean(world, untouched, held_out),
        _mean(world, cold, traffic),
        _mean(world, cold, held_out),
        frozenset(learner.parts) | ({"memory"} if learner.entries else set()),
    )


def _mean(world: World, pages: Mapping[str, Sequence[str]], queries: Sequence[str]) -> float:
    return float(np.mean([_ndcg(pages[query], world.wanted[query]) for query in queries]))


def _ndcg(page: Sequence[str], wanted: Wanted) -> float:
    """Of a page, the gain of a document being its share of what is wanted; what is not on the page stands below it."""
    shown = [wanted.get(document, 0.0) for document in page[:PAGE]]
    empty = [0.0] * (PAGE - len(shown))
    rest = [share for document, share in wanted.items() if document not in page[:PAGE]]
    grades = np.array([*shown, *empty, *rest])
    return ndcg(grades, -np.arange(len(grades), dtype=np.float32))
