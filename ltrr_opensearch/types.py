"""The values that cross a stage.

A search turns `SearchRequest -> AnalyzedQuery -> QueryPlan -> Draw -> PlanResult -> Candidate -> Ranked -> Answer`
and leaves a `Decision` (`logged.py`). All values are frozen; what comes
from outside has met pydantic before it becomes one of these. Ranks start at 1, times are zoned UTC.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

Json = dict[str, Any]
Vector = NDArray[np.float32]
SparseVector = Mapping[str, float]
"""A learned sparse vector: numbers of vocabulary terms, as text, to positive weights."""
Matrix = NDArray[np.float32]
Doubles = NDArray[np.float64]
NAME, TYPE = "name", "type"
"""Kinds of slots: an entity's name ("yesterday"), the word for a type of entities ("song")."""
Headers = tuple[tuple[bytes, bytes], ...]
Features = Mapping[str, float]
"""Sparse named numbers. A categorical feature is spelled `name=value` with the number 1."""


class DocKey(NamedTuple):
    """What identifies a document: concrete index, `_id`, and routing where it has one.

    A tuple, since every hit of every plan makes one and looks it up.
    """

    index: str  # type: ignore[assignment]  # hides the method of tuples, which nobody needs of a key
    id: str
    routing: str | None = None


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and from where, as far as the application says; nothing is guessed."""

    user: str | None = None
    session: str | None = None
    client: str | None = None
    application: str | None = None
    device: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    """An IANA name, like `Europe/Berlin`."""
    segment: str | None = None
    explore: bool = True

    @property
    def person(self) -> str | None:
        """Who this is, by the steadiest name that the application gave."""
        return self.user or self.client or self.session


@dataclass(frozen=True, slots=True)
class UbiRequest:
    """The `ext.ubi` section of a search, UBI 1.3."""

    query_id: str | None = None
    user_query: str | None = None
    client_id: str | None = None
    application: str | None = None
    object_id_field: str | None = None
    query_attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One text search that the dialect understood.

    `body` is the client's own, without `ext.ltrr` and `ext.ubi`. `filters` are all clauses that a document must
    satisfy to be shown at all (bool filters, negated `must_not`, `post_filter`), for use in every plan. `params` are
    the URL's, in their order. `headers` are those that must reach every request made for this search.
    """

    query_id: str
    target: str
    """The index expression as the URL (or the `_msearch` header) spelled it."""
    text: str
    body: Json
    params: tuple[tuple[str, str], ...]
    headers: Headers
    filters: tuple[Json, ...]
    size: int
    offset: int
    asker: Asker
    ubi: UbiRequest | None
    at: datetime
    parent_query_id: str | None = None
    explain: bool = False
    """`ext.ltrr.explain`: the client asks how the answer came about."""


@dataclass(frozen=True, slots=True)
class SlotValue:
    """A stretch of the query that says something about a field of the index.

    A value of it (`value` with its `spellings`; "true" of a boolean), or of a number or date the range that is meant:
    `gte` and `lte` in the field's own unit, equal for an exact number, ISO days for a date; None is open.
    """

    field: str
    value: str
    start: int
    """First token, from 0; words that only say how the value is meant ("under", "without") belong to it."""
    end: int
    """One past the last token."""
    confidence: float
    spellings: tuple[str, ...] = ()
    """Every way in which the field spells this value, `value` (the most frequent) among them."""
    idf: float = 1.0
    """How telling the value is: its inverse document frequency on BM25's scale."""
    kind: str = "keyword"
    """keyword, number, boolean or date; `NAME` or `TYPE` of an entity."""
    gte: float | str | None = None
    lte: float | str | None = None
    negated: bool = False
    """Documents that have the value are not wanted."""
    entity: str = ""
    """Of a name, the type of the entity that has it; of a type's word, that type."""

    @property
    def about(self) -> str:
        """What it says something of: a field, or the type of what is named."""
        return self.entity if self.kind == NAME else self.field

    @property
    def ranged(self) -> bool:
        return self.gte is not None or self.lte is not None

    def holds(self, value: object) -> bool:
        """Whether a field's value is the one that is spoken of, or lies in the range; `negated` or not."""
        if not self.ranged:
            return str(value) in {self.value, *self.spellings} or (value is True and self.value == "true")
        if isinstance(value, str):
            day = value[:10]
            if not _ISO_DAY.fullmatch(day):
                return False
            return (self.gte is None or str(self.gte) <= day) and (self.lte is None or day <= str(self.lte))
        if not isinstance(value, int | float) or isinstance(self.gte, str) or isinstance(self.lte, str):
            return False
        return (self.gte is None or self.gte <= value) and (self.lte is None or value <= self.lte)


@dataclass(frozen=True, slots=True)
class Reading:
    """One interpretation: the slots it fills, the text left over, and how likely it is (readings sum to at most 1)."""

    slots: tuple[SlotValue, ...]
    residual: str
    likelihood: float
    entity: str = ""
    """The type of what is wanted, where the query names an entity or says a type."""


@dataclass(frozen=True, slots=True)
class EntityScore:
    """How well an entity worked for a query: `score` in 0..1, and whether it is only predicted."""

    id: str
    score: float
    predicted: bool = False


@dataclass(frozen=True, slots=True)
class Remembered:
    """A remembered query near the one asked. `similarity` in 0..1; 1 is the same normalised query.

    `weight` says how much of its entities' scores holds for the query asked.
    """

    query: str
    similarity: float
    entities: tuple[EntityScore, ...]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class AnalyzedQuery:
    """What understanding made of the text, cheaply and without the network."""

    request: SearchRequest
    normalized: str
    tokens: tuple[str, ...]
    language: str
    readings: tuple[Reading, ...]
    remembered: tuple[Remembered, ...]
    own: tuple[EntityScore, ...] = ()
    """What the very person who asks acted upon for this query before."""


class Encoded(NamedTuple):
    """The query as encoders see it, as far as a drawn plan wanted it: None where nothing encodes it, or not in time."""

    dense: Vector | None = None
    sparse: SparseVector | None = None


class VectorUse(StrEnum):
    """Whether a plan wants the query's embedding: never, only if another plan caused it, or always."""

    NONE = "none"
    IF_AT_HAND = "if_at_hand"
    NEEDED = "needed"


EXPLORATION = "exploration"
"""Source of plans that are there to learn from: no policy draws them but the exploration budget."""

Clause = Callable[[int, Encoded], Json | None]
"""(depth, encoded query) -> the plan's OpenSearch query, or None when there is nothing to ask after all."""


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """A way to retrieve candidates, proposed by a strategy. Values only: nothing is asked until it is drawn.

    `original` marks the client's own query: its request is sent anyway, so `clause` is not used for it.
    """

    name: str
    strategy: str
    source: str
    """lexical, dense, sparse, structured, related, memory or `EXPLORATION`."""
    clause: Clause
    vector: VectorUse = VectorUse.NONE
    likelihood: float = 1.0
    original: bool = False
    facts: Features = field(default_factory=dict)
    """What the strategy knows before asking (slots matched, similarity of the nearest memory), as action features."""
    sparse: bool = False
    """Whether it wants the query's sparse vector."""


class Slot(NamedTuple):
    """What a policy sees when it draws the depth of one plan.

    `ladder` holds the depths, ascending, 0 meaning "not asked"; `feasible` marks those that the budget still allows.

    A tuple, since every search makes one a plan, and learning two.
    """

    plan: str
    strategy: str
    source: str
    position: int
    context: Features
    action: Features
    drawn: tuple[tuple[str, int], ...]
    """(plan, depth) of the slots before this one."""
    ladder: tuple[int, ...]
    feasible: tuple[bool, ...]
    strategies: tuple[str, ...] = ()
    """Of all slots of the search, in their order; this one's stands at `position`."""
    query: str = ""
    """The query, normalised."""


made_slot: Callable[[tuple[Any, ...]], Slot] = partial(tuple.__new__, Slot)
"""A slot of all its fields, by a C call, which takes half of what `Slot` does."""


class SlotDraw(NamedTuple):
    """One slot's draw. `pmf` is what was sampled: masked, with the floor mixed in, summing to 1 over the ladder."""

    slot: Slot
    pmf: tuple[float, ...]
    depth: int
    probability: float


@dataclass(frozen=True, slots=True)
class Draw:
    """The action: a depth for every plan, in slot order. Its propensity is the product of the slots' probabilities."""

    policy: str
    slots: tuple[SlotDraw, ...]

    def depth(self, plan: str) -> int:
        return next((s.depth for s in self.slots if s.slot.plan == plan), 0)


class Outcome(StrEnum):
    """What became of a plan."""

    OK = "ok"
    NOT_ASKED = "not_asked"
    NOTHING_TO_ASK = "nothing_to_ask"
    TIMED_OUT = "timed_out"
    FAILED = "failed"


class Hit(NamedTuple):
    """One hit of one plan; `raw` as the cluster gave it."""

    key: DocKey
    rank: int
    score: float
    raw: Json


@dataclass(frozen=True, slots=True)
class PlanResult:
    plan: QueryPlan
    depth: int
    outcome: Outcome
    hits: tuple[Hit, ...] = ()
    total: int = 0
    took_ms: float = 0.0
    error: str = ""
    documents: bool = False
    """Whether the hits are documents in the client's form, ready for its page."""


class Found(NamedTuple):
    """Where a plan had a candidate."""

    plan: str
    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document of the union. `features` are the logged values by name; one that did not match is absent."""

    key: DocKey
    found: tuple[Found, ...]
    fused: float = 0.0
    features: Features = field(default_factory=dict)
    object_id: str | None = None
    """What events name it by, where that is a field of its own and was read."""


@dataclass(frozen=True, slots=True)
class Ranked:
    candidate: Candidate
    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the client: the cluster's own shape."""

    status: int
    headers: Headers
    body: bytes
