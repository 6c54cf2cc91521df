"""How much each entity was acted upon lately, whatever the query: decayed sums of gains, over two half-lives.

The recent one follows fashion, the lasting one says what sells all year. Kept for the entities with most of either.
Immutable; `updated` gives the next one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import log1p
from typing import NamedTuple

import orjson

from ltrr_opensearch.candidate_columns import named
from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.logged import Round

RECENT, LASTING = timedelta(days=3), timedelta(days=30)
"""Half-lives."""
MOST = 20_000
"""Entities kept, those with the largest lasting sums first; about 1 MB."""
PER = 1000.0
"""Shares are told in thousandths."""


class Gained(NamedTuple):
    """Decayed sums of an entity's gains."""

    recent: float
    lasting: float


@dataclass(frozen=True)
class Popularity:
    gains: Mapping[str, Gained] = field(default_factory=dict)
    as_of: datetime | None = None
    """Time of the youngest search counted; decay runs to here."""

    def __len__(self) -> int:
        return len(self.gains)

    @cached_property
    def _whole(self) -> Gained:
        recent, lasting = zip(*self.gains.values(), strict=True) if self.gains else ((), ())
        return Gained(sum(recent), sum(lasting))

    @cached_property
    def ranking(self) -> tuple[tuple[str, float], ...]:
        """(entity, its thousandths of all recent gains), the most popular first."""
        whole = self._whole.recent
        if not whole:
            return ()
        shares = ((id, PER * gained.recent / whole) for id, gained in self.gains.items())
        return tuple(sorted(shares, key=lambda s: (-s[1], s[0])))

    def recent(self, id: str) -> float:
        """ln(1 + thousandths of all recent gains); 0 for what nobody acted upon."""
        gained = self.gains.get(id)
        return log1p(PER * gained.recent / self._whole.recent) if gained and self._whole.recent else 0.0

    def lasting(self, id: str) -> float:
        """As `recent`, over the longer half-life."""
        gained = self.gains.get(id)
        return log1p(PER * gained.lasting / self._whole.lasting) if gained and self._whole.lasting else 0.0

    def updated(self, rounds: Iterable[Round]) -> Popularity:
        """With `rounds` counted in; give each round once, a watermark is the caller's."""
        return self._with([(one, one.gains) for one in rounds if one.gains])

    def corrected(self, late: Iterable[tuple[Round, Round]]) -> Popularity:
        """With gains that have become known of searches that are counted already: (as they were, as they are now)."""
        return self._with([(after, _more(before.gains, after.gains)) for before, after in late])

    def _with(self, counted: Sequence[tuple[Round, Mapping[str, float]]]) -> Popularity:
        """Searches, each with the gains that it adds."""
        if not counted:
            return self
        as_of = max([one.decision.at for one, _ in counted] + ([self.as_of] if self.as_of else []))
        faded = _fading(as_of - self.as_of) if self.as_of else Gained(1.0, 1.0)
        sums = {id: (g.recent * faded.recent, g.lasting * faded.lasting) for id, g in self.gains.items()}
        for one, gains in counted:
            weight = _fading(as_of - one.decision.at)
            names = {c.key.id: c.object_id or c.key.id for c in named(one.decision.candidates, gains)}
            for id, gain in gains.items():
                name = names.get(id, id)
                recent, lasting = sums.get(name, (0.0, 0.0))
                sums[name] = (max(0.0, recent + gain * weight.recent), max(0.0, lasting + gain * weight.lasting))
        best = sorted(sums, key=lambda id: (-sums[id][1], id))[:MOST]
        return Popularity({id: Gained(*sums[id]) for id in best}, as_of)

    def to_bytes(self) -> bytes:
        """The same popularity gives the same bytes."""
        rows = [[id, *gained] for id, gained in sorted(self.gains.items())]
        return zlib.compress(orjson.dumps({"as_of": self.as_of, "gains": rows}))

    @staticmethod
    def from_bytes(payload: bytes) -> Popularity:
        try:
            stored = orjson.loads(zlib.decompress(payload))
            as_of = datetime.fromisoformat(stored["as_of"]).astimezone(UTC) if stored["as_of"] else None
            return Popularity({str(id): Gained(float(r), float(s)) for id, r, s in stored["gains"]}, as_of)
        except (zlib.error, KeyError, TypeError, ValueError) as e:
            raise ModelError(f"popularity is damaged ({e}); publish it again with: ltrr learn policy") from e


def _more(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    gaps = {id: after.get(id, 0.0) - before.get(id, 0.0) for id in sorted({*before, *after})}
    return {id: gap for id, gap in gaps.items() if gap}


def _fading(age: timedelta) -> Gained:
    return Gained(0.5 ** (age / RECENT), 0.5 ** (age / LASTING))
