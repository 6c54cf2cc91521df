"""What asking would have brought for remembered queries: for each, what people acted upon and where strategies have it.

From this every action of a remembered query can be valued, not only those that were drawn: lists nest, and a strategy
asked today finds what it found yesterday at about the same rank. Where a strategy was never asked deep enough, how
often it finds such things elsewhere stands in. Immutable; `learn.outcomes` makes the next one.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import orjson

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.kinds import KIND, KINDS

VERSION = 2
"""Of what is stored; a policy of another one is learned anew."""
FEATURES = (
    *("tokens", "characters", "digit_tokens", "slots", "covered"),
    *("idf_largest", "idf_smallest", "idf_mean", "unknown_tokens"),
    *(f"{KIND}{kind}" for kind in KINDS),
)
"""Context features by which queries are alike in how they should be asked; absent counts as 0."""


@dataclass(frozen=True, slots=True)
class Acted:
    """An entity that was acted upon. `ranks`: where strategies had it last; `without`: depths that lacked it."""

    weight: float
    ranks: Mapping[str, int] = field(default_factory=dict)
    without: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One remembered query. `asked`: its decayed number of searches; `searches`: of those in which somebody acted."""

    features: tuple[float, ...]
    asked: float
    searches: float
    updated: datetime
    entities: Mapping[str, Acted]


@dataclass(frozen=True, slots=True)
class Found:
    """How often a strategy had what was acted upon, by rung, when asked at least as deep. `asked` and `found` sums."""

    asked: tuple[float, ...]
    found: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """`shares`: by strategy, over all searches; `new`: over those whose query nobody had asked before."""

    queries: Mapping[str, Outcome] = field(default_factory=dict)
    shares: Mapping[str, Found] = field(default_factory=dict)
    new: Mapping[str, Found] = field(default_factory=dict)
    gain: float = 1.0
    """Mean of the best gain of a search in which something was acted upon."""
    noise: float = 0.0
    """Gain by chance: of what nobody wants, for each time that it is looked at."""

    def to_bytes(self) -> bytes:
        """The same outcomes give the same bytes."""
        queries = {
            query: {
                "features": one.features,
                "asked": one.asked,
                "searches": one.searches,
                "updated": one.updated.isoformat(),
                "entities": {
                    id: [a.weight, dict(sorted(a.ranks.items())), dict(sorted(a.without.items()))]
                    for id, a in sorted(one.entities.items())
                },
            }
            for query, one in sorted(self.queries.items())
        }
        shares = {name: [s.asked, s.found] for name, s in sorted(self.shares.items())}
        new = {name: [s.asked, s.found] for name, s in sorted(self.new.items())}
        stored = {"queries": queries, "shares": shares, "new": new, "gain": self.gain, "noise": self.noise}
        return zlib.compress(orjson.dumps(stored))

    @staticmethod
    def from_bytes(payload: bytes) -> Outcomes:
        try:
            stored = orjson.loads(zlib.decompress(payload))
            queries = {
                query: Outcome(
                    tuple(one["features"]),
                    float(one["asked"]),
                    float(one["searches"]),
                    datetime.fromisoformat(one["updated"]).astimezone(UTC),
                    {
                        id: Acted(float(weight), ranks, without)
                        for id, (weight, ranks, without) in one["entities"].items()
                    },
                )
                for query, one in stored["queries"].items()
            }
            shares, new = (
                {name: Found(tuple(asked), tuple(found)) for name, (asked, found) in stored[part].items()}
                for part in ("shares", "new")
            )
            return Outcomes(queries, shares, new, float(stored["gain"]), float(stored["noise"]))
        except (zlib.error, AttributeError, KeyError, TypeError, ValueError) as e:
            raise ModelError(f"outcomes are damaged ({e!r}); publish them again with: ltrr learn policy") from e
