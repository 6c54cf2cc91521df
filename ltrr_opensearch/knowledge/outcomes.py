"""What asking would have brought for remembered queries: for each, what people acted upon and where strategies have it.

From this every action of a remembered query can be valued, not only those that were drawn: lists nest, and a strategy
asked today finds what it found yesterday at about the same rank. Where a strategy was never asked deep enough, how
often it finds such things elsewhere stands in. Immutable; `learn.outcomes` makes the next one.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import orjson

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.kinds import KIND, KINDS
from ltrr_opensearch.knowledge.liking import Kind, Liking

VERSION = 6
"""Of what is stored; a policy of another one is learned anew."""
FEATURES = (
    *("tokens", "characters", "digit_tokens", "slots", "covered"),
    *("idf_largest", "idf_smallest", "idf_mean", "unknown_tokens"),
    *(f"{KIND}{kind}" for kind in KINDS),
)
"""Context features by which queries are alike in how they should be asked; absent counts as 0."""
PRIOR_EXAMINED = 1.0
"""Without an action, that every entity is taken to have had before."""
SPREAD = 0.5
"""Most that actions of a search, one or none, stray from their mean."""
ERRORS = 2.0
"""Standard errors by which more is believed of promises than was seen of them."""


@dataclass(frozen=True, slots=True)
class Acted:
    """An entity that was acted upon. `ranks`: where strategies had it last; `without`: depths that lacked it.

    `gain` is what the actions on it were worth, `examined` how often it was looked at; both fade with each examination
    alone, so that what is not shown for a while is not taken for what nobody wants. `odds` of being wanted, before
    anybody acted on it. `gone`: strategies that had it well within what they were asked for lack it, and no other has
    it: it left the index, or is hidden, until it is found again.
    """

    gain: float
    examined: float
    ranks: Mapping[str, int] = field(default_factory=dict)
    without: Mapping[str, int] = field(default_factory=dict)
    odds: float = 1.0
    gone: bool = False

    @property
    def rate(self) -> float:
        """Gain an examination, drawn towards nothing."""
        return self.gain / (self.examined + PRIOR_EXAMINED)


@dataclass(frozen=True, slots=True)
class Lost:
    """Searches of a query in which nobody acted: what was wanted may be where nobody asked.

    `weight`: how many, decayed; `without`: how deep strategies were asked.
    """

    weight: float
    without: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One remembered query, whether somebody acted or not.

    `asked`: its searches, decayed; `searches`: those in which somebody acted; `ever`: all, lessened by time alone.
    """

    features: tuple[float, ...]
    asked: float
    searches: float
    updated: datetime
    entities: Mapping[str, Acted]
    lost: tuple[Lost, ...] = ()
    ever: float = 1.0


@dataclass(frozen=True, slots=True)
class Found:
    """How often a strategy had what was acted upon, by rung, when asked at least as deep. `asked` and `found` sums."""

    asked: tuple[float, ...]
    found: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Hope:
    """How much of what deeper questions promise they keep, for searches in which nobody acted: 0 nothing, 1 all.

    A regression through 0: `together` sums promise times what came, `alone` promise times promise. The upper end of its
    interval is believed, since what is found once is remembered for all who search next, and what is not asked for is
    never found (optimism in the face of uncertainty: Lai and Robbins 1985).
    """

    together: float = 0.0
    alone: float = 0.0

    @property
    def kept(self) -> float:
        if not self.alone:
            return 1.0
        believed = self.together + ERRORS * SPREAD * float(self.alone**0.5)
        return min(1.0, max(0.0, believed / self.alone))


@dataclass(frozen=True, slots=True)
class Outcomes:
    """`shares`: by strategy, over all searches; `new`: of what nobody had acted upon for the query before.
    `remembering`: strategies that live on what they remember of the very query.
    """

    queries: Mapping[str, Outcome] = field(default_factory=dict)
    shares: Mapping[str, Found] = field(default_factory=dict)
    new: Mapping[str, Found] = field(default_factory=dict)
    gain: float = 1.0
    """Mean of the best gain of a search in which something was acted upon."""
    liking: Liking = Liking()  # noqa: RUF009  frozen
    """What tells it from chance."""
    remembering: frozenset[str] = frozenset()
    hope: Hope = Hope()

    def in_order(self) -> Outcomes:
        """As they come back from their bytes: sums depend on the order of what is added up, in their last bits."""
        queries = {
            query: replace(one, entities=dict(sorted(one.entities.items())))
            for query, one in sorted(self.queries.items())
        }
        return replace(self, queries=queries)

    def to_bytes(self) -> bytes:
        """The same outcomes give the same bytes."""
        queries = {
            query: {
                "features": one.features,
                "asked": one.asked,
                "ever": one.ever,
                "searches": one.searches,
                "updated": one.updated.isoformat(),
                "entities": {
                    id: [a.gain, a.examined, *(dict(sorted(of.items())) for of in (a.ranks, a.without)), a.odds, a.gone]
                    for id, a in sorted(one.entities.items())
                },
                "lost": [[kind.weight, dict(sorted(kind.without.items()))] for kind in one.lost],
            }
            for query, one in sorted(self.queries.items())
        }
        shares = {name: [s.asked, s.found] for name, s in sorted(self.shares.items())}
        new = {name: [s.asked, s.found] for name, s in sorted(self.new.items())}
        stored = {
            "queries": queries,
            "shares": shares,
            "new": new,
            "gain": self.gain,
            "liking": [[k.documents, k.examined, k.acted, k.fresh] for k in (self.liking.unwanted, self.liking.wanted)],
            "remembering": sorted(self.remembering),
            "hope": [self.hope.together, self.hope.alone],
        }
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
                        id: Acted(float(gain), float(examined), ranks, without, float(odds), bool(gone))
                        for id, (gain, examined, ranks, without, odds, gone) in one["entities"].items()
                    },
                    tuple(Lost(float(weight), without) for weight, without in one["lost"]),
                    float(one["ever"]),
                )
                for query, one in stored["queries"].items()
            }
            shares, new = (
                {name: Found(tuple(asked), tuple(found)) for name, (asked, found) in stored[part].items()}
                for part in ("shares", "new")
            )
            liking = Liking(*(Kind(*map(float, kind)) for kind in stored["liking"]))
            hope = Hope(*map(float, stored["hope"]))
            remembering = frozenset(stored["remembering"])
            return Outcomes(queries, shares, new, float(stored["gain"]), liking, remembering, hope)
        except (zlib.error, AttributeError, KeyError, TypeError, ValueError) as e:
            raise ModelError(f"outcomes are damaged ({e!r}); publish them again with: ltrr learn policy") from e
