"""Every action of a query and what it would have brought: the constants and the oracle beside which learning is judged.

What somebody wanted is a distribution over documents; an action's value is the share of it in the union, less the price
of its candidates and plans. All feasible depth vectors are looked at, so oracle and best constant are exact.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.arena.recording import Recording
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.types import Hit

Floats = NDArray[np.float64]
Wanted = Mapping[str, float]
"""document -> its share of what is wanted; shares sum to 1, or to 0 where nothing is."""


class Prices(NamedTuple):
    """In units of reward. `free` plans cost no request: the client's own query is sent anyway."""

    candidate: float
    plan: float
    free: frozenset[str] = frozenset()

    @staticmethod
    def of(learn: LearnSettings, free: Iterable[str] = ()) -> Prices:
        """As learning charges them."""
        return Prices(learn.price_per_candidate, learn.price_per_plan, frozenset(free))

    def cost(self, asked: Iterable[tuple[str, int]]) -> float:
        """Of (plan, how deep it is asked)."""
        paid = [(depth, depth > 0 and plan not in self.free) for plan, depth in asked]
        return self.candidate * sum(depth for depth, _ in paid) + self.plan * sum(request for _, request in paid)


@dataclass(frozen=True)
class Actions:
    """All depth vectors over `plans` that the budget allows; `depths` has a row an action, a column a plan."""

    plans: tuple[str, ...]
    depths: NDArray[np.int64]
    cost: Floats

    @staticmethod
    def all(plans: Sequence[str], ladder: Sequence[int], budget: int, prices: Prices) -> Actions:
        every = np.array([a for a in itertools.product(ladder, repeat=len(plans)) if sum(a) <= budget], dtype=np.int64)
        paid = np.array([plan not in prices.free for plan in plans])
        cost = prices.candidate * every.sum(axis=1) + prices.plan * ((every > 0) & paid).sum(axis=1)
        return Actions(tuple(plans), every, cost)

    def values(self, wanted: Wanted, ranks: Floats) -> Floats:
        """Each action's value for one query. `ranks`: [document, plan] in the order of `wanted`, infinite if absent."""
        shares = np.array(list(wanted.values()), dtype=np.float64)
        if not len(shares):
            return -self.cost
        found = (ranks[None, :, :] <= self.depths[:, None, :]).any(axis=2)
        return np.asarray(found @ shares - self.cost)

    def number(self, depths: Mapping[str, int]) -> int:
        """Which row is this depth vector."""
        asked = np.array([depths.get(plan, 0) for plan in self.plans])
        return int(np.flatnonzero((self.depths == asked).all(axis=1))[0])

    def named(self, number: int) -> dict[str, int]:
        return {plan: int(depth) for plan, depth in zip(self.plans, self.depths[number], strict=True) if depth}


def ranks(
    recording: Recording,
    query: str,
    wanted: Wanted,
    plans: Sequence[str],
    more: Mapping[str, Sequence[Hit]] | None = None,
) -> Floats:
    """[document, plan]; `more`: lists of plans that are not recorded, such as the memory's."""
    table = np.full((len(wanted), len(plans)), np.inf)
    row = {document: i for i, document in enumerate(wanted)}
    for column, plan in enumerate(plans):
        hits = (more or {}).get(plan)
        for hit in hits if hits is not None else recording.hits(query, plan) or ():
            if (place := row.get(hit.key.id)) is not None:
                table[place, column] = hit.rank
    return table


def wanted_by_grade(grades: Mapping[str, int]) -> Wanted:
    """Shares in proportion to 2^grade - 1, as click models have it."""
    gains = {document: 2.0**grade - 1 for document, grade in grades.items() if grade > 0}
    whole = sum(gains.values())
    return {document: gain / whole for document, gain in gains.items()}


def best_constant(values: Floats) -> int:
    """The action with the largest mean; `values`: [query, action], rows weighted alike."""
    return int(values.mean(axis=0).argmax())
