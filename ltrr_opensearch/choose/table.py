"""What each rung of each strategy has earned, whatever the query: the memory of policies without context.

Sums are weighted by 1 / P(the log shows the rung), and decay by a half-life, so that the table follows change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

PRIOR_DEVIATION = 0.5
"""Of a reward nobody has seen: no value in 0..1 varies more."""


class Sum(NamedTuple):
    """Of one rung. `squares` are of the weights, `moment` of the rewards."""

    weight: float = 0.0
    squares: float = 0.0
    reward: float = 0.0
    moment: float = 0.0

    def kept(self, share: float) -> Sum:
        return Sum(self.weight * share, self.squares * share**2, self.reward * share, self.moment * share)

    def seen(self, reward: float, weight: float) -> Sum:
        return Sum(
            self.weight + weight,
            self.squares + weight**2,
            self.reward + weight * reward,
            self.moment + weight * reward**2,
        )

    @property
    def mean(self) -> float:
        """0, which is what not asking earns, where nothing was seen."""
        return self.reward / self.weight if self.weight else 0.0

    @property
    def variance(self) -> float:
        """Of one reward, with one more observation of the prior's spread."""
        if not self.weight:
            return PRIOR_DEVIATION**2
        seen = max(0.0, self.moment / self.weight - self.mean**2)
        return (self.effective * seen + PRIOR_DEVIATION**2) / (self.effective + 1)

    @property
    def effective(self) -> float:
        """How many unweighted rewards would say as much (Kish 1965)."""
        return self.weight**2 / self.squares if self.squares else 0.0


@dataclass
class Table:
    """Strategy -> the sums of its rungs."""

    rows: dict[str, list[Sum]] = field(default_factory=dict)

    @staticmethod
    def from_bytes(payload: bytes) -> Table:
        return Table({name: [Sum(*s) for s in row] for name, row in orjson.loads(payload).items()})

    def to_bytes(self) -> bytes:
        return orjson.dumps({n: [list(s) for s in row] for n, row in self.rows.items()}, option=orjson.OPT_SORT_KEYS)

    def add(self, strategy: str, rungs: int, labels: Iterable[tuple[int, float, float]], keep: float) -> None:
        """One slot of one search: (rung, reward, probability) each; what was there before keeps a share."""
        row = [s.kept(keep) for s in self.rows.get(strategy, [Sum()] * rungs)]
        for rung, reward, probability in labels:
            row[rung] = row[rung].seen(reward, 1 / probability)
        self.rows[strategy] = row

    @property
    def means(self) -> Mapping[str, tuple[float, ...]]:
        return {name: tuple(s.mean for s in row) for name, row in self.rows.items()}
