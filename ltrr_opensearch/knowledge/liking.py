"""How likely somebody wants what was acted upon: people click a little on everything that they look at.

Of what is shown, some is wanted and some is not; how much of it, and how often people act on either, is a mixture of
two Poisson distributions (`learn.liking` fits it). By Bayes' rule it says of a document how likely it is wanted, from
how often it was acted upon and looked at: one action on what was hardly looked at proves little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEAST = 1e-6
"""Rate, so that none is 0: of what was never acted upon, a logarithm is taken."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Sums over documents shown for queries: how many, how often looked at and acted upon.

    `fresh`: how many of them nobody had acted upon before, for the query.
    """

    documents: float = 0.0
    examined: float = 0.0
    acted: float = 0.0
    fresh: float = 0.0

    @property
    def rate(self) -> float:
        """Actions for each time that one is looked at."""
        return max(LEAST, self.acted / self.examined) if self.examined else LEAST

    def and_also(self, other: Kind, kept: float) -> Kind:
        return Kind(
            self.documents * kept + other.documents,
            self.examined * kept + other.examined,
            self.acted * kept + other.acted,
            self.fresh * kept + other.fresh,
        )


@dataclass(frozen=True, slots=True)
class Liking:
    """Nothing is known where there are no documents, or the kinds are not told apart: all acted upon is wanted then."""

    unwanted: Kind = Kind()
    wanted: Kind = Kind()

    @property
    def told(self) -> bool:
        """Whether what is wanted is acted upon more often: that of sums need not be so, though it is of each summand.

        As where a batch with many actions showed mostly bad, and one with few mostly good (Simpson 1951).
        """
        known = bool(self.unwanted.documents and self.wanted.documents)
        return known and self.unwanted.rate < self.wanted.rate

    @property
    def chance(self) -> float:
        """Actions on what nobody wants, for each time that it is looked at."""
        return self.unwanted.rate if self.told else 0.0

    def and_also(self, other: Liking, kept: float) -> Liking:
        """`kept`: how much of what was known before still counts."""
        return Liking(self.unwanted.and_also(other.unwanted, kept), self.wanted.and_also(other.wanted, kept))

    @property
    def odds(self) -> float:
        """Of a document that nobody had acted upon before to be wanted, as far as nothing else is known of it."""
        return (self.wanted.fresh + 1) / (self.unwanted.fresh + 1)

    def probable(self, acted: Floats, examined: Floats, odds: Floats) -> Floats:
        """How likely each document is wanted, given its actions, its examinations, and its odds before them."""
        if not self.told:
            return np.ones(len(acted))
        low, high = self.unwanted.rate, self.wanted.rate
        says = np.log(odds) + acted * np.log(high / low) - examined * (high - low)
        return np.asarray(1 / (1 + np.exp(-says.clip(-50, 50))))
