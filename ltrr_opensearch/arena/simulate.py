"""A policy learns from simulated people, and is judged beside every constant action and the oracle.

Queries are split in two: those with traffic, and those that nobody asks until the end. Best constants are chosen by
what moved the people on the queries with traffic, as a shop could, and judged by the judge, as everything is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ltrr_opensearch.arena.actions import Actions, Floats, Wanted
from ltrr_opensearch.arena.clicks import ClickModel, PositionBased
from ltrr_opensearch.arena.learner import Learner
from ltrr_opensearch.arena.people import People, Tastes, Visit, visits
from ltrr_opensearch.arena.record import request
from ltrr_opensearch.arena.replay import Replay
from ltrr_opensearch.arena.world import World
from ltrr_opensearch.evaluate.measures import Difference, paired_difference
from ltrr_opensearch.logged import Decision, Round
from ltrr_opensearch.protocols import Policy
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.types import Asker

UNTOUCHED = "untouched query"
BEST_CONSTANT = "best constant"
HALF_CONSTANT = "best constant at half its candidates"
ORACLE = "oracle"
LEARNED = "learned"
Done = Callable[[int], None]
"""Told how many searches more were played."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is played. `kinds`: what is learned. `asked`: how often each query is asked, where that is known."""

    searches: int
    batch: int = 500
    users: int = 300
    seed: int = 0
    kinds: tuple[str, ...] = ("policy", "memory")
    model: ClickModel = PositionBased()  # noqa: RUF009  frozen
    asked: Mapping[str, float] | None = None
    tastes: int = 0
    """How many people may have; those of another one are attracted half as much by what serves it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One way of asking over some queries. `action`: the depths of a constant."""

    name: str
    values: dict[str, float]
    candidates: float
    action: dict[str, int] | None = None

    @property
    def mean(self) -> float:
        return float(np.mean(list(self.values.values())))

    def ahead_of(self, other: Standing) -> Difference:
        return paired_difference(self.values, other.values)


@dataclass(frozen=True, slots=True)
class Simulated:
    """`curve`: judged value of each search as it was served, exploration included, in their order. `regret`: of the
    policy's own choice without exploration, per batch, against the oracle of the queries of the batch.
    """

    seen: tuple[Standing, ...]
    unseen: tuple[Standing, ...]
    curve: Floats
    regret: Floats
    acted: float
    """Share of searches with a click."""

    @staticmethod
    def closed(standings: Sequence[Standing]) -> float:
        """Share of the gap between the best constant and the oracle that was closed."""
        by = {s.name: s.mean for s in standings}
        return (by[LEARNED] - by[BEST_CONSTANT]) / (by[ORACLE] - by[BEST_CONSTANT])


def simulate(
    world: World,
    traffic: Sequence[str],
    held_out: Sequence[str],
    plan: Plan,
    policy: Policy | None = None,
    done: Done = lambda _: None,
) -> Simulated:
    """`policy` draws instead of the one that is learned."""
    learner, actions = world.learner(plan.kinds), world.actions()
    made = visits(traffic, plan.searches, users=plan.users, seed=plan.seed, asked=plan.asked)
    regret: list[float] = []

    def look(searches: int) -> None:
        if batch := made[searches : searches + plan.batch]:
            regret.append(_regret(world, learner.serving(policy), batch, actions))

    look(0)
    rounds = play(world, learner, made, plan, policy, look, done)
    serving = learner.serving(policy)
    reference = _reference(world, serving, actions, traffic)
    return Simulated(
        _standings(world, serving, actions, traffic, reference, made[-1]),
        _standings(world, serving, actions, held_out, reference, made[-1]),
        np.array([judged(world, one.decision) for one in rounds]),
        np.array(regret),
        sum(bool(one.gains) for one in rounds) / len(made),
    )


def play(
    world: World,
    learner: Learner,
    made: Sequence[Visit],
    plan: Plan,
    policy: Policy | None = None,
    learned: Callable[[int], None] = lambda _: None,
    done: Done = lambda _: None,
) -> list[Round]:
    """People search and the learner learns, batch after batch; `learned` is told how many searches it knows by then."""
    tastes = Tastes.dealt(plan.tastes, (visit.user for visit in made), world.attraction, plan.seed)
    people = People(world.attraction, plan.model, tastes, max(world.settings.learn.gains.values()))
    rounds: list[Round] = []
    for start in range(0, len(made), plan.batch):
        batch = made[start : start + plan.batch]
        replay = Replay(world.recording, learner.serving(policy), world.template)
        searched = [people.search(replay, visit)[0] for visit in batch]
        learner.learn(searched)
        rounds += searched
        learned(len(rounds))
        done(len(batch))
    return rounds


def steadily(world: World, serving: Serving, queries: Iterable[str], like: Visit) -> dict[str, float]:
    """What the draws without exploration are worth, by query."""
    replay = Replay(world.recording, serving, world.template)
    return {query: judged(world, _steady(replay, query, like)) for query in queries}


def constants(
    world: World, serving: Serving, actions: Actions, queries: Sequence[str], wanted: Mapping[str, Wanted]
) -> Floats:
    """The mean value of each action over the queries."""
    return np.asarray(np.mean([world.values(q, serving, actions, wanted[q]) for q in queries], axis=0))


def judged(world: World, decision: Decision) -> float:
    """Share of what was wanted that is in the union, less the price of its candidates and plans."""
    found = {c.key.id for c in decision.candidates if c.found}
    share = sum(share for document, share in world.wanted[decision.text].items() if document in found)
    return share - world.prices.cost((slot.strategy, slot.depth) for slot in decision.slots)


def _regret(world: World, serving: Serving, batch: Sequence[Visit], actions: Actions) -> float:
    """A search, of what the policy would do without exploring."""
    ours = steadily(world, serving, sorted({visit.query for visit in batch}), batch[0])
    best = {query: float(world.values(query, serving, actions, world.wanted[query]).max()) for query in ours}
    return float(np.mean([best[visit.query] - ours[visit.query] for visit in batch]))


def _steady(replay: Replay, query: str, like: Visit) -> Decision:
    return replay.search(query, f"judge {query}", like.at, Asker("judge", explore=False)).decision


def _reference(world: World, serving: Serving, actions: Actions, traffic: Sequence[str]) -> tuple[int, int, int]:
    """(best constant, the best at half of its candidates, the untouched query) as the people's wishes tell."""
    shares = {query: _shares(world.attraction[query]) for query in traffic}
    known = constants(world, serving, actions, traffic, shares)
    best = int(known.argmax())
    drawn = actions.depths.sum(axis=1)
    half = int(np.where(drawn <= drawn[best] / 2, known, -np.inf).argmax())
    page = request(traffic[0], world.key, world.template).size
    choose = world.settings.choose
    allowed = [depth for depth in choose.ladder if depth <= choose.budget]
    covers = next((depth for depth in allowed if depth >= page), allowed[-1])
    return best, half, actions.number({world.own: covers})


def _shares(attraction: Mapping[str, float]) -> Wanted:
    whole = sum(attraction.values())
    return {document: value / whole for document, value in attraction.items() if value > 0} if whole else {}


def _standings(
    world: World,
    serving: Serving,
    actions: Actions,
    queries: Sequence[str],
    reference: tuple[int, int, int],
    like: Visit,
) -> tuple[Standing, ...]:
    values = {q: world.values(q, serving, actions, world.wanted[q]) for q in queries}
    drawn = actions.depths.sum(axis=1)
    constants = [
        Standing(name, {q: float(v[a]) for q, v in values.items()}, float(drawn[a]), actions.named(a))
        for name, a in zip((BEST_CONSTANT, HALF_CONSTANT, UNTOUCHED), reference, strict=True)
    ]
    oracle = Standing(
        ORACLE,
        {q: float(v.max()) for q, v in values.items()},
        float(np.mean([drawn[v.argmax()] for v in values.values()])),
    )
    replay = Replay(world.recording, serving, world.template)
    ours = {q: _steady(replay, q, like) for q in queries}
    learned = Standing(
        LEARNED,
        {q: judged(world, d) for q, d in ours.items()},
        float(np.mean([sum(s.depth for s in d.slots) for d in ours.values()])),
    )
    return (*constants, oracle, learned)


def regret_fell(rounds: Floats) -> float | None:
    """Mean regret of the last quarter over that of the first; None where that is 0, or there are no quarters."""
    quarter = len(rounds) // 4
    first = float(rounds[:quarter].mean()) if quarter else 0.0
    return float(rounds[-quarter:].mean()) / first if first else None
