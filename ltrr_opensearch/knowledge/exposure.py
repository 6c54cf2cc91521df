"""How often each document was shown and acted upon so far, decayed with age: which are new to people, which popular.

An immutable snapshot; `updated` gives the next one. Bounded: the most shown are kept, what is not among them counts as
never shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ltrr_opensearch.candidate_columns import ids_of
from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.fading import fading
from ltrr_opensearch.knowledge.packed import pack, unpack
from ltrr_opensearch.logged import Round

_MAGIC = b"LTRREXP1"
KEPT = 20_000
"""Documents kept, the most shown first."""
OFTEN = 5.0
"""Decayed impressions from which a document is no longer rarely shown."""
_FORGOTTEN = 0.05
"""A document shown less than this after decay is dropped."""
_HEAD = 0.5
"""Share of all gains that the popular documents took."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """`shown` and `gained`: `_id` -> decayed impressions and gains, the most shown first."""

    shown: Mapping[str, float] = field(default_factory=dict)
    gained: Mapping[str, float] = field(default_factory=dict)
    as_of: datetime | None = None
    often: tuple[str, ...] = field(init=False)
    """Documents that are not rarely shown, the most shown first."""
    popular: frozenset[str] = field(init=False)
    """The fewest documents that took half of all gains."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "often", tuple(id for id, times in self.shown.items() if times >= OFTEN))
        object.__setattr__(self, "popular", frozenset(_head(self.gained)))

    def updated(self, rounds: Iterable[Round], half_life_days: float) -> Exposure:
        """With `rounds` counted in; give each round once, a watermark is the caller's."""
        counted = list(rounds)
        if not counted:
            return self
        as_of = max([r.decision.at for r in counted] + ([self.as_of] if self.as_of else []))
        faded = fading(self.as_of, as_of, half_life_days) if self.as_of else 1.0
        shown = {id: times * faded for id, times in self.shown.items()}
        gained = {id: gain * faded for id, gain in self.gained.items()}
        for one in counted:
            decision = one.decision
            weight = fading(decision.at, as_of, half_life_days)
            for id in ids_of(decision.candidates)[decision.offset : decision.offset + decision.shown]:
                shown[id] = shown.get(id, 0.0) + weight
                if gain := one.gains.get(id, 0.0):
                    gained[id] = gained.get(id, 0.0) + weight * gain
        order = sorted((id for id in shown if shown[id] >= _FORGOTTEN), key=lambda id: (-shown[id], id))[:KEPT]
        return Exposure({id: shown[id] for id in order}, {id: gained[id] for id in order if id in gained}, as_of)

    def corrected(self, late: Iterable[tuple[Round, Round]], half_life_days: float) -> Exposure:
        """With gains that have become known of searches that are counted already: (as they were, as they are now)."""
        if self.as_of is None:
            return self
        gained = dict(self.gained)
        for before, after in late:
            weight = fading(before.decision.at, self.as_of, half_life_days)
            for id in sorted({*before.gains, *after.gains} & self.shown.keys()):
                more = after.gains.get(id, 0.0) - before.gains.get(id, 0.0)
                gained[id] = max(0.0, gained.get(id, 0.0) + weight * more)
        return Exposure(self.shown, {id: gained[id] for id in self.shown if gained.get(id)}, self.as_of)

    def to_bytes(self) -> bytes:
        """The same exposure gives the same bytes."""
        rows = [[id, times, self.gained.get(id, 0.0)] for id, times in self.shown.items()]
        return pack(_MAGIC, {"as_of": self.as_of.isoformat() if self.as_of else None, "documents": rows})

    @staticmethod
    def from_bytes(payload: bytes) -> Exposure:
        head, _ = unpack(_MAGIC, payload)
        try:
            as_of = datetime.fromisoformat(head["as_of"]).astimezone(UTC) if head["as_of"] else None
            rows = [(str(id), float(times), float(gain)) for id, times, gain in head["documents"]]
        except (KeyError, TypeError, ValueError) as e:
            raise ModelError(
                f"exposure: a row is not (id, shown, gained): {e!r}; count again: ltrr learn policy"
            ) from e
        return Exposure({id: times for id, times, _ in rows}, {id: gain for id, _, gain in rows if gain}, as_of)


def _head(gained: Mapping[str, float]) -> Iterable[str]:
    left = _HEAD * sum(gained.values())
    for id in sorted(gained, key=lambda id: (-gained[id], id)):
        if left <= 0:
            return
        left -= gained[id]
        yield id
