"""The extension points: small doors. Somebody else's part plugs in by an entry point (see docs/extending.md).

Strategies, policies, rankers and fusions are pure and synchronous; only an encoder may take its time, and it is
called off the event loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from ltrr_opensearch.types import (
    AnalyzedQuery,
    Candidate,
    Doubles,
    Matrix,
    PlanResult,
    QueryPlan,
    Slot,
    SparseVector,
    Vector,
)


class Strategy(Protocol):
    """Proposes plans for a query, or none. Pure: no network, no clock, no chance."""

    name: str

    def plan(self, query: AnalyzedQuery) -> Sequence[QueryPlan]: ...


class Policy(Protocol):
    """Says only with which probability each depth of the slot's ladder should be drawn.

    The tuple is as long as `slot.ladder`, not negative, with a positive sum over the feasible depths; masking,
    renormalising, the exploration floor and the drawing itself belong to `choose.draw`.
    """

    name: str

    def pmf(self, slot: Slot) -> tuple[float, ...]: ...


@runtime_checkable
class Valued(Protocol):
    """A policy that also says what it expects each rung to earn, so that exploring can be kept within a loss."""

    def values(self, slot: Slot) -> tuple[float, ...] | None:
        """One number a rung, in units of reward; None where it cannot say."""
        ...


class Fusion(Protocol):
    """Merges the plans' hits into one list, best first, each candidate remembering who found it."""

    def fuse(self, results: Sequence[PlanResult]) -> list[Candidate]: ...


class Ranker(Protocol):
    """Scores candidates, higher is better. `features` names the columns of the matrix, NaN where unknown."""

    name: str
    features: tuple[str, ...]

    def score(self, rows: Matrix) -> Matrix: ...


@runtime_checkable
class Attributing(Protocol):
    """A ranker that also says how much each feature moved a score, so that an order can be explained."""

    def contributions(self, rows: Matrix, beside: Matrix) -> Doubles:
        """A row each, a column a feature: together the row's score less the mean score of the rows `beside`."""
        ...


class Encoder(Protocol):
    """Texts to unit-length vectors of `dimension` floats, one row each. `digest` names the weights."""

    dimension: int
    digest: str

    def encode(self, texts: Sequence[str]) -> Vector: ...


class SparseEncoder(Protocol):
    """Texts to learned sparse vectors, one each. `digest` names the weights of both sides."""

    digest: str

    def encode(self, texts: Sequence[str]) -> list[SparseVector]:
        """Queries, with the terms that weigh most."""
        ...

    def encode_documents(self, texts: Sequence[str]) -> list[SparseVector]: ...
