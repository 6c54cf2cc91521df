"""Encoding a query: what drawn plans want, at once, within the deadline."""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

import numpy as np

from ltrr_opensearch.encoding import Encoding
from ltrr_opensearch.types import Draw, Encoded, QueryPlan, Slot, SlotDraw, SparseVector, Vector, VectorUse
from tests.engine.worlds import Counts

E = TypeVar("E")
VECTOR = np.array([1.0, 0.0], dtype=np.float32)
TERMS = {"7": 1.5}
PLANS = [
    QueryPlan("knn", "knn", "dense", lambda _depth, _encoded: None, VectorUse.NEEDED),
    QueryPlan("q2e", "q2e", "memory", lambda _depth, _encoded: None, VectorUse.IF_AT_HAND),
    QueryPlan("sparse", "sparse", "sparse", lambda _depth, _encoded: None, sparse=True),
]


class Encoder(Generic[E]):
    def __init__(self, made: E, *, known: bool = False, gate: asyncio.Event | asyncio.Barrier | None = None) -> None:
        self.made, self.known, self.gate = made, known, gate
        self.asked = 0

    async def encode(self, _text: str) -> E:
        self.asked += 1
        if self.gate:
            await self.gate.wait()
        return self.made

    def at_hand(self, _text: str) -> E | None:
        return self.made if self.known else None


class Broken(Encoder[E]):
    async def encode(self, _text: str) -> E:
        raise RuntimeError("no weights")


def drawn(**depths: int) -> Draw:
    slots = (
        SlotDraw(Slot(p.name, p.strategy, p.source, n, {}, {}, (), (0, 10), (True, True)), (0.5, 0.5), depth, 0.5)
        for n, p in enumerate(PLANS)
        for depth in [depths.get(p.name, 0)]
    )
    return Draw("uniform", tuple(slots))


async def encoded(
    dense: Encoder[Vector] | None, sparse: Encoder[SparseVector] | None, draw: Draw, deadline_ms: float = 5000
) -> tuple[Encoded, list[str]]:
    counts = Counts()
    found = await Encoding(dense, sparse, counts, deadline_ms).of("red shoe", PLANS, draw)
    return found, counts.reasons


async def test_only_what_a_drawn_plan_needs_is_made() -> None:
    dense, sparse = Encoder[Vector](VECTOR), Encoder[SparseVector](TERMS)
    assert await encoded(dense, sparse, drawn(q2e=10)) == (Encoded(), [])
    assert await encoded(dense, sparse, drawn(knn=10)) == (Encoded(VECTOR), [])
    assert await encoded(dense, sparse, drawn(sparse=10)) == (Encoded(None, TERMS), [])
    assert (dense.asked, sparse.asked) == (1, 1)
    assert await encoded(None, None, drawn(knn=10, sparse=10)) == (Encoded(), [])


async def test_what_is_at_hand_is_given_to_whoever_can_use_it() -> None:
    dense, sparse = Encoder[Vector](VECTOR, known=True), Encoder[SparseVector](TERMS, known=True)
    assert await encoded(dense, sparse, drawn()) == (Encoded(VECTOR, TERMS), [])
    assert (dense.asked, sparse.asked) == (0, 0)


async def test_both_are_made_at_the_same_time() -> None:
    both = asyncio.Barrier(2)
    dense, sparse = Encoder[Vector](VECTOR, gate=both), Encoder[SparseVector](TERMS, gate=both)
    assert await encoded(dense, sparse, drawn(knn=10, sparse=10)) == (Encoded(VECTOR, TERMS), [])


async def test_one_that_is_late_or_broken_takes_nothing_from_the_other() -> None:
    late = Encoder[Vector](VECTOR, gate=asyncio.Event())
    draw = drawn(knn=10, sparse=10)
    assert await encoded(late, Encoder[SparseVector](TERMS), draw, 20) == (Encoded(None, TERMS), ["encode_late"])
    assert await encoded(Encoder[Vector](VECTOR), Broken[SparseVector](TERMS), draw) == (Encoded(VECTOR), ["encode"])
