"""Embeddings of queries while serving: off the event loop, concurrent ones together, the last ones kept."""

from __future__ import annotations

from ltrr_opensearch.protocols import Encoder
from ltrr_opensearch.types import Vector
from ltrr_opensearch.understand.batched import Batched


class QueryEncoder(Batched[str, Vector]):
    """Wraps an `Encoder`. `cache_texts` embeddings are kept."""

    def __init__(self, encoder: Encoder, cache_texts: int) -> None:
        super().__init__(encoder.encode, cache_texts, "encoder")

    async def encode(self, text: str) -> Vector:
        """The embedding, at once or after at most two batches."""
        return await self.get(text)
