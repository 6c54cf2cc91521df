"""Who clicks what: a position-based click model with a cascade's way of stopping, and noise.

A person examines rank r with probability 1 / r^eta (position-based model: Richardson et al., WWW 2007; Craswell et al.,
WSDM 2008), clicks what is examined with its attractiveness, and after a click stops with probability `satisfied` times
that attractiveness (as in the cascade family: Guo et al., WSDM 2009). Attractiveness comes from ONE rater's grade g:
(2^g - 1) / (2^3 - 1), shrunk by noise on both sides, so that the best is sometimes skipped and the worst sometimes
clicked. Nobody rated most of the catalogue: an unrated document attracts only by noise.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

MAX_GRADE = 3


@dataclass(frozen=True, slots=True)
class ClickModel:
    """Parameters of the simulated people; the defaults are the demo's."""

    eta: float = 0.7
    """How fast attention falls with rank; 0 examines everything."""
    noise: float = 0.03
    """Probability of a click on something worthless, and of skipping something perfect, once examined."""
    satisfied: float = 0.4
    """Probability of stopping after a click on something perfect; 0 is the pure position-based model."""
    rephrase: float = 0.3
    """Probability that somebody who clicked nothing asks again at once."""

    def examination(self, rank: int) -> float:
        """Probability that the rank is looked at; ranks start at 1."""
        return 1.0 / math.pow(rank, self.eta)

    def attractiveness(self, grade: int | None) -> float:
        """Probability of a click once examined."""
        relevance = (2.0 ** (grade or 0) - 1) / (2.0**MAX_GRADE - 1)
        return self.noise + (1 - 2 * self.noise) * relevance

    def clicks(self, shown: Sequence[str], grades: Mapping[str, int], rng: Random) -> tuple[int, ...]:
        """The ranks that one person clicks on one page."""
        clicked: list[int] = []
        for rank, document in enumerate(shown, start=1):
            attraction = self.attractiveness(grades.get(document))
            if rng.random() < self.examination(rank) * attraction:
                clicked.append(rank)
                if rng.random() < self.satisfied * attraction:
                    break
        return tuple(clicked)
