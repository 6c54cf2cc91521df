"""The query as encoders see it, for the plans that were drawn: both at once, each within the deadline.

What is late or failed is None, and the plans that wanted it have nothing to ask.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol, TypeVar

from ltrr_opensearch.behind import Observer
from ltrr_opensearch.ordering import timed
from ltrr_opensearch.types import Draw, Encoded, QueryPlan, SparseVector, Vector, VectorUse

E = TypeVar("E")
E_co = TypeVar("E_co", covariant=True)


class TextEncoder(Protocol[E_co]):
    """Encodes a query off the event loop, and keeps what it knows."""

    async def encode(self, text: str) -> E_co: ...

    def at_hand(self, text: str) -> E_co | None: ...


class Encoding:
    def __init__(
        self,
        dense: TextEncoder[Vector] | None,
        sparse: TextEncoder[SparseVector] | None,
        observer: Observer,
        deadline_ms: float,
    ) -> None:
        self._dense = dense
        self._sparse = sparse
        self._observer = observer
        self._deadline_s = deadline_ms / 1000

    async def of(self, text: str, plans: Sequence[QueryPlan], draw: Draw) -> Encoded:
        """An embedding that is at hand is given to whoever can use it; else it is made only for who needs it."""
        drawn = [plan for plan in plans if draw.depth(plan.name)]
        dense = self._dense.at_hand(text) if self._dense else None
        sparse = self._sparse.at_hand(text) if self._sparse else None
        lacks_dense = dense is None and any(plan.vector is VectorUse.NEEDED for plan in drawn)
        lacks_sparse = sparse is None and any(plan.sparse for plan in drawn)
        if self._dense and lacks_dense and self._sparse and lacks_sparse:
            return Encoded(*await asyncio.gather(self._made(self._dense, text), self._made(self._sparse, text)))
        if self._dense and lacks_dense:
            dense = await self._made(self._dense, text)
        if self._sparse and lacks_sparse:
            sparse = await self._made(self._sparse, text)
        return Encoded(dense, sparse)

    async def _made(self, encoder: TextEncoder[E], text: str) -> E | None:
        try:
            with timed(self._observer, "encode"):
                return await asyncio.wait_for(encoder.encode(text), self._deadline_s)
        except TimeoutError:
            self._observer.fallback("encode_late")
        except Exception:  # without an encoding the other plans still answer
            self._observer.fallback("encode")
        return None
