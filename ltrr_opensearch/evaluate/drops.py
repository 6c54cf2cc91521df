"""Whether an order has become worse since it was last looked at. Pure; where the last look is kept is `cluster`'s.

The reference is the best look since somebody last accepted one: were it always the last, quality could be lost in steps
of which none is large enough to be told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ltrr_opensearch.evaluate.measures import Difference, mean, paired_difference
from ltrr_opensearch.types import Json


@dataclass(frozen=True, slots=True)
class Look:
    """`values`: of the main measure, by query."""

    at: datetime
    order: str
    values: Mapping[str, float]

    def to_json(self) -> Json:
        # pairs, since a query as a key may hold a dot, which documents of OpenSearch take for an object
        return {"at": self.at.isoformat(), "order": self.order, "values": [[q, v] for q, v in self.values.items()]}

    @staticmethod
    def from_json(stored: Json) -> Look:
        values = {str(query): float(value) for query, value in stored["values"]}
        return Look(datetime.fromisoformat(stored["at"]), stored["order"], values)


@dataclass(frozen=True, slots=True)
class Watched:
    """`warning` in words, where the mean fell by more than allowed; `kept` is the reference from now on."""

    kept: Look
    difference: Difference | None = None
    warning: str = ""


def watched(before: Look | None, now: Look, most: float, measure: str) -> Watched:
    """`most`: by how much the mean over the queries of both looks may fall."""
    if before is None:
        return Watched(now)
    gap = paired_difference(now.values, before.values)
    if gap.queries == 0:
        return Watched(now)
    if gap.mean < -most:
        both = now.values.keys() & before.values.keys()
        was, least = (
            mean({q: before.values[q] for q in both}),
            sorted(both, key=lambda q: now.values[q] - before.values[q]),
        )
        worst = ", ".join(f"{q!r} {before.values[q]:.2f} to {now.values[q]:.2f}" for q in least[:3])
        warning = (
            f"{measure} of {now.order} fell from {was:.4f} (best since {before.at:%Y-%m-%d %H:%M} UTC) to "
            f"{was + gap.mean:.4f}, by more than {most:g} (95 % interval of the change {gap.low:+.4f} to "
            f"{gap.high:+.4f}, {gap.queries} queries); most at {worst}"
        )
        return Watched(before, gap, warning)
    return Watched(now if gap.mean >= 0 else before, gap)
