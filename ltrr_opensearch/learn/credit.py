"""What each slot of a search earned: the labels that policies learn from.

A slot is paid its reward to go: the growth of what the union found from this slot on, less the price of this slot and
of those after it, as they were drawn. The first slot's is the reward of the search. Paying a slot only for what it was
first to find lets an early slot buy depth that a later, cheaper one makes needless (docs/learning-loop.md has figures).
Since lists nest, a slot asked 50 deep also labels its rung 10, with the other slots as they were. The loss of a search
that failed is on every rung so labelled, since asking less would have failed too.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import NamedTuple

from ltrr_opensearch.choose.logged import slots
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.evaluate.outcomes import found_gain, gained, known_rungs, price
from ltrr_opensearch.logged import Round
from ltrr_opensearch.settings import LearnSettings
from ltrr_opensearch.types import Slot

_ROUNDING = 1e-6
"""Of a sum of logged probabilities."""


class Label(NamedTuple):
    rung: int
    """Position in the ladder."""
    reward: float
    probability: float
    """That the log would show this rung's outcome: the slot was asked at least this deep."""


def labelled(one: Round, learn: LearnSettings) -> Iterator[tuple[Slot, list[Label]]]:
    """Each slot with the labels of the rungs whose outcome the log shows."""
    objects = gained(one)
    drawn = {s.plan: s.depth for s in one.decision.slots}
    before: dict[str, int] = {}
    later = sum(price(s, s.depth, learn) for s in one.decision.slots)
    for slot, record in slots(one.decision):
        later -= price(record, record.depth, learn)
        had = found_gain(objects, before)
        labels = []
        for rung in known_rungs(record, slot.ladder):
            if slot.feasible[rung]:
                depth = slot.ladder[rung]
                growth = found_gain(objects, drawn | {slot.plan: depth}) - had
                reward = growth - price(record, depth, learn) - later + one.loss
                labels.append(_checked(one, slot, Label(rung, reward, sum(record.pmf[rung:]))))
        yield slot, labels
        before[slot.plan] = record.depth


def _checked(one: Round, slot: Slot, label: Label) -> Label:
    if isfinite(label.reward) and 0 < label.probability <= 1 + _ROUNDING:
        return label._replace(probability=min(1.0, label.probability))
    raise DataError(
        f"search {one.decision.query_id}, slot {slot.plan}: reward {label.reward} and probability {label.probability} "
        "cannot be learned from; a reward must be finite, a probability in (0, 1]"
    )
