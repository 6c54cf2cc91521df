"""Draws by valuing actions directly from remembered outcomes: the direct method, with inverse gap weighting.

An action's value is the share of what people wanted that its union holds, less its price. For a remembered query that
share is read off its own outcomes; for any other it is the mean over remembered queries, the more alike in their
features the heavier (Nadaraya 1964; Watson 1964). Both are mixed by how often the query was searched. The best plan is
climbed to by the single change that gains most; each slot's rungs are then weighted by how far they fall short of the
best, as in SquareCB (Foster and Rakhlin, ICML 2020), the more sharply the more is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.choose.context import ASKED
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.outcome_table import OutcomeTable, features_of
from ltrr_opensearch.choose.parts import check_shape
from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.outcomes import VERSION, Outcomes
from ltrr_opensearch.logged import Part
from ltrr_opensearch.types import Features, Slot

NAME = "direct"
NEIGHBOURS = 40
"""Remembered queries that speak for one that is not remembered."""
PRIOR_NEIGHBOURS = 5.0
"""That speak alike, whatever their distance, beside those that are near."""
PRIOR = 2.0
"""Searches that the neighbours are worth beside a remembered query's own."""
MOST_TRUSTED = 0.8
"""Of a remembered query's value comes from its own outcomes; the rest stands for people who want other things than
those who searched so far (docs/learning-to-retrieve.md says how many do)."""
LEAST_QUERIES = 20
"""Remembered queries below which the safe plan is drawn."""
STEPS = 3
"""Most changes a slot while climbing."""
LEAST_GAIN = 1e-9
WIDTH = 1.0
"""Of the kernel, in standard deviations of the features."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Prices:
    """In units of reward; `free`: strategies that cost no request."""

    candidate: float
    plan: float
    free: frozenset[str] = frozenset()


@dataclass
class _Asked:
    """What was worked out for one search; its slots share it."""

    context: Features
    weights: Floats
    missed: Floats
    """[slot, entity, rung], ln P(the slot's strategy lacks the entity)"""
    cost: Floats
    """[slot, rung]"""
    sharpness: float
    best: dict[tuple[int, ...], tuple[int, ...]]
    """The best rungs of all slots, by the rungs that were drawn first."""
    moves: dict[tuple[int, ...], Floats]
    """What each single change of an action makes of it, by its rungs: slot after slot asks for the same."""


class DirectPolicy:
    """Mixes with the safe plan by `trust`, in 0..1, while few queries are remembered."""

    name = NAME

    def __init__(
        self,
        outcomes: Outcomes,
        choose: ChooseSettings,
        prices: Prices,
        gamma: float,
        trust: float = 1.0,
    ) -> None:
        self._ladder = choose.ladder
        self._rungs = np.array(choose.ladder, dtype=np.int64)
        self._budget = choose.budget
        self._safe = Fixed(choose.safe_depth)
        self._prices = prices
        self._gamma = gamma
        self._trust = trust if len(outcomes.queries) >= LEAST_QUERIES else 0.0
        self._outcomes = outcomes
        # with the release and not with its first search, which it would hold up
        self._table = OutcomeTable.of(outcomes, choose.ladder)
        self._last: _Asked | None = None

    @classmethod
    def from_part(cls, part: Part, choose: ChooseSettings) -> DirectPolicy:
        check_shape(part, choose.ladder)
        meta = part.meta
        if meta.get("outcomes") != VERSION:
            raise ModelError(
                f"policy {part.version} of index {part.index} remembers outcomes as version {meta.get('outcomes')} of "
                f"them, this software as version {VERSION}; train again: ltrr learn policy"
            )
        prices = Prices(meta["price_per_candidate"], meta["price_per_plan"], frozenset(meta["free"]))
        outcomes = Outcomes.from_bytes(part.payload)
        return cls(outcomes, choose, prices, meta["gamma"], meta["trust"])

    def pmf(self, slot: Slot) -> tuple[float, ...]:
        safe = self._safe.pmf(slot)
        values = self.values(slot) if self._trust else None
        if values is None:
            return safe
        weighted = _inverse_gap(values, slot.feasible, self._searched(slot).sharpness)
        return tuple(self._trust * p + (1 - self._trust) * s for p, s in zip(weighted, safe, strict=True))

    def values(self, slot: Slot) -> tuple[float, ...] | None:
        """What each rung of the slot is worth, given the draws before it and the best that can follow.

        A rung beyond the budget has the value of not asking. None where no query was acted upon more than by chance:
        then nothing is known, which is no reason to ask nothing.
        """
        if not self._table.says.any():
            return None
        asked = self._searched(slot)
        drawn = tuple(self._ladder.index(depth) for _, depth in slot.drawn)
        moves = self._moves(asked, self._best(asked, drawn))[slot.position]
        return tuple(np.where(np.isfinite(moves), moves, moves[0]).tolist())

    def _best(self, asked: _Asked, drawn: tuple[int, ...]) -> tuple[int, ...]:
        """The best action that begins with what was drawn, the same whatever was asked for before."""
        known = asked.best.get(drawn)
        if known is None:
            known = self._best(asked, drawn[:-1]) if drawn else ()
            if not drawn or known[len(drawn) - 1] != drawn[-1]:
                known = self._climbed(asked, drawn)
            asked.best[drawn] = known
        return known

    def _climbed(self, asked: _Asked, drawn: Sequence[int]) -> tuple[int, ...]:
        """Steepest ascent over the slots that are not drawn yet: the one change that gains most, until none does."""
        slots = len(asked.cost)
        best = [*drawn, *([0] * (slots - len(drawn)))]
        reached = -np.inf
        for _ in range(STEPS * slots):
            moves = self._moves(asked, best)[len(drawn) :]
            if not moves.size or moves.max() <= reached + LEAST_GAIN:
                break
            place, rung = divmod(int(moves.argmax()), len(self._ladder))
            best[len(drawn) + place] = rung
            reached = float(moves.max())
        return tuple(best)

    def _moves(self, asked: _Asked, chosen: Sequence[int]) -> Floats:
        """[slot, rung]: the value of the whole action with that one slot changed; -inf beyond the budget."""
        known = asked.moves.get(of := tuple(chosen))
        if known is None:
            known = asked.moves[of] = self._valued(asked, chosen)
        return known

    def _valued(self, asked: _Asked, chosen: Sequence[int]) -> Floats:
        slots = np.arange(len(chosen))
        now = asked.missed[slots, :, chosen]
        others = now.sum(axis=0) - now
        found = -np.expm1(others[:, :, None] + asked.missed).transpose(0, 2, 1) @ asked.weights
        paid = asked.cost[slots, chosen]
        depths = self._rungs[np.asarray(chosen)]
        values = self._outcomes.gain * found - (paid.sum() - paid)[:, None] - asked.cost
        beyond = (depths.sum() - depths)[:, None] + self._rungs > self._budget
        return np.where(beyond, -np.inf, values)

    def _cost(self, strategy: str) -> Floats:
        plan = 0.0 if strategy in self._prices.free else self._prices.plan
        return np.asarray(self._prices.candidate * self._rungs + plan * (self._rungs > 0))

    def _searched(self, slot: Slot) -> _Asked:
        last = self._last
        if last is None or last.context is not slot.context:
            self._last = last = self._looked_up(slot)
        return last

    def _looked_up(self, slot: Slot) -> _Asked:
        own = self._table.number.get(slot.query) if ASKED in slot.context else None
        near = self._neighbours(slot.context, own)
        searches = self._outcomes.queries[slot.query].searches if own is not None else 0.0
        says = own is not None and self._table.says[own]
        trusted = MOST_TRUSTED * searches / (searches + PRIOR) if says or not near else 0.0
        parts = [(i, (1 - trusted) * share) for i, share in near]
        weights, missed = self._table.rows(parts, own, trusted, slot.strategies)
        cost = np.array([self._cost(strategy) for strategy in slot.strategies])
        return _Asked(slot.context, weights, missed, cost, self._gamma * (1 + searches) ** 0.5, {}, {})

    def _neighbours(self, context: Features, own: int | None) -> list[tuple[int, float]]:
        """(number of a remembered query, its share)"""
        table = self._table
        at = np.array(features_of(context))
        distance = np.square((table.features - at) / table.scale).sum(axis=1)
        distance[~table.says] = np.inf
        if own is not None:
            distance[own] = np.inf
        nearest = np.argpartition(distance, min(NEIGHBOURS, len(distance) - 1))[:NEIGHBOURS]
        nearest = nearest[np.isfinite(distance[nearest])]
        if not nearest.size:
            return []
        weight = np.exp(-(distance[nearest] - distance[nearest].min()) / (2 * WIDTH**2))
        return [(int(i), float(w)) for i, w in zip(nearest, _shared(weight / weight.sum()), strict=True)]


def _shared(weights: Floats) -> Floats:
    """Drawn towards all alike, the more the fewer queries the weights amount to (Kish 1965): one proves little."""
    amount = 1 / np.square(weights).sum()
    own = amount / (amount + PRIOR_NEIGHBOURS)
    return np.asarray(own * weights + (1 - own) / len(weights))


def _inverse_gap(values: Sequence[float], feasible: Sequence[bool], gamma: float) -> tuple[float, ...]:
    """1 / (rungs + gamma x gap) for all but the best, which takes the rest."""
    best = max((i for i, ok in enumerate(feasible) if ok), key=lambda i: (values[i], -i))
    many = sum(feasible)
    pmf = [
        1 / (many + gamma * (values[best] - values[i])) if ok and i != best else 0.0 for i, ok in enumerate(feasible)
    ]
    pmf[best] = 1 - sum(pmf)
    return tuple(pmf)
