"""Trains `direct`: its outcomes brought up to date with rounds, and what is stored beside them.

A run learns its searches in parts and draws in between. Outcomes are kept from one to the next as the part would give
them back, which is made when it is asked for: to store those of thousands of queries and to read them again takes
longer than to learn a few hundred searches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ltrr_opensearch.choose.apprentice import trust_after
from ltrr_opensearch.choose.direct import NAME, DirectPolicy
from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.knowledge.outcomes import Outcomes
from ltrr_opensearch.learn import costs
from ltrr_opensearch.learn.outcomes import updated
from ltrr_opensearch.learn.parts import continued, counting, dictated
from ltrr_opensearch.logged import Part, Round
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json


@dataclass(frozen=True, slots=True)
class Learned:
    """`index` and `at` are of the youngest round."""

    outcomes: Outcomes
    meta: Json
    index: str
    at: datetime

    def part(self) -> Part:
        return Part.of("policy", self.index, NAME, self.outcomes.to_bytes(), self.at, self.meta)

    def policy(self, choose: ChooseSettings) -> DirectPolicy:
        """The one that would be made of the part."""
        return DirectPolicy.of(self.outcomes, self.meta, choose)


def learned(
    rounds: Sequence[Round], settings: Settings, before: Part | Learned | None, at_most: int | None = None
) -> Learned:
    """With `rounds`, all of the settings' ladder. `before`: what serves, or what was learned with the same settings."""
    choose, learn = settings.choose, settings.learn
    meta = dictated(settings)
    known = before if isinstance(before, Learned) else continued(before, NAME, meta)
    free = {s.strategy for r in rounds for s in r.decision.slots if s.original}
    counted = costs.counted(known.meta["costs"] if known else costs.NOTHING, rounds)
    meta |= {
        "price_per_candidate": learn.price_per_candidate,
        "price_per_plan": learn.price_per_plan,
        "gamma": choose.gamma,
        "free": sorted({*free, *(known.meta["free"] if known else ())}),
        "costs": counted,
        "time": {strategy: learn.price_per_ms * costs.mean(took) for strategy, took in counted["took_ms"].items()},
        "loss": costs.mean(counted["lost"]),
    }
    outcomes = updated(_outcomes(known), rounds, choose.ladder, learn).in_order()
    seen = counting(len(rounds) + (known.meta["rounds"] if known else 0), at_most)
    meta |= {"rounds": seen, "trust": trust_after(seen, choose.apprentice_rounds)}
    last = max(rounds, key=lambda r: (r.decision.at, r.decision.query_id)).decision
    return Learned(outcomes, meta, last.index, last.at)


def _outcomes(known: Part | Learned | None) -> Outcomes:
    if known is None:
        return Outcomes()
    return known.outcomes if isinstance(known, Learned) else Outcomes.from_bytes(known.payload)
