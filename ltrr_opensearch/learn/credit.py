"""What each slot of a search earned: the labels that policies learn from.

A slot that sees what was drawn before it is paid its reward to go: the growth of what the union found from this slot
on, less the price of this slot and of those after it, as they were drawn. The first slot's is the reward of the search.
Paying a slot only for what it was first to find lets an early slot buy depth that a later, cheaper one makes needless
(docs/learning-loop.md has figures). A slot that sees nothing of the others is paid its marginal contribution.
Since lists nest, a slot asked 50 deep also labels its rung 10, with the other slots as they were. The loss of a search
that failed is on every rung so labelled, since asking less would have failed too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from math import inf, isfinite
from typing import NamedTuple

from ltrr_opensearch.choose.factoring import alone
from ltrr_opensearch.choose.logged import by_policy, slots
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.evaluate.outcomes import gained, known_rungs, price_of_asking
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.logged import Round, SlotRecord
from ltrr_opensearch.types import Slot

_MOST = 1 + 1e-6
"""Of a sum of logged probabilities, which are rounded."""


class Label(NamedTuple):
    rung: int
    """Position in the ladder."""
    reward: float
    probability: float
    """That the log would show this rung's outcome: the slot was asked at least this deep."""


_label: Callable[[tuple[int, float, float]], Label] = partial(tuple.__new__, Label)
"""A C call: learning makes some 15 a search."""

Labelled = Iterator[tuple[Slot, list[Label]]]
"""Slots, as their policy sees them, with the labels of the rungs whose outcome the log shows."""


def labelled(one: Round, learn: LearnSettings) -> Labelled:
    """Each slot paid its reward to go."""
    one = by_policy(one)
    asked = _Asked(one, learn)
    later = sum(asked.prices)
    for place, (slot, record) in enumerate(slots(one.decision)):
        later -= asked.prices[place]
        yield slot, asked.labels(place, slot, record, asked.gain_before(place) + later)


def labelled_alone(one: Round, learn: LearnSettings) -> Labelled:
    """Each slot paid its marginal contribution to what the others, as they were drawn, had found."""
    one = by_policy(one)
    asked = _Asked(one, learn)
    for place, (slot, record) in enumerate(slots(one.decision)):
        yield alone(slot), asked.labels(place, slot, record, asked.gain_at(place, 0))


class _Acted(NamedTuple):
    """An object that was acted upon."""

    gain: float
    ranks: list[float]
    """By place of a slot, infinite where its plan did not have it."""
    found: list[bool]
    """By place of a slot, whether the plan as drawn had it."""
    times: int
    """How many had."""


class _Asked:
    """A search, and what it would have found had one slot been drawn otherwise (as `outcomes.found_gain` says)."""

    def __init__(self, one: Round, learn: LearnSettings) -> None:
        self._query_id, self._loss, self._per_candidate = one.decision.query_id, one.loss, learn.price_per_candidate
        records = one.decision.slots
        self._asking = [price_of_asking(record, learn) for record in records]
        self.prices = [self._price(place, record.depth) for place, record in enumerate(records)]
        self._objects, self._best, self._whole = [], 0.0, 0.0
        for gain, at in gained(one):
            ranks = [at.get(record.plan, inf) for record in records]
            found = [rank <= record.depth for rank, record in zip(ranks, records, strict=True)]
            self._objects.append(_Acted(gain, ranks, found, sum(found)))
            self._best = max(self._best, gain)
            self._whole += gain

    def _price(self, place: int, depth: int) -> float:
        return self._per_candidate * depth + self._asking[place] if depth else 0.0

    def gain_before(self, place: int) -> float:
        """What the slots before this one found."""
        return self._share([acted.gain for acted in self._objects if True in acted.found[:place]])

    def gain_at(self, place: int, depth: int) -> float:
        """What would have been found with this slot at another depth."""
        return self._share(
            [gain for gain, ranks, found, times in self._objects if ranks[place] <= depth or times > found[place]]
        )

    def _share(self, found: list[float]) -> float:
        return self._best * sum(found) / self._whole if found else 0.0

    def labels(self, place: int, slot: Slot, record: SlotRecord, less: float) -> list[Label]:
        """What the search gains with each known depth of the slot, less its price and what is not the slot's."""
        known, ladder, objects, loss, pmf = [], slot.ladder, self._objects, self._loss, record.pmf
        for rung in known_rungs(record, ladder):
            if slot.feasible[rung]:
                depth = ladder[rung]
                gain = self.gain_at(place, depth) if objects else 0.0
                reward = gain + loss - self._price(place, depth) - less
                known.append(checked_label(self._query_id, slot.plan, rung, reward, sum(pmf[rung:])))
        return known


def checked_label(query_id: str, plan: str, rung: int, reward: float, probability: float) -> Label:
    if isfinite(reward) and 0 < probability <= _MOST:
        return _label((rung, reward, probability if probability < 1.0 else 1.0))
    raise DataError(
        f"search {query_id}, slot {plan}: reward {reward} and probability {probability} "
        "cannot be learned from; a reward must be finite, a probability in (0, 1]"
    )
