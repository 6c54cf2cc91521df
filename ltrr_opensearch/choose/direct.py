"""Draws by valuing actions directly from remembered outcomes: the direct method, with inverse gap weighting.

An action's value is the share of what people wanted that its union holds, less its price. For a remembered query that
share is read off its own outcomes; for any other it is the mean over remembered queries, the more alike in their
features the heavier (Nadaraya 1964; Watson 1964). Both are mixed by how often the query was searched. The best plan is
climbed to by the single change that gains most; each slot's rungs are then weighted by how far they fall short of the
best, as in SquareCB (Foster and Rakhlin, ICML 2020), the more sharply the more is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.choose.climb import Climb
from ltrr_opensearch.choose.context import ASKED
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.outcome_table import OutcomeTable, features_of
from ltrr_opensearch.choose.parts import check_shape
from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.outcomes import VERSION, Outcomes
from ltrr_opensearch.logged import Part
from ltrr_opensearch.types import Features, Json, Slot

NAME = "direct"
PRIOR = 2.0
"""Searches that the neighbours are worth beside a remembered query's own."""
MOST_TRUSTED = 0.8
"""Of a remembered query's value comes from its own outcomes; the rest stands for people who want other things than
those who searched so far (docs/learning-to-retrieve.md says how many do)."""
LEAST_QUERIES = 20
"""Queries acted upon below which the safe plan is drawn."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Prices:
    """In units of reward. `free`: strategies that cost no request; `time`: what a strategy takes, beside its request;
    `loss`: what a search is worth in which nobody acts, at most 0.
    """

    candidate: float
    plan: float
    free: frozenset[str] = frozenset()
    time: Mapping[str, float] = field(default_factory=dict)
    loss: float = 0.0

    def rungs(self, strategy: str, ladder: Sequence[int]) -> list[float]:
        """Of asking a strategy as deep as each."""
        asking = (0.0 if strategy in self.free else self.plan) + self.time.get(strategy, 0.0)
        return [self.candidate * depth + asking * (depth > 0) for depth in ladder]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was worked out for one search; its slots share it."""

    context: Features
    climb: Climb
    sharpness: float


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
        self._budget = choose.budget
        self._safe = Fixed(choose.safe_depth)
        self._prices = prices
        self._paid: dict[str, list[float]] = {}
        self._gamma = gamma
        known = sum(one.searches > 0 for one in outcomes.queries.values())
        self._trust = trust if known >= LEAST_QUERIES else 0.0
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
        return cls.of(Outcomes.from_bytes(part.payload), meta, choose)

    @classmethod
    def of(cls, outcomes: Outcomes, meta: Json, choose: ChooseSettings) -> DirectPolicy:
        free = frozenset(meta["free"])
        prices = Prices(meta["price_per_candidate"], meta["price_per_plan"], free, meta["time"], meta["loss"])
        return cls(outcomes, choose, prices, meta["gamma"], meta["trust"])

    def pmf(self, slot: Slot) -> tuple[float, ...]:
        values = self.values(slot) if self._trust else None
        if values is None:
            return self._safe.pmf(slot)
        weighted = _inverse_gap(values, slot.feasible, self._searched(slot).sharpness)
        if self._trust == 1:
            return weighted
        return tuple(
            self._trust * p + (1 - self._trust) * s for p, s in zip(weighted, self._safe.pmf(slot), strict=True)
        )

    def values(self, slot: Slot) -> tuple[float, ...] | None:
        """What each rung of the slot is worth, given the draws before it and the best that can follow.

        A rung beyond the budget has the value of not asking. None where no query was acted upon more than by chance:
        then nothing is known, which is no reason to ask nothing.
        """
        if not self._table.speaks:
            return None
        drawn = tuple([self._ladder.index(depth) for _, depth in slot.drawn])
        best, changes = self._searched(slot).climb.best(drawn)
        values = changes[slot.position - len(best)]
        return tuple([value if value > -inf else values[0] for value in values])

    def _searched(self, slot: Slot) -> _Asked:
        last = self._last
        if last is None or last.context is not slot.context:
            self._last = last = self._looked_up(slot)
        return last

    def _looked_up(self, slot: Slot) -> _Asked:
        own = self._table.number.get(slot.query) if ASKED in slot.context else None
        near, shares = self._table.alike.near(features_of(slot.context), own)
        known = self._outcomes.queries[slot.query] if own is not None else None
        asked, searches = (known.asked, known.searches) if known else (0.0, 0.0)
        says = own is not None and self._table.says[own]
        trusted = MOST_TRUSTED * asked / (asked + PRIOR) if says or not near.size else 0.0
        weights, missed = self._table.rows(near, (1 - trusted) * shares, own, trusted)
        climb = Climb(
            # what is not found is worth its loss, and not nothing
            (self._outcomes.gain - self._prices.loss) * weights,
            missed,
            self._table.columns(slot.strategies),
            [self._rungs_of(strategy) for strategy in slot.strategies],
            self._ladder,
            self._budget,
        )
        return _Asked(slot.context, climb, self._gamma * (1 + searches) ** 0.5)

    def _rungs_of(self, strategy: str) -> list[float]:
        paid = self._paid.get(strategy)
        if paid is None:
            self._paid[strategy] = paid = self._prices.rungs(strategy, self._ladder)
        return paid


def _inverse_gap(values: Sequence[float], feasible: Sequence[bool], gamma: float) -> tuple[float, ...]:
    """1 / (rungs + gamma x gap) for all but the best, which takes the rest. The first rungs are the feasible ones."""
    many = sum(feasible)
    allowed = values[:many]
    best = max(allowed)
    pmf = [1 / (many + gamma * (best - value)) for value in allowed]
    at = allowed.index(best)
    pmf[at] = 0.0
    pmf[at] = 1 - sum(pmf)
    return (*pmf, *[0.0] * (len(feasible) - many))
