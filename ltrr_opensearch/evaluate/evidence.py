"""What a log says about one target, as numbers a search, of which every estimate is made.

The value of a target's action is predicted before anything is known, and again after each slot that the log shows: a
slot that found the object settles it, one that did not leaves the later ones. The steps between these predictions,
weighted by how unlikely it was to see them, correct the first (Jiang & Li 2016, over slots instead of time).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ltrr_opensearch.evaluate.direct import DirectModel
from ltrr_opensearch.evaluate.table import Floats, Numbers, Rungs, Table
from ltrr_opensearch.evaluate.weights import Weighing, nested


class Evidence(NamedTuple):
    """One row a search. Anything with a logged action, a propensity and a reward can be brought into this form."""

    predicted: Floats
    """[search]: what the direct model gives the target's action."""
    weights: Floats
    """[search, slot]: 1 / P(the log shows the target up to this slot) where it does, else 0."""
    steps: Floats
    """[search, slot]: by how much the outcome of this slot moves the prediction; whatever where the weight is 0."""
    rewards: Floats
    """[search]: of the target's action; whatever where the last weight is 0."""
    possible: Floats
    """[search]: 1 / P(the log shows the target), whether it does or not."""
    unsupported: Floats
    """[search]: weight at which the log could not show the target."""
    people: Numbers
    most: float
    """A reward is not farther from 0 than this."""


def gather(table: Table, model: DirectModel, rungs: Rungs, weighing: Weighing = nested) -> Evidence:
    """Of the actions `rungs`, one row a search."""
    shown = weighing(table, rungs)
    gains, found, asked = table.found_gains(rungs), model.at(rungs), rungs > 0
    # chance that this slot or a later one has the object
    to_come = 1 - np.cumprod((1 - found)[:, ::-1], axis=1)[:, ::-1]
    last = np.zeros((len(table), 1))
    after = np.where(gains > 0, gains, model.gain[:, None] * np.hstack([to_come[:, 1:], last]))
    first = model.gain * to_come[:, 0]
    dearer = (table.price_of_asking - model.asking) * asked
    prices = table.prices(rungs)
    return Evidence(
        predicted=first + table.losses - prices + dearer.sum(axis=1),
        weights=shown.weights,
        steps=np.diff(after, axis=1, prepend=first[:, None]) - dearer,
        rewards=table.rewards(rungs),
        possible=shown.possible,
        unsupported=shown.unsupported,
        people=table.people,
        most=float(table.gains.max(initial=0.0) + prices.max(initial=0.0)),
    )
