"""What each slot of a search earned: the labels that policies learn from.

A slot that sees what was drawn before it is paid its reward to go: the growth of what the union found from this slot
on, less the price of this slot and of those after it, as they were drawn. The first slot's is the reward of the search.
Paying a slot only for what it was first to find lets an early slot buy depth that a later, cheaper one makes needless
(docs/learning-loop.md has figures). A slot that sees nothing of the others is paid its marginal contribution.
Since lists nest, a slot asked 50 deep also labels its rung 10, with the other slots as they were. The loss of a search
that failed is on every rung so labelled, since asking less would have failed too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import NamedTuple

from ltrr_opensearch.choose.factoring import alone
from ltrr_opensearch.choose.logged import by_policy, slots
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.evaluate.outcomes import found_gain, gained, known_rungs, price
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import Round, SlotRecord
from ltrr_opensearch.types import Slot

_ROUNDING = 1e-6
"""Of a sum of logged probabilities."""


class Label(NamedTuple):
    rung: int
    """Position in the ladder."""
    reward: float
    probability: float
    """That the log would show this rung's outcome: the slot was asked at least this deep."""


Labelled = Iterator[tuple[Slot, list[Label]]]
"""Slots, as their policy sees them, with the labels of the rungs whose outcome the log shows."""


def labelled(one: Round, learn: LearnSettings) -> Labelled:
    """Each slot paid its reward to go."""
    one = by_policy(one)
    asked = _Asked(one, learn)
    before: dict[str, int] = {}
    later = sum(price(s, s.depth, learn) for s in one.decision.slots)
    for slot, record in slots(one.decision):
        later -= price(record, record.depth, learn)
        yield slot, asked.labels(slot, record, asked.gain(before) + later)
        before[slot.plan] = record.depth


def labelled_alone(one: Round, learn: LearnSettings) -> Labelled:
    """Each slot paid its marginal contribution to what the others, as they were drawn, had found."""
    one = by_policy(one)
    asked = _Asked(one, learn)
    for slot, record in slots(one.decision):
        yield alone(slot), asked.labels(slot, record, asked.gain(asked.drawn | {slot.plan: 0}))


class _Asked:
    """A search, and what it would have found."""

    def __init__(self, one: Round, learn: LearnSettings) -> None:
        self._query_id, self._learn = one.decision.query_id, learn
        self._objects, self._loss = gained(one), one.loss
        self.drawn = {s.plan: s.depth for s in one.decision.slots}

    def gain(self, depths: Mapping[str, int]) -> float:
        return found_gain(self._objects, depths)

    def labels(self, slot: Slot, record: SlotRecord, less: float) -> list[Label]:
        """What the search gains with each known depth of the slot, less its price and what is not the slot's."""
        known, depths = [], dict(self.drawn)
        for rung in known_rungs(record, slot.ladder):
            if slot.feasible[rung]:
                depths[slot.plan] = depth = slot.ladder[rung]
                reward = self.gain(depths) + self._loss - price(record, depth, self._learn) - less
                known.append(checked_label(self._query_id, slot.plan, rung, reward, sum(record.pmf[rung:])))
        return known


def checked_label(query_id: str, plan: str, rung: int, reward: float, probability: float) -> Label:
    if isfinite(reward) and 0 < probability <= 1 + _ROUNDING:
        return Label(rung, reward, min(1.0, probability))
    raise DataError(
        f"search {query_id}, slot {plan}: reward {reward} and probability {probability} "
        "cannot be learned from; a reward must be finite, a probability in (0, 1]"
    )
