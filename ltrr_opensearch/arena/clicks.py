"""Who clicks what on a page: position-based and cascade click models, with noise.

*Position-based* (Richardson et al., WWW 2007; Craswell et al., WSDM 2008): rank r is examined with probability
1 / r^eta, whatever stands above it, and what is examined is clicked with its attractiveness; after a click the person
may be satisfied and stop. *Cascade* (Craswell et al., WSDM 2008; Guo et al., WSDM 2009): ranks are examined in turn,
the person goes on with a probability of its own after a click, and with another after none.

Attractiveness is a number in 0..1 by document, shrunk by noise on both sides, so that the best is sometimes skipped and
the worst sometimes clicked. A document that nobody rated attracts only by noise. *Hostile* and *aimless* people, who
read a page by either model, are there to see what they can spoil.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

MAX_GRADE = 3


class ClickModel(Protocol):
    def clicks(self, shown: Sequence[str], attractiveness: Mapping[str, float], rng: Random) -> tuple[int, ...]:
        """The ranks, from 1, that one person clicks on one page."""


@dataclass(frozen=True, slots=True)
class PositionBased:
    eta: float = 0.7
    """How fast attention falls with rank; 0 examines everything."""
    noise: float = 0.03
    """Probability of a click on something worthless, and of skipping something perfect, once examined."""
    satisfied: float = 0.4
    """Probability of stopping after a click on something perfect; 0 is the pure position-based model."""

    def examination(self, rank: int) -> float:
        """Probability that the rank is looked at; ranks start at 1."""
        return 1.0 / math.pow(rank, self.eta)

    def clicks(self, shown: Sequence[str], attractiveness: Mapping[str, float], rng: Random) -> tuple[int, ...]:
        clicked: list[int] = []
        for rank, document in enumerate(shown, start=1):
            attraction = noisy(attractiveness.get(document, 0.0), self.noise)
            if rng.random() < self.examination(rank) * attraction:
                clicked.append(rank)
                if rng.random() < self.satisfied * attraction:
                    break
        return tuple(clicked)


@dataclass(frozen=True, slots=True)
class Cascade:
    noise: float = 0.03
    """As in the position-based model."""
    after_click: float = 0.4
    """Probability of going on to the next rank after a click."""
    after_none: float = 0.85
    """Probability of going on to the next rank after what was not clicked."""

    def clicks(self, shown: Sequence[str], attractiveness: Mapping[str, float], rng: Random) -> tuple[int, ...]:
        clicked: list[int] = []
        for rank, document in enumerate(shown, start=1):
            likes = rng.random() < noisy(attractiveness.get(document, 0.0), self.noise)
            if likes:
                clicked.append(rank)
            if rng.random() >= (self.after_click if likes else self.after_none):
                break
        return tuple(clicked)


@dataclass(frozen=True, slots=True)
class Hostile:
    """In a share of the visits what is worst on the page is clicked and what is good passed over."""

    model: ClickModel
    share: float

    def clicks(self, shown: Sequence[str], attractiveness: Mapping[str, float], rng: Random) -> tuple[int, ...]:
        if rng.random() < self.share:
            attractiveness = {document: 1.0 - attractiveness.get(document, 0.0) for document in shown}
        return self.model.clicks(shown, attractiveness, rng)


@dataclass(frozen=True, slots=True)
class Aimless:
    """Everything attracts alike: clicks tell of positions and of nothing else."""

    model: ClickModel
    attraction: float = 0.2

    def clicks(self, shown: Sequence[str], attractiveness: Mapping[str, float], rng: Random) -> tuple[int, ...]:
        return self.model.clicks(shown, {**attractiveness, **dict.fromkeys(shown, self.attraction)}, rng)


def noisy(attractiveness: float, noise: float) -> float:
    return noise + (1 - 2 * noise) * attractiveness


def of_grade(grade: int, best: int = MAX_GRADE) -> float:
    """Attractiveness of a graded document: (2^grade - 1) / (2^best - 1) (Chapelle et al., CIKM 2009)."""
    return float((2.0**grade - 1) / (2.0**best - 1))
