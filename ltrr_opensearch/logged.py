"""The values that a search leaves behind, and what learning makes of them.

A `Decision` is logged for every search; learning joins decisions with `Event`s into `Round`s and `Judgment`s, and
publishes `Part`s. All are frozen, as those of `types.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple

from ltrr_opensearch.types import Asker, DocKey, Features, Found, Json, Outcome

POLICY, CONTROL, FAILED, TRIAL = "policy", "control", "failed", "trial"
"""Who decided a search: the policy, the safe plan in its place, the safe plan because the policy failed to, or what an
arm of a live experiment has in place of them all.
"""

HIDDEN, CUT = "[hidden] ", "[cut] "
"""How a logged query begins that is a hash, or a part of what was asked; normalised words begin with no bracket."""


def is_whole(normalized: str) -> bool:
    """Whether a logged query is what was asked, so that it can be asked and remembered again."""
    return bool(normalized) and not normalized.startswith((HIDDEN, CUT))


class SlotRecord(NamedTuple):
    """A slot as logged: what was seen, the whole pmf that was sampled, and what happened.

    A plan that came late counts as drawn: `depth` is what was drawn, `outcome` and `found` what came of it.

    A tuple, as the next one, since learning makes dozens of them a search: a dataclass takes three times as long.
    """

    plan: str
    strategy: str
    source: str
    action: Features
    feasible: tuple[bool, ...]
    pmf: tuple[float, ...]
    depth: int
    probability: float
    outcome: Outcome
    found: int
    total: int
    took_ms: float
    original: bool = False
    """Whether the plan is the client's own query, which is sent in any case."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A search's part in a live experiment. Without an `arm` both made its page: each candidate tells its team."""

    experiment: str
    arm: str | None = None


slot_record: Callable[[tuple[Any, ...]], SlotRecord] = partial(tuple.__new__, SlotRecord)
"""A slot of all its fields, by a C call: learning makes some for every search, and `SlotRecord._make` takes twice as
long."""


class CandidateRecord(NamedTuple):
    """A candidate as logged. `features` is the ranker's row, given for what was shown and a sample of the rest."""

    key: DocKey
    found: tuple[Found, ...]
    features: Features | None = None
    object_id: str | None = None
    """What events name it by where that is not `_id`; known for what was shown."""
    team: str | None = None
    """The arm that picked it, where two arms were interleaved."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The candidate that was given a place of the page to learn about it: `rank` from 1.

    `probability`: of this document at this place. For what the exploration's plan found, given that it was drawn (which
    the pmf of its slot tells); for a near miss, given that no such place was taken.
    """

    key: DocKey
    rank: int
    probability: float


PIN, BOOST, BURY = "pin", "boost", "bury"
"""What a rule may do to a document's place."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """A document that a rule moved to `rank`, from 1. `was` is its rank without rules; 0: it stood nowhere."""

    rule: str
    action: str
    key: DocKey
    rank: int
    was: int


@dataclass(frozen=True, slots=True)
class Decision:
    """Everything that replay, learning and explanation need of one search. Candidates are in the order shown."""

    query_id: str
    at: datetime
    index: str
    """The key of the configured index (a name or a pattern), which owns models and memory."""
    text: str
    normalized: str
    language: str
    asker: Asker
    phase: str
    policy: str
    ranker: str
    """Version of the ranker, or `fused` where none was used."""
    release: str
    context: Features
    ladder: tuple[int, ...]
    slots: tuple[SlotRecord, ...]
    candidates: Sequence[CandidateRecord]
    """A tuple, or what learning keeps of them (`candidate_columns`)."""
    offset: int
    shown: int
    """How many of `candidates`, from `offset`, were on the page."""
    total: int
    took_ms: float
    sampled: float = 1.0
    """Probability with which this decision was kept by sampling."""
    parent_query_id: str | None = None
    placed: Placed | None = None
    group: str = POLICY
    shadow: tuple[int, ...] = ()
    """In the order of the slots, the depths that the policy would have drawn, where it decides and does not act."""
    trial: Trial | None = None
    rules: tuple[str, ...] = ()
    """Ids of the rules that the query met."""
    ruled: tuple[Ruled, ...] = ()

    @property
    def pinned(self) -> frozenset[str]:
        """`_id`s of what stood where a rule said, whatever the ranker made of it: learning takes nothing from them."""
        return frozenset(one.key.id for one in self.ruled if one.action == PIN)

    @property
    def buried(self) -> frozenset[str]:
        """`_id`s of what a rule had sunk: that people were not shown them says nothing."""
        return frozenset(one.key.id for one in self.ruled if one.action == BURY)


@dataclass(frozen=True, slots=True)
class LaterShown:
    """A later page of a search: `objects` from position `offset` + 1 on, by the names that events use, and their
    `_id`s. Its events name `query_id`, the decision that they belong to is `continues`.
    """

    query_id: str
    continues: str
    at: datetime
    text: str
    asker: Asker
    offset: int
    objects: tuple[str, ...]
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """A UBI event as learning sees it. `action` is the UBI action_name; `position` starts at 1."""

    query_id: str
    at: datetime
    action: str
    object_id: str | None
    position: int | None = None
    user: str | None = None
    session: str | None = None
    client: str | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """A decision with what followed from it: the graded gain of every object acted upon, in 0..1."""

    decision: Decision
    gains: Mapping[str, float]
    """`_id` -> gain, the largest of its object's events."""
    loss: float = 0.0
    """What the search is worth where nobody acted on it, at most 0 (`learn.losses`)."""
    failed: bool = False
    """Nothing was acted upon, and the session searched again at once."""

    @property
    def worth(self) -> float:
        """What it was worth to who searched: the best gain, or the loss."""
        return max(self.gains.values(), default=self.loss)


@dataclass(frozen=True, slots=True)
class Judgment:
    """A grade of a document for a query, from people or from clicks. `weight` says how sure it is."""

    query: str
    id: str
    grade: float
    weight: float = 1.0


GATE = "gate"
"""Key of a part's metrics: what the gate found, `measure` and its `means` of the candidate and of what it replaced."""


@dataclass(frozen=True, slots=True)
class Part:
    """A published model or piece of knowledge, as bytes, of one of these kinds:

    `policy`, `ranker`: what `ltrr learn` trained;
    `memory`, `aggregates`, `exposure`, `popularity`, `personal`: what it remembers and has counted;
    `readings.DOMAIN`: weights that re-rank hypotheses of a domain;
    `proposer`: what `ltrr attributes propose` learned;
    `gazetteer`, `terms`, `feature_set`: what `ltrr setup` found in the index and derived from its settings.

    `checks` are stored inputs with their expected outputs, verified after loading.
    """

    kind: str
    index: str
    version: str
    algorithm: str
    payload: bytes
    sha256: str
    created: datetime
    meta: Json = field(default_factory=dict)
    checks: Json = field(default_factory=dict)
    metrics: Json = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        kind: str,
        index: str,
        algorithm: str,
        payload: bytes,
        created: datetime,
        meta: Json | None = None,
        checks: Json | None = None,
        metrics: Json | None = None,
    ) -> Part:
        """A part whose version is named by its content, so that the same bytes are the same version."""
        digest = sha256(payload).hexdigest()
        told = meta or {}, checks or {}, metrics or {}
        return cls(kind, index, digest[:12], algorithm, payload, digest, created, *told)

    def dated(self, at: datetime, meta: Json | None = None) -> Part:
        """The part with a version that says when, too: what it says of itself (`meta`) is more than its content."""
        version = f"{at:%Y%m%dT%H%M%S.%f}-{self.sha256[:8]}"
        return replace(self, version=version, meta={**self.meta, **(meta or {})})
