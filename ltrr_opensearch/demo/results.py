"""What a run of the demo found: the values that the table, the report and the bench read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TRAFFIC, HELD_OUT = "traffic", "held out"
ORIGINAL = "original query"
HYBRID = "hybrid (RRF)"
HYBRID_MEMORY = "hybrid (RRF) with our memory"
COLD = "LTR&R, cold start"
LEARNED = "LTR&R, learned"


@dataclass(frozen=True, slots=True)
class Asked:
    """One system's answer to one query."""

    documents: tuple[str, ...]
    took_ms: float
    candidates: int
    """Candidates drawn: the sum of the depths that were asked."""
    query_id: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A system on one part of the queries: means over queries, the median of the latency."""

    system: str
    part: str
    queries: int
    ndcg: float
    mrr: float
    judged: float
    candidates: float
    latency_ms: float


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean nDCG@10 of the learned system less that of `beside`, with a paired bootstrap interval over queries."""

    beside: str
    part: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Step:
    """One batch of traffic and the release that served it (0: before anything was learned)."""

    number: int
    searches: int
    ndcg: float
    """Judges' nDCG@10 of the pages shown."""
    clicked: float
    """Share of searches with a click."""
    candidates: float
    shares: Mapping[str, Mapping[str, float]]
    """kind of query -> strategy -> its share of the candidates drawn."""


@dataclass(frozen=True, slots=True)
class Listed:
    id: str
    title: str
    grade: int | None
    """The judges' grade; None where nobody rated it."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A plan of one search: what was drawn, how likely, and what came of it."""

    plan: str
    pmf: tuple[tuple[int, float], ...]
    """(depth, probability) over the ladder."""
    depth: int
    found: int
    outcome: str
    facts: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Example:
    query: str
    part: str
    before: tuple[Listed, ...]
    after: tuple[Listed, ...]
    ndcg: tuple[float, float]
    drawn: tuple[Drawn, ...]
    context: tuple[tuple[str, float], ...]
    remembered: tuple[tuple[str, float], ...]
    """(remembered query, similarity), nearest first."""


@dataclass(frozen=True, slots=True)
class Result:
    rows: tuple[Row, ...]
    differences: tuple[Difference, ...]
    steps: tuple[Step, ...]
    examples: tuple[Example, ...]
    environment: Mapping[str, str]
    timings_s: Mapping[str, float] = field(default_factory=dict)
    """How long each stage of the run took."""

    def row(self, system: str, part: str) -> Row | None:
        return next((r for r in self.rows if (r.system, r.part) == (system, part)), None)
