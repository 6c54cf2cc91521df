"""Encodings of queries while serving: off the event loop, concurrent ones together, the last ones kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from ltrr_opensearch.understand.batched import Batched

V = TypeVar("V")
V_co = TypeVar("V_co", covariant=True)


class Encodes(Protocol[V_co]):
    """An `Encoder` or a `SparseEncoder`."""

    def encode(self, texts: Sequence[str]) -> Iterable[V_co]: ...


class QueryEncoder(Batched[str, V]):
    """`cache_texts` encodings are kept."""

    def __init__(self, encoder: Encodes[V], cache_texts: int) -> None:
        super().__init__(encoder.encode, cache_texts, "encoder")

    async def encode(self, text: str) -> V:
        """At once or after at most two batches."""
        return await self.get(text)
