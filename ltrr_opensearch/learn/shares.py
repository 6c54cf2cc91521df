"""How often strategies have what people want, by rung: sums that fade with searches of any query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ltrr_opensearch.candidate_columns import named
from ltrr_opensearch.knowledge.outcomes import Found
from ltrr_opensearch.logged import Round
from ltrr_opensearch.types import Outcome

HALF_LIFE = 1000
"""Searches of any query after which older ones count half."""
KEPT = 0.5 ** (1 / HALF_LIFE)
ANSWERED = (Outcome.OK, Outcome.NOTHING_TO_ASK)


@dataclass
class Counted:
    """Sums while counting, by strategy: [rungs]."""

    rungs: int
    asked: defaultdict[str, list[float]] = field(init=False)
    found: defaultdict[str, list[float]] = field(init=False)

    def __post_init__(self) -> None:
        self.asked = defaultdict(lambda: [0.0] * self.rungs)
        self.found = defaultdict(lambda: [0.0] * self.rungs)

    def before(self, shares: Mapping[str, Found]) -> Counted:
        for name, share in shares.items():
            self.asked[name], self.found[name] = list(share.asked), list(share.found)
        return self

    def count(self, strategy: str, ladder: Sequence[int], depth: int, rank: int | None) -> None:
        shown = [(i, rung) for i, rung in enumerate(ladder) if 0 < rung <= depth]
        asked, found = (self.asked[strategy], self.found[strategy]) if shown else ([], [])
        for i, rung in shown:
            asked[i] = asked[i] * KEPT + 1
            found[i] = found[i] * KEPT + (rank is not None and rank <= rung)

    def shares(self) -> dict[str, Found]:
        return {name: Found(tuple(self.asked[name]), tuple(self.found[name])) for name in self.asked}


def count_in(one: Round, every: Counted, new: Counted, known: Collection[str], ladder: Sequence[int]) -> None:
    """`every`: of all that was acted upon; `new`: of what is not among the `known`."""
    best = max(one.gains.values(), default=0.0)
    acted = [c for c in named(one.decision.candidates, one.gains) if one.gains[c.key.id] == best] if best > 0 else []
    unknown = [c for c in acted if c.key.id not in known]
    for counted, some in ((every, acted), (new, unknown)):
        at = {f.plan: f.rank for f in some[0].found} if some else {}
        for slot in one.decision.slots if some else ():
            if slot.depth and slot.outcome in ANSWERED:
                counted.count(slot.strategy, ladder, slot.depth, at.get(slot.plan))
