"""Trains the policies that are not Vowpal Wabbit's: tables of mean rewards, and linear regressions.

What was learned before fades by `learn.half_life_searches`, counted in searches that offered the strategy.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ltrr_opensearch.choose import linear
from ltrr_opensearch.choose.linear import DIMENSION, Regressions, feature_vector
from ltrr_opensearch.choose.table import Table
from ltrr_opensearch.learn.credit import Label
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.types import Slot

Taught = Iterable[tuple[Slot, list[Label]]]


def kept(learn: LearnSettings) -> float:
    """Weight of a reward after one more search."""
    return float(0.5 ** (1 / learn.half_life_searches))


def train_table(taught: Taught, learn: LearnSettings, before: bytes | None) -> bytes:
    """Mean rewards per strategy and rung, weighted by 1 / probability."""
    table, keep = Table.from_bytes(before) if before else Table(), kept(learn)
    for slot, labels in taught:
        table.add(slot.strategy, len(slot.ladder), labels, keep)
    return table.to_bytes()


def train_linear(taught: Taught, learn: LearnSettings, before: bytes | None) -> bytes:
    """Labels as if certain: the regressions see what the draw depended on."""
    regressions = linear.from_bytes(before) if before else {}
    keep = kept(learn)
    for slot, labels in taught:
        rungs = len(slot.ladder)
        squares, products = regressions.setdefault(
            slot.strategy, Regressions(np.zeros((rungs, DIMENSION, DIMENSION)), np.zeros((rungs, DIMENSION)))
        )
        x = feature_vector(slot)
        square = np.outer(x, x)
        squares *= keep
        products *= keep
        for rung, reward, _ in labels:
            squares[rung] += square
            products[rung] += reward * x
    return linear.to_bytes(regressions)
