"""The direct policy once more, as plainly as it can be said: every action is valued anew, entity by entity."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, prod, sqrt
from statistics import pstdev

from ltrr_opensearch.choose.alike import NEIGHBOURS, PRIOR_NEIGHBOURS
from ltrr_opensearch.choose.context import ASKED
from ltrr_opensearch.choose.direct import MOST_TRUSTED, PRIOR, Prices
from ltrr_opensearch.choose.missed import MOST_FOUND, found_share
from ltrr_opensearch.choose.outcome_table import features_of
from ltrr_opensearch.choose.worth import acted_weights, lost_shares
from ltrr_opensearch.knowledge.outcomes import Outcome, Outcomes
from ltrr_opensearch.types import Slot

Entity = tuple[float, list[list[float]]]
"""Its weight, and how likely it is missed: [slot][rung]."""


@dataclass(frozen=True)
class Plain:
    outcomes: Outcomes
    prices: Prices
    ladder: tuple[int, ...]
    budget: int
    gamma: float

    def pmf(self, slot: Slot) -> list[float]:
        values = self.values(slot)
        known = self.outcomes.queries.get(slot.query) if ASKED in slot.context else None
        gamma = self.gamma * sqrt(1 + known.searches) if known else self.gamma
        rungs = [i for i, feasible in enumerate(slot.feasible) if feasible]
        best = max(rungs, key=lambda i: (values[i], -i))
        pmf = [0.0] * len(values)
        for i in rungs:
            pmf[i] = 1 / (len(rungs) + gamma * (values[best] - values[i])) if i != best else 0.0
        pmf[best] = 1 - sum(pmf)
        return pmf

    def values(self, slot: Slot) -> list[float]:
        entities = self.entities(slot)
        best: list[int] = []
        for many in range(len(slot.drawn) + 1):
            drawn = [self.ladder.index(depth) for _, depth in slot.drawn[:many]]
            if not many or best[many - 1] != drawn[-1]:
                best = self.climbed(slot, entities, drawn)
        values = [self.value(slot, entities, changed(best, slot.position, rung)) for rung in range(len(self.ladder))]
        return [value if value > -inf else values[0] for value in values]

    def climbed(self, slot: Slot, entities: list[Entity], drawn: list[int]) -> list[int]:
        action, reached = [*drawn, *[0] * (len(slot.strategies) - len(drawn))], -inf
        while True:
            near = [
                changed(action, place, rung)
                for place in range(len(drawn), len(action))
                for rung in range(len(self.ladder))
            ]
            worth = [self.value(slot, entities, other) for other in near]
            if max(worth) <= reached + 1e-9:
                return action
            action, reached = near[worth.index(max(worth))], max(worth)

    def value(self, slot: Slot, entities: list[Entity], action: list[int]) -> float:
        depths = [self.ladder[rung] for rung in action]
        if sum(depths) > self.budget:
            return -inf
        plans = sum(depth > 0 and s not in self.prices.free for depth, s in zip(depths, slot.strategies, strict=True))
        found = sum(w * (1 - prod(m[rung] for m, rung in zip(missed, action, strict=True))) for w, missed in entities)
        return self.outcomes.gain * found - self.prices.candidate * sum(depths) - self.prices.plan * plans

    def entities(self, slot: Slot) -> list[Entity]:
        queries, own = self.outcomes.queries, slot.query if ASKED in slot.context else None
        known = queries.get(own) if own else None
        near = self.near(slot, own)
        says = known is not None and self.says(known)
        trusted = MOST_TRUSTED * known.asked / (known.asked + PRIOR) if known and (says or not near) else 0.0
        speaking = [(queries[q], (1 - trusted) * share, True) for q, share in near]
        if known:
            speaking.append((known, trusted, False))
        return [
            (share * w, [self.missed(s, ranks, without, new) for s in slot.strategies])
            for one, share, new in speaking
            for w, ranks, without in self.wanted(one)
        ]

    def near(self, slot: Slot, own: str | None) -> list[tuple[str, float]]:
        queries = self.outcomes.queries
        scales = [pstdev(one) + 1e-9 for one in zip(*(q.features for q in queries.values()), strict=True)]
        at = features_of(slot.context)
        distance = {
            q: sum(((a - b) / scale) ** 2 for a, b, scale in zip(one.features, at, scales, strict=True))
            for q, one in queries.items()
            if q != own and self.says(one)
        }
        nearest = sorted(distance, key=lambda q: distance[q])[:NEIGHBOURS]
        weights = [exp((distance[nearest[0]] - distance[q]) / 2) for q in nearest]
        weights = [w / sum(weights) for w in weights]
        if not nearest:
            return []
        amount = 1 / sum(w**2 for w in weights)
        alone = amount / (amount + PRIOR_NEIGHBOURS)
        return [(q, alone * w + (1 - alone) / len(weights)) for q, w in zip(nearest, weights, strict=True)]

    def says(self, one: Outcome) -> bool:
        return any(weight for weight, *_ in self.wanted(one))

    def wanted(self, one: Outcome) -> list[tuple[float, dict[str, int], dict[str, int]]]:
        acted = zip(acted_weights(one, self.outcomes), one.entities.values(), strict=True)
        lost = [self.outcomes.hope.kept * float(share) for share in lost_shares(one)]
        return [
            *((float(w) * (1 - sum(lost)), dict(a.ranks), dict(a.without)) for w, a in acted),
            *((w, {}, dict(kind.without)) for w, kind in zip(lost, one.lost, strict=True)),
        ]

    def missed(self, strategy: str, ranks: dict[str, int], without: dict[str, int], new: bool) -> list[float]:
        outcomes, rungs = self.outcomes, len(self.ladder)
        if strategy not in {*outcomes.shares, *outcomes.new}:
            return [1.0] * rungs
        if new and strategy in outcomes.remembering:
            return [1 - float(p) for p in found_share(outcomes.new.get(strategy), rungs)]
        share = [float(p) for p in found_share(outcomes.shares.get(strategy), rungs)]
        if strategy in ranks:
            return [1 - MOST_FOUND if ranks[strategy] <= depth else 1.0 for depth in self.ladder]
        lacks = without.get(strategy, 0)
        shown = max(p for p, depth in zip(share, self.ladder, strict=True) if depth <= lacks)
        return [
            1 - min(MOST_FOUND, (p - shown) / (1 - shown)) if depth > lacks else 1.0
            for p, depth in zip(share, self.ladder, strict=True)
        ]


def changed(action: list[int], place: int, rung: int) -> list[int]:
    return [*action[:place], rung, *action[place + 1 :]]
