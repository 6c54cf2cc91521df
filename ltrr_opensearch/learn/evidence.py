"""What speaks for and against a policy in the phase that an index is in: sums, to which each run adds what is new.

They stay as small as they are, so a check a minute is cheap, and all that was seen in the phase is in them, so what
they say is valid at any look. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from ltrr_opensearch.evaluate.clustered import BUCKETS, Cells
from ltrr_opensearch.evaluate.table import Floats
from ltrr_opensearch.logged import CONTROL, FAILED, POLICY, Decision
from ltrr_opensearch.types import Json

STEP = 1.1
"""Times are counted by classes, each of which begins a tenth later than the one before; the first ends there, in ms."""
CLASSES = 140
"""Up to ten minutes."""


@dataclass(frozen=True, eq=False)
class Group:
    """The people for whom the policy decides, or the control group."""

    worth: Cells = field(default_factory=Cells)
    """What searches were worth to who searched, of those whose attribution window is closed."""
    clicked: int = 0
    """Of these, searches with a gain."""
    empty: Cells = field(default_factory=Cells)
    """1 for a search without a result."""
    failed: Cells = field(default_factory=Cells)
    """1 for a search that the policy failed to decide."""
    explored: int = 0
    """Searches in which some slot was not drawn at its likeliest depth."""
    times: Floats = field(default_factory=lambda: np.zeros(CLASSES))

    def seen(self, decisions: Sequence[Decision]) -> Group:
        """With what is known of searches at once."""
        buckets = [bucket(d) for d in decisions]
        return replace(
            self,
            empty=self.empty.plus(buckets, [float(not d.candidates) for d in decisions]),
            failed=self.failed.plus(buckets, [float(d.group == FAILED) for d in decisions]),
            explored=self.explored + sum(map(_explored, decisions)),
            times=self.times + np.bincount(np.array([_class(d.took_ms) for d in decisions], int), minlength=CLASSES),
        )

    def within_ms(self, share: float) -> float:
        """The time within which so many searches were answered: the end of its class."""
        reached = np.cumsum(self.times) >= share * self.times.sum()
        return float(STEP ** (int(np.argmax(reached)) + 1))

    def slower(self, than_ms: float) -> int:
        """Searches that surely took longer."""
        return int(self.times[_class(than_ms) + 1 :].sum())


@dataclass(frozen=True, eq=False)
class Evidence:
    """`advantage`: reward of the policy less that of the safe plan, where there is no control group to tell.

    `found` and `held`: the gain that searches found while the policy only looked on, and what its draws hold of it.
    """

    judged: str | None = None
    """Time up to which searches with their events are in it."""
    seen: str | None = None
    """Time up to which searches themselves are."""
    release: str | None = None
    """What served when it was counted last."""
    policy: Group = field(default_factory=Group)
    control: Group = field(default_factory=Group)
    advantage: Cells = field(default_factory=Cells)
    rewards: float = 0.0
    """Sum of the rewards as logged, over `advantage`."""
    weights: float = 0.0
    squares: float = 0.0
    """Of the weights with which the log shows the safe plan."""
    found: float = 0.0
    held: float = 0.0

    @property
    def effective(self) -> float:
        """How many searches showed the safe plan (Kish 1965)."""
        return self.weights**2 / self.squares if self.squares else 0.0

    @property
    def agreement(self) -> float:
        return self.held / self.found if self.found else 0.0

    def to_json(self) -> Json:
        stored: Json = _stored(self)
        return stored

    @staticmethod
    def from_json(stored: Json) -> Evidence:
        """What `to_json` gave; nothing at all is a beginning."""
        cells: dict[str, Any] = {name: _group(stored[name]) for name in (POLICY, CONTROL) if name in stored}
        if "advantage" in stored:
            cells["advantage"] = _cells(stored["advantage"])
        return Evidence(**{**stored, **cells})


def bucket(decision: Decision) -> int:
    """Of who asked; of whom nothing is said, of the search."""
    who = decision.asker.person or decision.query_id
    return hashlib.sha256(who.encode()).digest()[0] % BUCKETS


def _explored(decision: Decision) -> bool:
    return any(s.probability < max(s.pmf, default=0.0) for s in decision.slots)


def _class(ms: float) -> int:
    return min(CLASSES - 1, int(np.log(max(ms, 1.0)) / np.log(STEP)))


def _stored(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [round(float(v), 9) for v in value]
    if isinstance(value, Evidence | Group | Cells):
        return {f.name: _stored(getattr(value, f.name)) for f in fields(value)}
    return value


def _cells(stored: Mapping[str, Sequence[float]]) -> Cells:
    return Cells(**{k: np.array(v, float) for k, v in stored.items()})


def _group(stored: Json) -> Group:
    cells: dict[str, Any] = {k: _cells(stored[k]) for k in ("worth", "empty", "failed")}
    return Group(**{**stored, **cells, "times": np.array(stored["times"], float)})
