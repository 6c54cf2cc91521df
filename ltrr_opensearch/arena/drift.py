"""The world changes while a policy learns: how fast it follows, beside the policy that stopped learning at the change.

Two things are the best that could be reached: the best constant action of the new world in hindsight, and the same
learner where the new world is all that it ever knew, for as many searches as were played before the change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ltrr_opensearch.arena.actions import Wanted
from ltrr_opensearch.arena.learner import Learner
from ltrr_opensearch.arena.people import Visit, visits
from ltrr_opensearch.arena.simulate import Done, Plan, constants, play, steadily
from ltrr_opensearch.arena.world import World
from ltrr_opensearch.protocols import Policy


@dataclass(frozen=True, slots=True)
class Drifted:
    """Mean values over the queries with traffic, of choices without exploration, judged in the new world.

    `before` alone is of the old world. `curve`: by searches since the change, the first at 0, which is the frozen one.
    """

    before: float
    curve: Mapping[int, float]
    constant: float
    newcomer: float

    @property
    def frozen(self) -> float:
        return self.curve[0]

    @property
    def best(self) -> float:
        return max(self.constant, self.newcomer)

    @property
    def gained(self) -> float:
        return self.curve[max(self.curve)] - self.frozen


def closed(runs: Sequence[Drifted]) -> float:
    """Share of the gap between the frozen policy and the best that is closed at the end, over all runs together.

    Where there is no gap, 1 if nothing was lost and else 0.
    """
    gap, gained = sum(one.best - one.frozen for one in runs), sum(one.gained for one in runs)
    return gained / gap if gap > 0 else float(gained >= 0)


def drift(
    old: World,
    new: World,
    queries: Sequence[str],
    plan: Plan,
    after: int,
    policy: Policy | None = None,
    done: Done = lambda _: None,
) -> Drifted:
    """`plan` says what is played before the change; `after` searches follow it. `policy` draws instead of the learned.

    People go on asking the same queries as often as before.
    """
    made = visits(queries, plan.searches + after, users=plan.users, seed=plan.seed, asked=plan.asked)
    learner = old.learner(plan.kinds)
    play(old, learner, made[: plan.searches], plan, policy, done=done)
    before = _value(old, learner, queries, made[-1], policy)
    curve = {0: _value(new, learner, queries, made[-1], policy)}

    def look(searches: int) -> None:
        curve[searches] = _value(new, learner, queries, made[-1], policy)

    play(new, learner, made[plan.searches :], plan, policy, look, done)
    serving = learner.serving(policy)
    actions = new.actions()
    constant = max(constants(new, serving, actions, queries, new.wanted))
    newcomer = new.learner(plan.kinds)
    play(new, newcomer, made[: plan.searches], plan, policy, done=done)
    return Drifted(before, curve, constant, _value(new, newcomer, queries, made[-1], policy))


def _value(world: World, learner: Learner, queries: Sequence[str], like: Visit, policy: Policy | None) -> float:
    return float(np.mean(list(steadily(world, learner.serving(policy), queries, like).values())))


def broken(world: World, strategy: str) -> World:
    """A strategy finds nothing any more, as when the field that it asks is empty."""
    return replace(world, recording=world.recording.without(plans=[strategy]))


def replaced(world: World, seed: int) -> tuple[World, World]:
    """(before, after): half of the documents are not there yet, and the other half is not there any more.

    Lists are not filled up: of a depth of 200, some hundred documents are left in each.
    """
    documents = np.array(world.recording.documents)
    first = np.random.default_rng(seed).random(len(documents)) < 0.5
    return _without(world, documents[~first].tolist()), _without(world, documents[first].tolist())


def _without(world: World, documents: Sequence[str]) -> World:
    gone = set(documents)
    wanted = {query: _there(shares, gone) for query, shares in world.wanted.items()}
    return replace(world, recording=world.recording.without(documents), wanted=wanted)


def _there(wanted: Wanted, gone: set[str]) -> Wanted:
    left = {document: share for document, share in wanted.items() if document not in gone}
    whole = sum(left.values())
    return {document: share / whole for document, share in left.items()}
