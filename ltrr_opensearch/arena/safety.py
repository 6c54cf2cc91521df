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
class Pages:
    """nDCG@10 of the pages of some queries after the clicks: mean of ours, of those of the untouched query, and of
    those that are served before anything is learned.
    """

    ours: float
    untouched: float
    cold: float

    @property
    def ahead(self) -> float:
        """How far ours are ahead of the untouched query's, relative to them."""
        return self.ours / self.untouched - 1

    @property
    def gained(self) -> float:
        """The same beside what is served before anything is learned: below 0, what the clicks themselves have cost."""
        return self.ours / self.cold - 1


@dataclass(frozen=True, slots=True)
class Withstood:
    """Pages of queries with traffic, of those never asked, and of all of them. `published`: kinds that serve at the
    end; the memory has no gate.
    """

    seen: Pages
    unseen: Pages
    every: Pages
    published: frozenset[str]


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

    def judged(queries: Sequence[str]) -> Pages:
        return Pages(*(_mean(world, those, queries) for those in (ours, untouched, cold)))

    published = frozenset(learner.parts) | ({"memory"} if learner.entries else set())
    return Withstood(judged(traffic), judged(held_out), judged([*traffic, *held_out]), published)


def _mean(world: World, pages: Mapping[str, Sequence[str]], queries: Sequence[str]) -> float:
    return float(np.mean([_ndcg(pages[query], world.wanted[query]) for query in queries]))


def _ndcg(page: Sequence[str], wanted: Wanted) -> float:
    """Of a page, the gain of a document being its share of what is wanted; what is not on the page stands below it."""
    shown = [wanted.get(document, 0.0) for document in page[:PAGE]]
    empty = [0.0] * (PAGE - len(shown))
    rest = [share for document, share in wanted.items() if document not in page[:PAGE]]
    grades = np.array([*shown, *empty, *rest])
    return ndcg(grades, -np.arange(len(grades), dtype=np.float32))
