"""Whether an order has become worse since it was last looked at. Pure; where the last look is kept is `cluster`'s.

The reference is the best look since somebody last accepted one: were it always the last, quality could be lost in steps
of which none is large enough to be told.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from ltrr_opensearch.evaluate.measures import Difference, mean, paired_difference
from ltrr_opensearch.logged import Judgment
from ltrr_opensearch.types import Json


@dataclass(frozen=True, slots=True)
class Look:
    """`values`: of the main measure, by query. `judged`: digest of the judgments that they are by."""

    at: datetime
    order: str
    values: Mapping[str, float]
    judged: str = ""

    def to_json(self) -> Json:
        # pairs, since a query as a key may hold a dot, which documents of OpenSearch take for an object
        values = [[q, v] for q, v in self.values.items()]
        return {"at": self.at.isoformat(), "order": self.order, "judged": self.judged, "values": values}

    @staticmethod
    def from_json(stored: Json) -> Look:
        values = {str(query): float(value) for query, value in stored["values"]}
        return Look(datetime.fromisoformat(stored["at"]), stored["order"], values, stored["judged"])


def digest(judgments: Iterable[Judgment]) -> str:
    """Of judgments in any order."""
    lines = sorted(json.dumps([j.query, j.id, j.grade]) for j in judgments)
    return sha256("\n".join(lines).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Watched:
    """`warning` in words, where the mean fell by more than allowed; `kept` is the reference from now on.

    `changed` in words, where the judgments are not those of the reference.
    """

    kept: Look
    difference: Difference | None = None
    warning: str = ""
    changed: str = ""

    def to_json(self) -> Json:
        return {"warning": self.warning, "changed": self.changed, "reference": self.kept.at.isoformat()}


def watched(before: Look | None, now: Look, most: float, measure: str) -> Watched:
    """`most`: by how much the mean over the queries of both looks may fall."""
    if before is None:
        return Watched(now)
    gap, changed = paired_difference(now.values, before.values), _changed(before, now)
    if gap.queries == 0:
        return Watched(now, changed=changed)
    if gap.mean < -most:
        both = now.values.keys() & before.values.keys()
        was = mean({q: before.values[q] for q in both})
        least = sorted(both, key=lambda q: now.values[q] - before.values[q])
        worst = ", ".join(f"{q!r} {before.values[q]:.2f} to {now.values[q]:.2f}" for q in least[:3])
        warning = (
            f"{measure} of {now.order} fell from {was:.4f} (best since {before.at:%Y-%m-%d %H:%M} UTC) to "
            f"{was + gap.mean:.4f}, by more than {most:g} (95 % interval of the change {gap.low:+.4f} to "
            f"{gap.high:+.4f}, {gap.queries} queries); most at {worst}"
        )
        return Watched(before, gap, warning, changed)
    return Watched(now if gap.mean >= 0 else before, gap, changed=changed)


def _changed(before: Look, now: Look) -> str:
    if before.judged == now.judged:
        return ""
    both = len(now.values.keys() & before.values.keys())
    held = f"held to it on the {both} queries of both" if both else "no query is in both, so it is begun anew"
    return f"the judgments changed since {before.at:%Y-%m-%d %H:%M} UTC; {held}"
