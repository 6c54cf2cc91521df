"""What each slot of a search earned: the labels that policies learn from.

Credit goes to the first slot, in the order drawn, whose plan had the object: it is the growth of the best gain in the
union, so the slots' credits add up to the search's. Every slot pays for itself. Since lists nest, a slot asked 50 deep
also labels its rung 10; such a label carries the probability that the slot was asked at least that deep.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite
from typing import NamedTuple

from ltrr_opensearch.choose.logged import slots
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.evaluate.outcomes import best_gain, gained, known_rungs, price
from ltrr_opensearch.settings import LearnSettings
from ltrr_opensearch.types import Round, Slot


class Label(NamedTuple):
    rung: int
    """Position in the ladder."""
    reward: float
    probability: float
    """That the log would show this rung's outcome."""


def labelled(one: Round, learn: LearnSettings) -> Iterator[tuple[Slot, list[Label]]]:
    """Each slot with the labels of the rungs whose outcome the log shows."""
    objects = gained(one)
    depths: dict[str, int] = {}
    for slot, record in slots(one.decision):
        before = best_gain(objects, depths)
        labels = []
        for rung in known_rungs(record, slot.ladder):
            if slot.feasible[rung]:
                depth = slot.ladder[rung]
                after = best_gain(objects, depths | {slot.plan: depth})
                shown = min(1.0, sum(record.pmf[rung:]))
                labels.append(_checked(one, slot, Label(rung, after - before - price(record, depth, learn), shown)))
        yield slot, labels
        depths[slot.plan] = record.depth


def _checked(one: Round, slot: Slot, label: Label) -> Label:
    if isfinite(label.reward) and 0 < label.probability <= 1:
        return label
    raise DataError(
        f"search {one.decision.query_id}, slot {slot.plan}: reward {label.reward} and probability {label.probability} "
        "cannot be learned from; a reward must be finite, a probability in (0, 1]"
    )
