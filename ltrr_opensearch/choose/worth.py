"""What the entities of a remembered query are worth: how much of what people want each of them is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.knowledge.outcomes import Outcome, Outcomes

Floats = NDArray[np.float64]


def acted_weights(one: Outcome, outcomes: Outcomes) -> Floats:
    """How much of what people want each entity is: how likely it is wanted, times how often it is then acted upon.

    What was acted upon no more than by chance weighs nothing, nor does what is gone: no depth finds it.
    """
    return in_shares(acted_worth(one, outcomes))


def acted_worth(one: Outcome, outcomes: Outcomes) -> Floats:
    """The same before they are made to sum to 1: of some entities it is what it is of all."""
    if not one.entities:
        return np.zeros(0)
    told = [(a.gain, a.examined, a.odds, 0.0 if a.gone else a.rate) for a in one.entities.values()]
    acted, examined, odds, rates = np.array(told).T
    liking = outcomes.liking
    likely = liking.probable(acted / outcomes.gain, examined, odds)
    return np.asarray(likely * np.maximum(0.0, rates / outcomes.gain - liking.chance))


def in_shares(worth: Floats) -> Floats:
    whole = worth.sum()
    return np.asarray(worth / whole) if whole else worth


def lost_shares(one: Outcome) -> Floats:
    """Of the query's searches, those of each kind in which nobody acted."""
    return np.array([kind.weight / one.asked for kind in one.lost])
